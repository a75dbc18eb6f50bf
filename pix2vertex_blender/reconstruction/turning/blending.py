"""What the photo does not show, in the fitted skin's colours and without a seam: Poisson blending on the face alone.

Poisson blending keeps the gradients of what is put in and takes the border's colours from the picture, so it adds to
the model the smooth continuation of what both differ by at the border. `cv2.seamlessClone` solves the same over the
bounding box of what is hidden, and lets in the background's colours behind the face's outline; here nothing beyond the
face counts.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from .anchors import extended

Array = NDArray[np.float64]

#: The difference is continued on a grid of about so many pixels; it is smooth.
MOST_PIXELS = 40_000
#: Pixels of that grid around what is hidden in which the difference is known, averaged over about half of that.
RING = 5


def fill_hidden(
    picture: NDArray[np.uint8],
    model: NDArray[np.uint8],
    hidden: NDArray[np.bool_],
    skin: NDArray[np.bool_],
) -> NDArray[np.uint8]:
    """The picture (h, w, 3) with the model's colours (h, w, 3) where it is hidden (h, w), joined on the skin (h, w)."""
    if not hidden.any():
        return picture
    factor = max(1, int(np.ceil(np.sqrt(hidden.sum() / MOST_PIXELS))))
    height, width = hidden.shape
    size = (-(-width // factor), -(-height // factor))
    shown = (skin & ~hidden).astype(np.float32)
    difference = (picture.astype(np.float32) - model) * shown[..., None]
    weight = cv2.GaussianBlur(cv2.resize(shown, size, interpolation=cv2.INTER_AREA), (0, 0), RING / 2)
    sums = cv2.GaussianBlur(cv2.resize(difference, size, interpolation=cv2.INTER_AREA), (0, 0), RING / 2)
    where = cv2.resize(hidden.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0
    continued = _continued(sums / np.maximum(weight, 1e-6)[..., None], where, weight > 0.05)
    shift = cv2.resize(continued.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    filled = np.clip(np.rint(model + shift), 0, 255)
    return np.where(hidden[..., None], filled, picture).astype(np.uint8)


def _continued(difference: Array, where: NDArray[np.bool_], known: NDArray[np.bool_]) -> Array:
    """A difference (h, w, 3), known in part, as smooth as can be on all pixels (h, w) where it is wanted."""
    ring = cv2.dilate(where.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    border = ring & ~where & known
    region = where | border
    count, labels = cv2.connectedComponents(region.astype(np.uint8), connectivity=4)
    joined = np.zeros(count, dtype=bool)
    joined[labels[border]] = True
    fixed = border | (region & ~joined[labels])  # what joins nothing keeps the model's colours
    index = np.full(region.shape, -1)
    index[region] = np.arange(region.sum())
    pairs = [
        np.column_stack([one[both], other[both]])
        for one, other in ((index[:, :-1], index[:, 1:]), (index[:-1], index[1:]))
        for both in [(one >= 0) & (other >= 0)]
    ]
    values = np.where(border[..., None], difference, 0.0)[region]
    result = np.zeros((*region.shape, difference.shape[-1]))
    result[region] = extended(values, fixed[region], np.concatenate(pairs))
    return _spread(result, region)


def _spread(values: Array, known: NDArray[np.bool_]) -> Array:
    """Values (h, w, c) where they are known, and beside those the mean of the known ones around."""
    weight = cv2.blur(known.astype(np.float64), (3, 3))
    around = cv2.blur(np.where(known[..., None], values, 0.0), (3, 3)) / np.maximum(weight, 1e-9)[..., None]
    return np.where(known[..., None], values, around)
