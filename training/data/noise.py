"""Fractal noise and the bank of noise images that textures are made of."""

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.random import Generator

from ..arrays import Floats

BANK_SEED = 20240607
BANK_SIZE = 12


def fractal_noise(
    generator: Generator,
    size: int,
    lowest: int,
    highest: int,
    roughness: float,
    stretch: tuple[float, float] = (1.0, 1.0),
) -> Floats:
    """Sum of smooth random fields (size, size) of mean zero.

    Parameters
    ----------
    generator : Generator
    size : int
    lowest, highest : int
        Cells across the image of the coarsest field and at most of the finest; each is twice as fine as the one before.
    roughness : float
        Amplitude of a field over that of the field before it.
    stretch : (float, float)
        Factors on the number of cells along x and y.
    """
    result = np.zeros((size, size), np.float32)
    cells, amplitude = lowest, 1.0
    while cells <= highest:
        rows, columns = max(2, int(cells * stretch[1])), max(2, int(cells * stretch[0]))
        field = generator.standard_normal((rows, columns)).astype(np.float32)
        result += amplitude * cv2.resize(field, (size, size), interpolation=cv2.INTER_CUBIC)
        cells, amplitude = 2 * cells, amplitude * roughness
    return result


def equalise(values: Floats) -> Floats:
    """Replace values, of any shape, by their rank, so that they are spread evenly over [0, 1]."""
    thresholds = np.quantile(values, np.linspace(0, 1, 65))
    return np.interp(values, thresholds, np.linspace(0, 1, 65)).astype(np.float32)


@dataclass(frozen=True)
class NoiseBank:
    """Noise images (BANK_SIZE, size, size) float32 in [0, 1] to choose from.

    Attributes
    ----------
    blotches : smooth and fine together
    pores : fine
    specks : mostly zero
    stubble : fine, a little longer vertically
    strands : long vertical lines, the first half straight and the others curly
    """

    blotches: Floats
    pores: Floats
    specks: Floats
    stubble: Floats
    strands: Floats

    @property
    def size(self) -> int:
        """Width and height of the images."""
        return self.blotches.shape[-1]


@lru_cache(maxsize=2)
def noise_bank(size: int = 512) -> NoiseBank:
    """The bank, always the same."""
    generator = np.random.default_rng(BANK_SEED)

    def images(lowest: int, highest: int, roughness: float, stretch: tuple[float, float] = (1.0, 1.0)) -> Floats:
        return np.stack(
            [equalise(fractal_noise(generator, size, lowest, highest, roughness, stretch)) for _ in range(BANK_SIZE)]
        )

    blotches = images(4, size // 2, 0.6)
    pores = images(size // 8, size // 2, 0.85)
    specks = np.clip((images(size // 5, size // 2, 0.8) - 0.94) / 0.06, 0, 1)
    stubble = images(size // 4, size // 2, 0.9, (1.6, 0.7))
    half = BANK_SIZE // 2
    straight = [_straight_strands(generator, size) for _ in range(half)]
    curly = [_curly_strands(generator, size) for _ in range(BANK_SIZE - half)]
    return NoiseBank(blotches, pores, specks, stubble, np.stack(straight + curly))


def _straight_strands(generator: Generator, size: int) -> Floats:
    length = generator.uniform(0.02, 0.08)
    fine = fractal_noise(generator, size, size // 4, size // 2, 0.9, (1.0, length))
    locks = fractal_noise(generator, size, size // 32, size // 8, 0.8, (1.0, 0.1))
    return equalise(fine + 0.7 * locks)


def _curly_strands(generator: Generator, size: int) -> Floats:
    curls = np.abs(fractal_noise(generator, size, size // 20, size // 4, 0.8, (1.0, 0.5)))
    return equalise(curls + 0.3 * fractal_noise(generator, size, size // 4, size // 2, 0.9, (1.0, 0.05)))
