"""The pattern of the seen skin, its pores and blotches, goes on where the texture is filled.

The tile is an asymptotic discrete spot noise (Galerne, Gousseau and Morel, "Random Phase Textures", 2011): a square of
seen skin, convolved with white noise, has the square's spectrum and the correlations of its colours, and no period that
is shorter than the tile.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from ...exchange.progress import Pause, no_pause

#: Sides of the square that is learnt from and of the tile, in shares of the texture's.
SQUARE, TILE = 1 / 16, 1 / 4
#: The square shows nothing but plain skin on at least this share.
LEAST_SKIN = 0.8
#: What is coarser than this share of the square is the tone, not the pattern.
COARSEST = 0.12
#: The strongest pattern, as standard deviation of the logarithm of display values: more is stubble, strands or noise.
STRONGEST = 0.06
#: What lies farther from the mean than this many deviations, such as a mole, is no part of the pattern.
OUTLIER = 2.5
#: Added to display values before logarithms are taken.
DARK = 10.0
#: Rows of the texture that are worked on at once.
STRIP = 256
#: From this value of 255 on a texel is taken from the photo alone.
FROM_PHOTO = 250


def continue_pattern(
    colour: NDArray[np.uint8], origin: NDArray[np.uint8], plain: NDArray[np.floating], pause: Pause = no_pause
) -> None:
    """Give the filled part of a texture the pattern of the seen skin, in place; without enough of that, nothing.

    Parameters
    ----------
    colour : (H, H, 3) uint8
    origin : (H, H, 3) uint8
        Shares of photo, mirrored photo and filling.
    plain : (h, h)
        Where on the head skin is smooth and has no beard, in [0, 1]; of any resolution.
    pause : Pause
    """
    square = learn_square(colour, origin, plain)
    if square is None:
        return
    pause()
    size = len(colour)
    tile = spot_noise(square, int(size * TILE))
    columns = np.arange(size) % len(tile)
    for start in range(0, size, STRIP):
        pause()
        rows = slice(start, min(start + STRIP, size))
        share = origin[rows, :, 2:].astype(np.float32) / 255
        filled = share * tile[np.arange(rows.start, rows.stop) % len(tile)][:, columns]
        changed = (colour[rows].astype(np.float32) + DARK) * np.exp(filled) - DARK
        colour[rows] = np.clip(np.rint(changed), 0, 255)


def learn_square(
    colour: NDArray[np.uint8], origin: NDArray[np.uint8], plain: NDArray[np.floating]
) -> NDArray[np.float32] | None:
    """A square (s, s, 3) of the seen skin's pattern: logarithms around 0; None if too little plain skin is seen."""
    size = len(colour)
    side = max(8, int(size * SQUARE))
    wanted = cv2.resize(plain.astype(np.float32), (size, size), interpolation=cv2.INTER_LINEAR) > 0.5
    skin = (wanted & (origin[..., 0] >= FROM_PHOTO)).astype(np.float32)
    # The square with most skin; of several that are full of it the one whose brightness changes least.
    grey = np.log(colour.mean(axis=-1, dtype=np.float32) + DARK)
    window = {"ksize": (side, side), "borderType": cv2.BORDER_CONSTANT}
    filled = cv2.boxFilter(skin, -1, **window)
    mean = cv2.boxFilter(skin * grey, -1, **window) / np.maximum(filled, 1e-6)
    variance = cv2.boxFilter(skin * grey**2, -1, **window) / np.maximum(filled, 1e-6) - mean**2
    half = side // 2
    inner = np.s_[half : size - half, half : size - half]
    score = (np.minimum(filled, 0.95) - 5 * np.sqrt(np.maximum(variance, 0)))[inner]
    row, column = np.unravel_index(int(np.argmax(score)), score.shape)
    if filled[inner][row, column] < LEAST_SKIN:
        return None
    chosen = np.s_[row : row + side, column : column + side]
    known = skin[chosen][..., None]
    values = np.log(colour[chosen].astype(np.float32) + DARK)
    blur = {"ksize": (0, 0), "sigmaX": COARSEST * side, "borderType": cv2.BORDER_REFLECT}
    weight = cv2.GaussianBlur(known, **blur)[..., None]
    pattern = known * (values - cv2.GaussianBlur(known * values, **blur) / np.maximum(weight, 1e-3))
    deviation = np.maximum(1.4826 * np.median(np.abs(pattern), axis=(0, 1)), 1e-4)
    pattern = np.clip(pattern, -OUTLIER * deviation, OUTLIER * deviation)
    result: NDArray[np.float32] = pattern - pattern.mean(axis=(0, 1))
    return result


def spot_noise(square: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """A tile (side, side, 3) that can be repeated, with the spectrum of a square (s, s, 3), always the same one.

    The square's lines, which lie one way in the cheek, come half of them upright and half across.
    """
    edge = np.hanning(len(square) + 2)[1:-1] ** 0.5
    fade = (edge[:, None] * edge)[..., None].astype(np.float32)
    generator = np.random.default_rng(0)
    spectrum = np.zeros((side, side // 2 + 1, 3), dtype=complex)
    for turned in (square, square.swapaxes(0, 1)):
        spot = np.zeros((side, side, 3))
        spot[: len(square), : len(square)] = fade * turned / np.sqrt(2 * (fade**2).sum())
        white = generator.standard_normal((side, side))
        spectrum += np.fft.rfft2(spot, axes=(0, 1)) * np.fft.rfft2(white)[..., None]
    tile = np.fft.irfft2(spectrum, s=(side, side), axes=(0, 1))
    strength = float(tile.std())
    scaled: NDArray[np.float32] = (tile * min(1.0, STRONGEST / max(strength, 1e-9))).astype(np.float32)
    return scaled
