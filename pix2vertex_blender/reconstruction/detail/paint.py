"""What on a face is paint rather than shape: moles, freckles, make-up and frames have another hue.

Shading makes skin darker, or brighter, and hardly changes its hue. Eqs. 9 to 14 read all that is dark as deep, so what
has another hue than the skin around it is to count less. A photo without colours tells nothing of it, and single
dark hairs on light skin, as stubble is, hardly do.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from ..photo.sampling import sample_intensity

Array = NDArray[np.float64]

#: Millimetres over which the skin around is averaged, over how many a mark is, and how far its blurred edge reaches.
AROUND, MARK, EDGE = 14.0, 1.0, 2.5
#: Most pixels along each side at which hues are compared.
COMPARED = 512
#: Added to intensities before their logarithm is taken: noise in the dark has any hue.
DARK = 0.04
#: Hues may scatter by this many of a photo's own deviations, which are large where it is compressed.
SCATTERS = 3.0


def shape_share(
    points: Array,
    pixels: NDArray[np.uint8] | NDArray[np.floating],
    scale: float,
    seen: Array,
    largest_hue: float,
) -> Array:
    """Share (n,) of the intensity's changes that is shape, in [0, 1]: 1 where the hue is that of the skin around.

    Parameters
    ----------
    points : (n, 2)
        In pixels.
    pixels : (H, W, 3)
        8-bit, or floating in [0, 1].
    scale : float
        Pixels per millimetre.
    seen : (n,)
        How well each point is seen.
    largest_hue : float
        The deviation of the logarithms of the colours from where on there is more paint than shape.
    """
    share = np.ones(len(points))
    where = seen > 0
    if not where.any() or not np.isfinite(largest_hue):
        return share
    factor = min(1.0, COMPARED / max(pixels.shape[:2]))
    small: NDArray[np.float32] = cv2.resize(
        np.asarray(pixels, dtype=np.float32), None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA
    )
    small = small / 255 if pixels.dtype == np.uint8 else small
    millimetre = scale * factor
    hue = _hue(small, millimetre)
    places = points[where] * factor
    tolerance = max(largest_hue, SCATTERS * float(np.median(sample_intensity(hue, places, np.ones(len(places))))))
    # Where a mark ends, it is mixed with skin: it is darker there, but hardly of another hue.
    radius = max(1, round(EDGE * millimetre))
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    reaching = cv2.dilate(hue, disk)
    share[where] = 1 / (1 + (sample_intensity(reaching, places, np.ones(len(places))) / tolerance) ** 4)
    return share


def _hue(small: NDArray[np.float32], millimetre: float) -> NDArray[np.float32]:
    """How far the hue (h, w) of each pixel is from that of the skin around, as logarithm."""
    mark, around = (cv2.GaussianBlur(small, (0, 0), 0.5 * width * millimetre + 0.3) for width in (MARK, AROUND))
    difference = np.log(mark + DARK) - np.log(around + DARK)
    hue: NDArray[np.float32] = np.linalg.norm(difference - difference.mean(axis=-1, keepdims=True), axis=-1)
    return hue
