"""The skin's colour, gloss and relief, composed layer by layer in the head's texture."""

from typing import NamedTuple

import numpy as np
from numpy.random import Generator

from pix2vertex_blender.reconstruction.texture.skin_tone import TONES

from ...arrays import Floats
from ...compilation import kernel
from ...data.noise import NoiseBank, noise_bank
from ..colours import sample_brow_colour
from ..drawing import blur, draw_lines, fill_circle
from ..hair.facial_hair import Beard, draw_brows, lip_mask, sample_beard
from ..surface import TEXTURE_SIZE, HeadSurface, texture_grid
from .wrinkles import sample_relief


class Skin(NamedTuple):
    """The head's texture and what the shader needs besides.

    Attributes
    ----------
    albedo : (TEXTURE_SIZE, TEXTURE_SIZE, 3) float32
        Linear RGB.
    gloss : (TEXTURE_SIZE, TEXTURE_SIZE) float32
        Strength of the highlight.
    height : (TEXTURE_SIZE, TEXTURE_SIZE) float32
        Relief in millimetres.
    tone : (3,) float32
        The skin's colour without any layer.
    sharpness : float
        Exponent of the highlight.
    softness : float
        How far light wraps around into the shade, as it does in translucent skin.
    mouth_openness : float
        Light in the mouth, factor.
    tooth_yellowness : float
        In [0, 1].
    """

    albedo: Floats
    gloss: Floats
    height: Floats
    tone: Floats
    sharpness: float
    softness: float
    mouth_openness: float
    tooth_yellowness: float


def sample_skin(
    surface: HeadSurface, expression: dict[str, float], hair_colour: Floats, generator: Generator
) -> tuple[Skin, Beard | None]:
    """Draw the skin of a head with its brows and, on some, a beard, which is returned too."""
    bank = noise_bank()
    tone = _sample_tone(generator)
    blotches = bank.blotches[generator.integers(len(bank.blotches))] - 0.5
    pores = bank.pores[generator.integers(len(bank.pores))] - 0.5
    brightness = 1 + generator.uniform(0, 0.28) * blotches + generator.uniform(0, 0.12) * pores
    height, folds = sample_relief(surface.landmarks, expression, bank, generator)
    brightness *= 1 - generator.uniform(0.1, 0.4) * folds
    albedo = np.stack([brightness * channel for channel in tone], -1).astype(np.float32)
    _add_redness(albedo, surface.landmarks, generator)
    _add_marks(albedo, tone, bank, generator)
    made_up = generator.random() < 0.4
    if made_up:
        _add_eye_make_up(albedo, surface.landmarks, tone, generator)
    elif generator.random() < 0.85:
        lid_line = _lid_lines(surface.landmarks, generator)
        _blend(albedo, lid_line, generator.uniform(0.3, 0.9), 0.2 * tone)
    lips = lip_mask(surface.landmarks, generator.uniform(1.0, 3.0))
    _blend(albedo, lips, generator.uniform(0.25, 0.9), _lip_colour(tone, made_up, generator))
    beard = sample_beard(surface.landmarks, bank, generator) if not made_up and generator.random() < 0.45 else None
    beard_cover = np.zeros_like(lips)
    if beard is not None:
        _blend(albedo, beard.region, beard.opacity, hair_colour * generator.uniform(0.5, 1.1))
        beard_cover = 0.7 * beard.opacity * beard.region
    brow_colour = sample_brow_colour(hair_colour, generator)
    brows = draw_brows(surface.landmarks, generator)
    _blend(albedo, brows, generator.uniform(0.3, 1.0) ** 0.6, brow_colour)
    height += generator.uniform(0, 0.5) * brows
    gloss_level = generator.choice([0.0, generator.uniform(0, 0.4), generator.uniform(0.2, 1.0)], p=[0.2, 0.55, 0.25])
    gloss = gloss_level * (0.7 + 0.8 * pores + 0.4 * blotches) * (1 - beard_cover)
    gloss += lips * generator.uniform(0, 0.5)
    skin = Skin(
        albedo,
        np.clip(gloss, 0, None).astype(np.float32),
        height.astype(np.float32),
        tone,
        float(generator.uniform(5, 40)),
        float(generator.uniform(0.05, 0.5)),
        float(generator.uniform(0.35, 0.95)),
        float(generator.uniform(0, 1)),
    )
    return skin, beard


def _sample_tone(generator: Generator) -> Floats:
    position = generator.uniform(0, len(TONES) - 1)
    below = min(int(position), len(TONES) - 2)
    tone = TONES[below] + (position - below) * (TONES[below + 1] - TONES[below])
    return (tone * np.exp(generator.normal(0, 0.06, 3))).astype(np.float32)


@kernel
def _blend(albedo: Floats, cover: Floats, opacity: float, colour: Floats) -> None:
    """Lay a colour over the texture."""
    for row in range(albedo.shape[0]):
        for column in range(albedo.shape[1]):
            share = cover[row, column] * opacity
            if share > 0:
                for k in range(3):
                    albedo[row, column, k] += share * (colour[k] - albedo[row, column, k])


@kernel
def _tint(albedo: Floats, cover: Floats, factors: Floats) -> None:
    """Multiply the texture by 1 + cover * factors."""
    for row in range(albedo.shape[0]):
        for column in range(albedo.shape[1]):
            for k in range(3):
                albedo[row, column, k] *= 1 + cover[row, column] * factors[k]


def _bump(centre: Floats, radii: tuple[float, float]) -> Floats:
    """A Gaussian in the texture with its standard widths in texels along columns and rows, divided by the root of 2."""
    texels = np.arange(TEXTURE_SIZE, dtype=np.float32)
    across = np.exp(-(((texels - centre[0]) / radii[0]) ** 2))
    down = np.exp(-(((texels - centre[1]) / radii[1]) ** 2))
    return (down[:, None] * across).astype(np.float32)


def _add_redness(albedo: Floats, landmarks: Floats, generator: Generator) -> None:
    """Red cheeks, nose and ears; dark or light rings around the eyes."""
    nose = landmarks[30]
    flush = 0.8 * _bump(nose, (18, 24))
    for side in (-1, 1):
        flush = np.maximum(flush, _bump(nose + np.array([side * 68, -2]), (42, 40)))
    angle, _ = texture_grid()
    flush = np.maximum(flush, 0.8 * np.clip((np.abs(angle)[None] - 1.3) / 0.3, 0, 1))
    amount = generator.uniform(0, 0.6)
    _tint(albedo, flush, amount * np.array([0.2, -0.35, -0.35]))
    left, right = (_bump(landmarks[first : first + 6].mean(0) + np.array([0, 6]), (30, 24)) for first in (36, 42))
    rings = left + right
    _tint(albedo, rings, -generator.uniform(-0.1, 0.45) * np.array([0.6, 0.8, 0.7]))


def _add_marks(albedo: Floats, tone: Floats, bank: NoiseBank, generator: Generator) -> None:
    """Freckles on some and a few moles on most."""
    marks = np.zeros((TEXTURE_SIZE, TEXTURE_SIZE), np.float32)
    for _ in range(generator.integers(0, 10)):
        column, row = generator.integers(60, 450, 2)
        fill_circle(marks, (int(column), int(row)), int(generator.integers(1, 3)), generator.uniform(0.4, 1.0))
    marks = blur(marks, 0.8)
    freckled = generator.random() < 0.12
    freckles = bank.specks[generator.integers(len(bank.specks))]
    marks = np.maximum(marks, freckles * (generator.uniform(0.1, 0.6) if freckled else generator.uniform(0, 0.15)))
    _blend(albedo, marks, 1.0, (tone * np.array([0.6, 0.4, 0.3])).astype(np.float32))


def _lip_colour(tone: Floats, painted: bool, generator: Generator) -> Floats:
    natural = tone * np.array([0.95, 0.55, 0.6]) * generator.uniform(0.5, 1.1)
    if painted and generator.random() < 0.6:
        return generator.uniform([0.25, 0.03, 0.05], [0.7, 0.2, 0.25]).astype(np.float32)
    return natural.astype(np.float32)


def _lid_lines(landmarks: Floats, generator: Generator) -> Floats:
    """A line along the upper lids, and often a fainter one along the lower."""
    image = np.zeros((TEXTURE_SIZE, TEXTURE_SIZE), np.float32)
    lower = generator.uniform(0, 0.8)
    for first in (36, 42):
        upper_line, lower_line = (
            landmarks[[first, first + 1, first + 2, first + 3]],
            landmarks[[first + 3, first + 4, first + 5, first]],
        )
        width = int(generator.integers(1, 3))
        draw_lines(image, lower_line[None], lower)
        draw_lines(image, upper_line[None], 1.0, width)
    return blur(image, 0.8)


def _add_eye_make_up(albedo: Floats, landmarks: Floats, tone: Floats, generator: Generator) -> None:
    """Shadow on the lids, lines along them, rouge."""
    colour = generator.uniform(0.02, 0.4, 3) if generator.random() < 0.5 else tone * generator.uniform(0.2, 0.6)
    shadow = np.zeros((TEXTURE_SIZE, TEXTURE_SIZE), np.float32)
    radii, lift = (generator.uniform(16, 26), generator.uniform(7, 12)), generator.uniform(0, 8)
    for part in (slice(36, 42), slice(42, 48)):
        shadow = np.maximum(shadow, _bump(landmarks[part].mean(0) - [0, lift], radii))
    _blend(albedo, shadow, generator.uniform(0.1, 0.8), colour.astype(np.float32))
    _blend(albedo, _lid_lines(landmarks, generator), generator.uniform(0.4, 1.0), (0.12 * tone).astype(np.float32))
    if generator.random() < 0.4:
        left, right = (_bump(landmarks[30] + np.array([side * 75, -10]), (30, 22)) for side in (-1, 1))
        _blend(albedo, left + right, generator.uniform(0.1, 0.5), np.array([0.6, 0.15, 0.15], np.float32))
