"""Procedural pictures to put behind the faces: shapes, textures, rooms, foliage, lights, skin-like areas."""

from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator

from pix2vertex_blender.files import replacing

from ..arrays import Bytes, Floats
from .noise import fractal_noise

COUNT, SIZE, SEED = 320, 320, 11
FINEST = 128
# sRGB values between which skin-like colours lie.
SKIN_LIGHT, SKIN_DARK = np.array([236.0, 200.0, 176.0]), np.array([84.0, 56.0, 44.0])


def background_bank(path: Path | None = None, count: int = COUNT, size: int = SIZE) -> Bytes:
    """Always the same pictures (count, size, size, 3); with a path they are kept there and mapped into memory."""
    if path is not None and path.exists():
        stored: Bytes = np.load(path, mmap_mode="r")
        if stored.shape == (count, size, size, 3):
            return stored
    pictures = np.stack([make_background(np.random.default_rng([SEED, i]), size) for i in range(count)])
    if path is None:
        return pictures
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial, partial.open("wb") as file:
        np.save(file, pictures)
    mapped: Bytes = np.load(path, mmap_mode="r")
    return mapped


def make_background(generator: Generator, size: int) -> Bytes:
    """Draw one picture (size, size, 3) in sRGB."""
    kinds = (_plain, _shapes, _shapes, _shapes, _foliage, _room, _lights, _skin_like)
    picture = kinds[generator.integers(len(kinds))](generator, size)
    ramp = np.linspace(-1, 1, size)
    slope_x, slope_y = generator.normal(0, 0.25, 2)
    picture = picture * np.exp(slope_x * ramp[None, :, None] + slope_y * ramp[:, None, None])
    if generator.random() < 0.6:
        picture = cv2.GaussianBlur(picture, (0, 0), float(generator.choice([0.7, 1.5, 3, 8])))
    return np.clip(picture, 0, 255).astype(np.uint8)


def _texture(generator: Generator, size: int) -> Floats:
    """Noise (size, size, 1) of a random fineness."""
    finest = int(generator.choice([4, 32, FINEST]))
    return fractal_noise(generator, size, 2, finest, generator.uniform(0.4, 0.8))[..., None]


def _plain(generator: Generator, size: int) -> Floats:
    return _colours(generator, 1)[0] + generator.uniform(5, 60) * _texture(generator, size)


def _palette(generator: Generator) -> Floats:
    if generator.random() < 0.4:
        return np.repeat(generator.uniform(0, 255, (8, 1)), 3, axis=1)
    return _colours(generator, int(generator.integers(2, 9)))


def _colours(generator: Generator, count: int) -> Floats:
    """Colours (count, 3), more often dull than saturated."""
    grey = generator.uniform(0, 255, (count, 1))
    return grey + generator.beta(1, 1.5) * (generator.uniform(0, 255, (count, 3)) - grey)


def _shapes(generator: Generator, size: int, palette: Floats | None = None) -> Floats:
    """Discs, ellipses, bars and polygons of all sizes, the later over the earlier (dead leaves)."""
    palette = _palette(generator) if palette is None else palette
    picture = np.ones((size, size, 3), np.float32) * _colours(generator, 1)[0].astype(np.float32)
    radii = np.sort(8 + 6 * generator.pareto(1.6, int(generator.integers(60, 600))))[::-1]
    for radius in np.minimum(radii, 130.0):
        colour = palette[generator.integers(len(palette))] * generator.uniform(0.6, 1.3) + generator.normal(0, 8, 3)
        _draw_shape(picture, generator.uniform(0, size, 2), float(radius), colour, generator)
    grain = fractal_noise(generator, size, 4, FINEST, generator.uniform(0.5, 0.9))[..., None]
    return picture * np.exp(generator.uniform(0, 0.25) * grain)


def _draw_shape(picture: Floats, place: Floats, radius: float, colour: Floats, generator: Generator) -> None:
    kind = generator.integers(4)
    fill = tuple(float(value) for value in colour)
    x, y = (int(value) for value in place)
    if kind == 0:
        cv2.circle(picture, (x, y), int(radius), fill, -1, cv2.LINE_AA)
    elif kind == 1:
        axes = (int(min(2 * radius, 200)), int(max(2, 0.5 * radius)))
        cv2.ellipse(picture, (x, y), axes, generator.uniform(0, 180), 0, 360, fill, -1, cv2.LINE_AA)
    elif kind == 2:
        angle = generator.uniform(0, 180) if generator.random() < 0.5 else 0.0
        corners = cv2.boxPoints(((x, y), (min(radius * generator.uniform(1, 4), 250), radius), angle))
        cv2.fillPoly(picture, [corners.astype(np.int32)], fill, cv2.LINE_AA)
    else:
        corners = place + generator.normal(0, radius, (int(generator.integers(3, 7)), 2))
        cv2.fillPoly(picture, [corners.astype(np.int32)], fill, cv2.LINE_AA)


def _foliage(generator: Generator, size: int) -> Floats:
    """Small leaves in front of light and dark."""
    greens = generator.uniform([20, 40, 10], [140, 160, 90], (6, 3))
    picture = np.ones((size, size, 3), np.float32) * generator.uniform(20, 220)
    for _ in range(int(generator.integers(300, 900))):
        x, y = (int(value) for value in generator.uniform(0, size, 2))
        axes = (int(generator.uniform(3, 16)), int(generator.uniform(2, 6)))
        colour = tuple(float(value) for value in greens[generator.integers(6)] * generator.uniform(0.4, 1.3))
        cv2.ellipse(picture, (x, y), axes, generator.uniform(0, 180), 0, 360, colour, -1, cv2.LINE_AA)
    return picture


def _room(generator: Generator, size: int) -> Floats:
    """Upright and level edges: shelves, windows, doors, bricks."""
    palette = _palette(generator)
    picture = np.ones((size, size, 3), np.float32) * palette[0].astype(np.float32)
    for _ in range(int(generator.integers(10, 120))):
        low = generator.uniform(-20, size, 2).astype(int)
        high = low + generator.pareto(1.2, 2).clip(0.2, 12) * 15
        colour = tuple(
            float(value) for value in palette[generator.integers(len(palette))] * generator.uniform(0.5, 1.4)
        )
        corner = (int(high[0]), int(high[1]))
        cv2.rectangle(picture, (int(low[0]), int(low[1])), corner, colour, -1 if generator.random() < 0.7 else 2)
    turn = cv2.getRotationMatrix2D((size / 2, size / 2), generator.normal(0, 4), 1.1)
    picture = cv2.warpAffine(picture, turn, (size, size), borderMode=cv2.BORDER_REFLECT)
    return picture * (1 + 0.1 * _texture(generator, size))


def _lights(generator: Generator, size: int) -> Floats:
    """Discs of light out of focus in the dark."""
    picture = np.ones((size, size, 3), np.float32) * generator.uniform(0, 60, 3).astype(np.float32)
    for _ in range(int(generator.integers(10, 60))):
        x, y = (int(value) for value in generator.uniform(0, size, 2))
        disc = np.zeros_like(picture)
        colour = tuple(float(value) for value in 0.7 * _colours(generator, 1)[0])
        cv2.circle(disc, (x, y), int(generator.uniform(4, 30)), colour, -1, cv2.LINE_AA)
        picture += disc
    return picture


def _skin_like(generator: Generator, size: int) -> Floats:
    """Bare shoulders, hands, wood and walls in the colours of skin, smooth and with few edges."""
    palette = SKIN_DARK + generator.uniform(0, 1, (5, 1)) * (SKIN_LIGHT - SKIN_DARK) + generator.normal(0, 10, (5, 3))
    if generator.random() < 0.5:
        return _shapes(generator, size, palette)
    return palette[0] * (1 + generator.uniform(0.05, 0.3) * _texture(generator, size))
