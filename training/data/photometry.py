"""What cameras, developers and file formats do to a picture."""

import cv2
import numpy as np
from numpy.random import Generator

from ..arrays import Bytes, Floats

LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
SEPIA = np.array([1.0, 0.85, 0.65], np.float32)


def degrade(picture: Floats, generator: Generator) -> Bytes:
    """Tone, colour, sharpness, noise and compression of random cameras for a picture (R, R, 3) in 0 ... 255."""
    picture = np.clip(picture, 0, 255).astype(np.float32) / 255
    picture = _change_tones(picture, generator)
    picture = _change_colours(picture, generator)
    if generator.random() < 0.15:
        picture = picture * _uneven_light(len(picture), generator)
    picture = _soften(np.clip(picture, 0, 1), generator)
    if generator.random() < 0.35:
        picture = picture + _noise(len(picture), generator)
    encoded = np.round(255 * np.clip(picture, 0, 1)).astype(np.uint8)
    if generator.random() < 0.4:
        encoded = _compress(encoded, int(generator.uniform(15, 90)))
    return encoded


def develop(picture: Floats, generator: Generator) -> Bytes:
    """What an ordinary camera makes of a picture (R, R, 3) in 0 ... 255: a good photo, as most portraits are."""
    picture = np.clip(picture, 0, 255).astype(np.float32) / 255
    picture = picture ** np.float32(np.exp(generator.normal(0, 0.12)))
    picture = picture * np.exp(generator.normal(0, 0.04, 3)).astype(np.float32)
    if generator.random() < 0.5:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), generator.uniform(0.3, 0.8)), np.float32)
    picture = picture + np.float32(generator.uniform(0, 0.01)) * generator.standard_normal(picture.shape, np.float32)
    encoded = np.round(255 * np.clip(picture, 0, 1)).astype(np.uint8)
    return _compress(encoded, int(generator.uniform(70, 95))) if generator.random() < 0.5 else encoded


def _change_tones(picture: Floats, generator: Generator) -> Floats:
    """Gamma, contrast, brightness, clipped highlights."""
    if generator.random() < 0.7:
        picture = picture ** np.float32(np.exp(generator.normal(0, 0.25)))
    if generator.random() < 0.6:
        mean = picture.mean()
        contrast, brightness = np.exp(generator.normal(0.08, 0.22)), np.exp(generator.normal(0, 0.15))
        picture = (picture - mean) * np.float32(contrast) + mean * np.float32(brightness)
    if generator.random() < 0.06 and picture.mean() < 0.5:
        picture = picture * np.float32(generator.uniform(1.2, 1.8))
    return np.clip(picture, 0, None)


def _change_colours(picture: Floats, generator: Generator) -> Floats:
    """White balance, cross-processing, saturation, grey and sepia."""
    if generator.random() < 0.4:
        picture = picture * np.exp(generator.normal(0, 0.08, 3)).astype(np.float32)
    if generator.random() < 0.06:
        low, high = generator.uniform(0, 0.15, 3), generator.uniform(0.85, 1, 3)
        curves = np.exp(generator.normal(0, 0.25, 3))
        picture = (low + (high - low) * np.clip(picture, 0, 1) ** curves).astype(np.float32)
    kind = generator.random()
    if kind < 0.18:
        grey = np.repeat((picture @ LUMINANCE)[..., None], 3, axis=2)
        return grey * SEPIA if generator.random() < 0.25 else grey
    if kind < 0.4:
        grey = (picture @ LUMINANCE)[..., None]
        return grey + (picture - grey) * np.float32(generator.uniform(0.2, 1.5))
    return picture


def _uneven_light(resolution: int, generator: Generator) -> Floats:
    """A ramp, and on some a vignette, (R, R, 1)."""
    ramp = np.linspace(-1, 1, resolution, dtype=np.float32)
    slope_x, slope_y = generator.normal(0, 0.4, 2)
    exponent = slope_x * ramp[None] + slope_y * ramp[:, None]
    if generator.random() < 0.3:
        exponent = exponent - generator.uniform(0.1, 0.6) * (ramp[None] ** 2 + ramp[:, None] ** 2)
    return np.exp(exponent)[..., None].astype(np.float32)


def _soften(picture: Floats, generator: Generator) -> Floats:
    """Low resolution, lack of focus or motion; else over-sharpened at times."""
    resolution = len(picture)
    kind = generator.random()
    if kind < 0.42:
        factor = min(generator.uniform(0.18, 0.8) * (256 / resolution) ** 0.5, 1.0)
        side = max(20, int(resolution * factor))
        small = cv2.resize(picture, (side, side), interpolation=cv2.INTER_AREA)
        enlarge = (cv2.INTER_LINEAR, cv2.INTER_CUBIC, cv2.INTER_NEAREST)[generator.choice(3, p=(0.5, 0.45, 0.05))]
        return np.asarray(cv2.resize(small, (resolution, resolution), interpolation=enlarge), np.float32)
    if kind < 0.60:
        deviation = generator.uniform(0.4, 2.2) * resolution / 256
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), deviation), np.float32)
    if kind < 0.65:
        return _smear(picture, generator)
    if kind < 0.72:
        blurred = cv2.GaussianBlur(picture, (0, 0), generator.uniform(0.6, 1.5))
        return np.clip(picture + generator.uniform(0.3, 1.2) * (picture - blurred), 0, 1).astype(np.float32)
    return picture


def _smear(picture: Floats, generator: Generator) -> Floats:
    """Motion along a line."""
    length = max(3, int(generator.uniform(0.02, 0.06) * len(picture)) | 1)
    line = np.zeros((length, length), np.float32)
    angle = generator.uniform(0, np.pi)
    reach = (length // 2) * np.array([np.cos(angle), np.sin(angle)])
    start, end = length // 2 - reach, length // 2 + reach
    cv2.line(line, (round(start[0]), round(start[1])), (round(end[0]), round(end[1])), (1.0,))
    return np.asarray(cv2.filter2D(picture, -1, line / line.sum(), borderType=cv2.BORDER_REFLECT), np.float32)


def _noise(resolution: int, generator: Generator) -> Floats:
    """Coloured or grey, fine or of a few pixels' size, (R, R, 3) or (R, R, 1)."""
    channels = 3 if generator.random() < 0.6 else 1
    noise = generator.standard_normal((resolution, resolution, channels), np.float32)
    if generator.random() < 0.5:
        noise = 2 * cv2.GaussianBlur(noise, (0, 0), 0.8).reshape(noise.shape)
    return noise * np.float32(generator.gamma(1.2, 0.018))


def _compress(encoded: Bytes, quality: int) -> Bytes:
    """Through JPEG and back."""
    _, data = cv2.imencode(".jpg", encoded, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)
