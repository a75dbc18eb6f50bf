"""A first guess of where the faces are, from the cascades that ship inside OpenCV's wheel."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import FaceNotFoundError
from .photo import Photo

#: The smallest box that a user may draw.
SMALLEST_BOX = 32
#: Pixels along each side of what is searched at a time, so that somebody can stop the search in between.
_TILE = 1000
#: The face box that is reported, from the bounding box of the landmarks: how far it reaches beyond it to the sides and
#: upwards, over its width and height.
BOX_MARGIN_SIDES = 0.1
BOX_MARGIN_TOP = 0.25
_EYES, _CHIN = slice(36, 48), 8


@dataclass(frozen=True)
class FaceBox:
    """A face's box in photo pixels: left, top, width, height."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Cascade:
    """One of OpenCV's cascades.

    Attributes
    ----------
    name : str
    mirrored : bool
        Whether it looks at the mirror image: OpenCV's profiles look to the left.
    step : float
        The ratio of neighbouring sizes that are looked for.
    neighbours : int
        How many overlapping findings make a face.
    """

    name: str
    mirrored: bool = False
    step: float = 1.1
    neighbours: int = 3

    def find(self, grey: NDArray[np.uint8], smallest: float, largest: float) -> list[tuple[NDArray[np.float64], float]]:
        """Boxes (x, y, w, h) with their support."""
        image = np.ascontiguousarray(grey[:, ::-1]) if self.mirrored else grey
        sizes = {"minSize": [int(smallest)] * 2, "maxSize": [int(min(largest, max(grey.shape)))] * 2}
        boxes, _, weights = _load(self.name).detectMultiScale3(
            image, self.step, self.neighbours, **sizes, outputRejectLevels=True
        )
        results = []
        for box, weight in zip(np.reshape(boxes, (-1, 4)), np.ravel(weights), strict=True):
            x, y, width, height = (float(value) for value in box)
            left = grey.shape[1] - x - width if self.mirrored else x
            results.append((np.array([left, y, width, height]), max(float(weight), 0.1)))
        return results


@cache
def _load(name: str) -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(str(Path(cv2.data.haarcascades) / f"haarcascade_{name}.xml"))


#: For the sizes at which faces in photos usually are: from the front twice over, and profiles to either side.
ALL_CASCADES = (
    Cascade("frontalface_default"),
    Cascade("frontalface_alt2"),
    Cascade("profileface"),
    Cascade("profileface", mirrored=True),
)
#: For small faces in large pictures, where every step counts.
QUICK_CASCADES = (Cascade("frontalface_default", step=1.15, neighbours=2),)


@dataclass(frozen=True)
class Candidate:
    """A box that a cascade found, with the number of overlapping findings that support it."""

    box: FaceBox
    support: float


def check_box(box: FaceBox, photo: Photo) -> FaceBox:
    """Return the user's box if a face can be in it.

    Raises
    ------
    FaceNotFoundError
        If it is smaller than 32 pixels or lies outside the photo.
    """
    width, height = photo.size
    if not np.isfinite([box.x, box.y, box.width, box.height]).all() or min(box.width, box.height) < SMALLEST_BOX:
        raise FaceNotFoundError(
            f"The face box has {box.width:g} x {box.height:g} pixels: draw one of at least {SMALLEST_BOX} on each side."
        )
    inside = (min(box.x + box.width, width) - max(box.x, 0)) * (min(box.y + box.height, height) - max(box.y, 0))
    centre_inside = 0 <= box.x + box.width / 2 <= width and 0 <= box.y + box.height / 2 <= height
    if not centre_inside or inside < 0.25 * box.width * box.height:
        raise FaceNotFoundError(f"The face box lies outside the photo, which has {width} x {height} pixels: move it.")
    return box


def find_candidates(
    grey: NDArray[np.uint8], smallest: float, largest: float, cascades: Sequence[Cascade], tell: Callable[[], None]
) -> list[Candidate]:
    """Find plausible faces in an upright grey picture, the most plausible first: large ones with much support.

    The list may hold false findings; the network's own output decides later. It may be empty.

    Parameters
    ----------
    grey : (h, w)
    smallest, largest : float
        Sides of the boxes that are looked for, in pixels.
    cascades : sequence of Cascade
    tell : callable
        Called several times a second; what it raises ends the search.
    """
    found: list[tuple[NDArray[np.float64], float]] = []
    for top, left, tile in _tiles(grey, min(largest, max(grey.shape))):
        for cascade in cascades:
            tell()
            corner = np.array([left, top, 0, 0])
            found += [(box + corner, support) for box, support in cascade.find(tile, smallest, largest)]
    candidates = [Candidate(FaceBox(*map(float, box)), support) for box, support in _merge(found)]
    return sorted(candidates, key=lambda c: -c.box.width * np.sqrt(c.support))


def _tiles(grey: NDArray[np.uint8], overlap: float) -> Iterator[tuple[int, int, NDArray[np.uint8]]]:
    """Top, left and pixels of parts of a picture that overlap by a box, each searched in a fraction of a second."""
    height, width = grey.shape
    rows, columns = (max(1, int(np.ceil((length - overlap) / _TILE))) for length in (height, width))
    for top in np.linspace(0, height, rows + 1)[:-1].astype(int):
        for left in np.linspace(0, width, columns + 1)[:-1].astype(int):
            bottom, right = top + int(np.ceil(height / rows + overlap)), left + int(np.ceil(width / columns + overlap))
            yield int(top), int(left), np.ascontiguousarray(grey[top:bottom, left:right])


def _merge(found: list[tuple[NDArray[np.float64], float]]) -> list[tuple[NDArray[np.float64], float]]:
    """Join boxes of one face: the weighted mean of all that overlap the strongest one by more than 0.35."""
    groups = []
    remaining = sorted(found, key=lambda item: -item[1])
    while remaining:
        best = remaining[0][0]
        members = [item for item in remaining if overlap(item[0], best) > 0.35]
        remaining = [item for item in remaining if overlap(item[0], best) <= 0.35]
        weights = np.array([weight for _, weight in members])
        box = np.average([box for box, _ in members], axis=0, weights=weights)
        groups.append((box, float(weights.sum())))
    return groups


def overlap(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Intersection over union of two boxes (x, y, w, h)."""
    corner = np.maximum(a[:2], b[:2])
    size = np.maximum(np.minimum(a[:2] + a[2:], b[:2] + b[2:]) - corner, 0)
    shared = size.prod()
    return float(shared / (a[2:].prod() + b[2:].prod() - shared))


def box_around(landmarks: NDArray[np.float64]) -> list[float]:
    """Face box [x, y, w, h] around landmarks (68, 2), which may be of a face that lies on its side."""
    quarter = _quarter_turn(landmarks)
    upright = landmarks @ quarter
    lower, upper = upright.min(axis=0), upright.max(axis=0)
    width, height = upper - lower
    margins = np.array([[-BOX_MARGIN_SIDES * width, -BOX_MARGIN_TOP * height], [BOX_MARGIN_SIDES * width, 0.0]])
    corners = (np.array([lower, upper]) + margins) @ quarter.T
    corner = corners.min(axis=0)
    return [float(value) for value in (*corner, *(corners.max(axis=0) - corner))]


def _quarter_turn(landmarks: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rotation (2, 2) by quarters whose second column is nearest to the way down the face."""
    if len(landmarks) < 68:
        return np.eye(2)
    x, y = landmarks[_CHIN] - landmarks[_EYES].mean(axis=0)
    if abs(y) >= abs(x):
        return np.eye(2) * np.sign(y or 1.0)
    return np.array([[0.0, np.sign(x)], [-np.sign(x), 0.0]])
