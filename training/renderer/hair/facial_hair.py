"""Eyebrows and the stubble or the root region of a beard, drawn into the head's texture."""

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from ...arrays import Floats
from ...data.noise import NoiseBank
from ..drawing import blur, draw_lines, fill_polygon
from ..surface import TEXTURE_SIZE, texture_grid

# The hair grows on the ridge of the brow, which on the mean head is about 4 mm below the model's brow landmarks.
BROW_BELOW_LANDMARKS = 8.0
# Little: where the brow grows is where the network shall find the brow of the template.
BROW_DEVIATION = 1.5


@dataclass(frozen=True)
class Beard:
    """Where and how a beard grows.

    Attributes
    ----------
    region : (TEXTURE_SIZE, TEXTURE_SIZE) float32
        Density in [0, 1].
    opacity : float
        Of the stubble in the skin's texture.
    length : float
        Of the hair that stands off, in millimetres; 0 for stubble.
    """

    region: Floats
    opacity: float
    length: float


def draw_brows(landmarks: Floats, generator: Generator) -> Floats:
    """Draw both eyebrows hair by hair, (TEXTURE_SIZE, TEXTURE_SIZE) float32 in [0, 1]."""
    image = np.zeros((TEXTURE_SIZE, TEXTURE_SIZE), np.float32)
    thickness, length = generator.uniform(0.5, 1.7), generator.uniform(5, 12)
    shift, arch = BROW_BELOW_LANDMARKS + generator.normal(0, BROW_DEVIATION), generator.normal(1, 3)
    count = int(generator.uniform(150, 800))
    for outer_to_inner, side in ((landmarks[17:22], 1), (landmarks[26:21:-1], -1)):
        along = generator.uniform(0, 1, count)
        base = np.stack([np.interp(4 * along, np.arange(5), outer_to_inner[:, k]) for k in range(2)], 1)
        half_width = thickness * (2.5 + 5 * along) * np.where(along > 0.15, 1, 0.5)
        base[:, 0] += generator.normal(0, 1.5, count)
        base[:, 1] += shift - arch * np.sin(np.pi * along) + half_width * generator.uniform(-1, 1, count)
        lean = np.stack([-side * (1 - 0.7 * along), np.where(along < 0.4, 0.5, -0.3 - 0.9 * along**2)], 1)
        tips = base + lean * (length * generator.uniform(0.4, 1, (count, 1)))
        hairs = np.stack([base, tips], 1)
        for strength, some in zip((1.0, 0.75, 0.5), np.array_split(hairs, 3), strict=True):
            layer = np.zeros_like(image)
            draw_lines(layer, some, strength)
            np.maximum(image, layer, out=image)
    return blur(image, generator.uniform(0.5, 1.8))


def sample_beard(landmarks: Floats, bank: NoiseBank, generator: Generator) -> Beard:
    """Draw a beard: full, moustache, goatee with moustache, chin strap or a thin shadow."""
    angle, height = texture_grid()
    off_middle = np.abs(angle)[None]
    cheek_line = generator.uniform(-32, 15)
    line = (cheek_line + 30) * np.clip((off_middle - 0.4) / 0.9, 0, 1) - 22
    full = _ramp((line - height) / 8) * _ramp((height + 105 + generator.uniform(-10, 15)) / 15)
    moustache_end = 0.30 + generator.uniform(-0.05, 0.1)
    moustache = np.exp(-(((height + 17.5) / 5.5) ** 2)) * _ramp((moustache_end - off_middle) / 0.08)
    goatee = _ramp((0.33 - off_middle) / 0.1) * _ramp((-39 - height) / 6) * _ramp((height + 90) / 10)
    styles = {
        "full": np.maximum(full, moustache),
        "moustache": moustache + 0 * full,
        "goatee": np.maximum(moustache, goatee),
        "strap": full * _ramp(off_middle / 0.3),
        "shadow": 0.5 * np.maximum(full, moustache),
    }
    style = str(generator.choice(list(styles)))
    stubble = bank.stubble[generator.integers(len(bank.stubble))]
    grain = np.clip(generator.uniform(0.35, 0.8) + generator.uniform(0.3, 1.1) * (stubble - 0.5), 0, 1)
    region = styles[style] * (1 - lip_mask(landmarks, 2.0))
    long = style != "shadow" and generator.random() < 0.5
    length = float(np.exp(generator.uniform(np.log(4), np.log(45)))) if long else 0.0
    return Beard((region * grain).astype(np.float32), generator.uniform(0.3, 1.0), length)


def lip_mask(landmarks: Floats, softness: float) -> Floats:
    """The lips, (TEXTURE_SIZE, TEXTURE_SIZE) float32 in [0, 1], with a soft border."""
    image = np.zeros((TEXTURE_SIZE, TEXTURE_SIZE), np.float32)
    fill_polygon(image, landmarks[48:60])
    return blur(image, softness)


def _ramp(values: Floats) -> Floats:
    return np.clip(values, 0, 1)
