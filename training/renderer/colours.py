"""Colours of cloth, hair and things, linear RGB, as often as photographs have them."""

import numpy as np
from numpy.random import Generator

from ..arrays import Floats

# How often: black to blond, red, grey and white.
HAIR_COLOURS = np.array(
    [
        [0.012, 0.010, 0.009],
        [0.025, 0.017, 0.013],
        [0.050, 0.030, 0.018],
        [0.100, 0.060, 0.032],
        [0.220, 0.135, 0.065],
        [0.420, 0.300, 0.160],
        [0.190, 0.070, 0.030],
        [0.300, 0.300, 0.300],
        [0.550, 0.550, 0.540],
    ]
)
HAIR_SHARES = (0.22, 0.20, 0.17, 0.13, 0.09, 0.06, 0.04, 0.06, 0.03)
DARK_HAIR_COUNT = 4


def sample_dye(generator: Generator) -> Floats:
    """Draw the linear colour (3,) of cloth or of a thing: white, black and dull ones more often than bright ones."""
    value = generator.choice([generator.uniform(0.005, 0.06), generator.uniform(0.02, 0.8)], p=[0.35, 0.65])
    saturation = generator.beta(0.8, 1.8)
    hue = generator.uniform(0, 1, 3)
    hue = (hue - hue.min()) / (np.ptp(hue) + 1e-6)
    return np.asarray(value * (1 - saturation * (1 - hue)), np.float32)


def sample_hair_colour(generator: Generator) -> Floats:
    """Draw a linear hair colour (3,), natural or, rarely, dyed."""
    if generator.random() < 0.015:
        return sample_dye(generator)
    colour = HAIR_COLOURS[generator.choice(len(HAIR_COLOURS), p=HAIR_SHARES)]
    return np.asarray(colour * np.exp(generator.normal(0, 0.2) + generator.normal(0, 0.06, 3)), np.float32)


def sample_brow_colour(hair_colour: Floats, generator: Generator) -> Floats:
    """Draw a linear colour (3,) between the hair's and a dark one; brows are rarely lighter than the hair."""
    dark = HAIR_COLOURS[generator.integers(DARK_HAIR_COUNT)]
    share = generator.beta(1.5, 1.0)
    mixed = share * dark + (1 - share) * np.minimum(hair_colour, 0.25)
    return np.asarray(mixed * generator.uniform(0.5, 1.0), np.float32)
