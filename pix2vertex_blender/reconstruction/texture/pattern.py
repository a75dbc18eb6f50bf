"""The pattern of the seen skin, its pores and blotches, goes on where the texture is filled.

Pores and lines are learnt from a small square of the texture, freckles, spots and blotches from a large and coarse one.

The tile is an asymptotic discrete spot noise (Galerne, Gousseau and Morel, "Random Phase Textures", 2011): a square of
seen skin, convolved with white noise, has the square's spectrum and the correlations of its colours, and no period that
is shorter than the tile. Noise of that kind is as often darker as it is lighter, and age spots are not, so the coarse
one is given the histogram of what it was learnt from.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...exchange.progress import Pause, no_pause

#: The side of the tile as a share of the texture's.
TILE = 1 / 4
#: How many times coarser the texture is from which blotches are learnt.
COARSER = 4
#: What is coarser than this share of a square is the tone, not the pattern; what is finer than as much of the small
#: square is no blotch.
COARSEST = 0.12
#: Added to display values before logarithms are taken.
DARK = 10.0
#: Rows of the texture that are worked on at once.
STRIP = 256
#: From this value of 255 on a texel is taken from the photo alone.
FROM_PHOTO = 250


@dataclass(frozen=True)
class Learning:
    """How a pattern is learnt.

    Attributes
    ----------
    square : float
        Side of the square that is learnt from, as a share of the texture's.
    least_skin : float
        The square shows nothing but plain skin on at least this share.
    outlier : float
        What lies farther from the mean than this many deviations, such as a mole, is no part of the pattern.
    strongest : float
        The strongest pattern, as standard deviation of the logarithm of display values: more is stubble, strands or
        noise.
    """

    square: float
    least_skin: float
    outlier: float
    strongest: float


#: Pores and lines, and freckles, age spots and blotches, of which a face has many or none.
PORES = Learning(square=1 / 16, least_skin=0.8, outlier=2.5, strongest=0.06)
BLOTCHES = Learning(square=1 / 4, least_skin=0.35, outlier=3.5, strongest=0.08)


@dataclass(frozen=True)
class Surface:
    """What a texture lies on.

    Attributes
    ----------
    places : (h, h, 3) float32
        Points of the surface, in texels: as far apart as texels are on plain skin.
    shares : (h, h, 3) float32
        How much each point looks along each axis, in [0, 1].
    """

    places: NDArray[np.float32]
    shares: NDArray[np.float32]


def continue_pattern(
    colour: NDArray[np.uint8],
    origin: NDArray[np.uint8],
    plain: NDArray[np.floating],
    surface: Surface,
    pause: Pause = no_pause,
) -> None:
    """Give the filled part of a texture the pattern of the seen skin, in place; without enough of that, nothing.

    Parameters
    ----------
    colour : (H, H, 3) uint8
    origin : (H, H, 3) uint8
        Shares of photo, mirrored photo and filling.
    plain : (h, h)
        Where on the head skin is smooth and has no beard, in [0, 1]; of any resolution.
    surface : Surface
        On which the pattern is as large everywhere, however the texture is stretched there.
    pause : Pause
    """
    square = learn_square(colour, origin, plain, PORES)
    if square is None:
        return
    pause()
    size = len(colour)
    tile = limited(spot_noise(square, int(size * TILE)), PORES) + blotches(colour, origin, plain)
    factor = size // len(surface.places)
    for start in range(0, size, STRIP):
        pause()
        rows = slice(start, min(start + STRIP, size))
        share = origin[rows, :, 2:].astype(np.float32) / 255
        if not share.any():
            continue
        part = np.s_[start // factor : -(-rows.stop // factor)]
        filled = share * _on_surface(tile, surface.places[part], surface.shares[part], factor)[: len(share)]
        changed = (colour[rows].astype(np.float32) + DARK) * np.exp(filled) - DARK
        colour[rows] = np.clip(np.rint(changed), 0, 255)


def _on_surface(
    tile: NDArray[np.float32], places: NDArray[np.float32], shares: NDArray[np.float32], factor: int
) -> NDArray[np.float32]:
    """A tile (s, s, 3) laid onto a surface from three sides, at as many times more rows and columns (h, w)."""
    shape = (places.shape[1] * factor, places.shape[0] * factor)
    places, shares = (cv2.resize(each, shape, interpolation=cv2.INTER_LINEAR) for each in (places, shares))
    laid = np.zeros((*places.shape[:2], 3), np.float32)
    for axis in range(3):
        across, up = (np.ascontiguousarray(places[..., other]) for other in range(3) if other != axis)
        side = cv2.remap(tile, across, up, cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP)
        laid += shares[..., axis : axis + 1] * side
    # Independent patterns that are mixed would be weaker than each.
    strength = np.sqrt((shares**2).sum(axis=-1, keepdims=True))
    result: NDArray[np.float32] = laid / np.maximum(strength, np.float32(1e-3))
    return result


def blotches(
    colour: NDArray[np.uint8], origin: NDArray[np.uint8], plain: NDArray[np.floating]
) -> NDArray[np.float32] | float:
    """A tile (t, t, 3) of freckles, spots and blotches as the seen skin has them; 0 if too little of that is seen."""
    small = len(colour) // COARSER
    colour, origin = (cv2.resize(each, (small, small), interpolation=cv2.INTER_AREA) for each in (colour, origin))
    square = learn_square(colour, origin, plain, BLOTCHES)
    if square is None or not square.any():
        return 0.0
    known = (square != 0).any(axis=-1)
    square = cv2.GaussianBlur(square, (0, 0), COARSEST * small * PORES.square)
    tile = limited(_distributed(spot_noise(square, int(small * TILE)), square[known]), BLOTCHES)
    # Enlarged so that it can still be repeated.
    around = cv2.copyMakeBorder(tile, 2, 2, 2, 2, cv2.BORDER_WRAP)
    large = cv2.resize(around, None, fx=COARSER, fy=COARSER, interpolation=cv2.INTER_LINEAR)
    edge = 2 * COARSER
    inner: NDArray[np.float32] = large[edge:-edge, edge:-edge]
    return inner


def _distributed(tile: NDArray[np.float32], values: NDArray[np.float32]) -> NDArray[np.float32]:
    """A tile (t, t, c) whose channels have the histograms of values (k, c), with the largest where they were."""
    result = np.empty_like(tile)
    count = tile.shape[0] * tile.shape[1]
    for channel in range(tile.shape[-1]):
        ranks = np.empty(count)
        ranks[np.argsort(tile[..., channel], axis=None)] = np.linspace(0, len(values) - 1, count)
        ordered = np.sort(values[:, channel])
        result[..., channel] = np.interp(ranks, np.arange(len(values)), ordered).reshape(tile.shape[:2])
    return result - result.mean(axis=(0, 1))


def limited(tile: NDArray[np.float32], learning: Learning) -> NDArray[np.float32]:
    """A tile no stronger than patterns of its kind are."""
    weaker: NDArray[np.float32] = (tile * min(1.0, learning.strongest / max(float(tile.std()), 1e-9))).astype(
        np.float32
    )
    return weaker


def learn_square(
    colour: NDArray[np.uint8],
    origin: NDArray[np.uint8],
    plain: NDArray[np.floating],
    learning: Learning,
) -> NDArray[np.float32] | None:
    """A square (s, s, 3) of the seen skin's pattern: logarithms around 0; None if too little plain skin is seen.

    Parameters
    ----------
    colour, origin : (H, H, 3)
    plain : (h, h)
        As for `continue_pattern`.
    learning : Learning

    Where the square shows no plain skin, its pattern is 0.
    """
    size = len(colour)
    side = max(8, int(size * learning.square))
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
    if filled[inner][row, column] < learning.least_skin:
        return None
    chosen = np.s_[row : row + side, column : column + side]
    known = skin[chosen][..., None]
    values = np.log(colour[chosen].astype(np.float32) + DARK)
    blur = {"ksize": (0, 0), "sigmaX": COARSEST * side, "borderType": cv2.BORDER_REFLECT}
    weight = cv2.GaussianBlur(known, **blur)[..., None]
    pattern = known * (values - cv2.GaussianBlur(known * values, **blur) / np.maximum(weight, 1e-3))
    deviation = np.maximum(1.4826 * np.median(np.abs(pattern[known[..., 0] > 0]), axis=0), 1e-4)
    pattern = np.clip(pattern, -learning.outlier * deviation, learning.outlier * deviation)
    result: NDArray[np.float32] = known * (pattern - pattern.sum(axis=(0, 1)) / known.sum())
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
    return tile.astype(np.float32)
