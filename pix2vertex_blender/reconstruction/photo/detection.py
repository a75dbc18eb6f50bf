"""A first guess of where the faces are, from the cascades that ship inside OpenCV's wheel."""

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import FaceNotFoundError
from .photo import Photo

#: The longer side of the photo is reduced to this before searching.
SEARCH_SIDE = 800
SMALLEST_BOX = 32
#: The face box that is reported, from the bounding box of the landmarks: how far it reaches beyond it to the sides and
#: upwards, over its width and height.
BOX_MARGIN_SIDES = 0.1
BOX_MARGIN_TOP = 0.25


@dataclass(frozen=True)
class FaceBox:
    """A face's box in photo pixels: left, top, width, height."""

    x: float
    y: float
    width: float
    height: float


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


def find_faces(photo: Photo) -> list[Candidate]:
    """Find plausible faces, the most plausible first: large ones with much support.

    The list may hold false findings; the network's own output decides later. It may be empty.
    """
    scale = min(1.0, SEARCH_SIDE / max(photo.size))
    small = cv2.resize(photo.pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    grey = cv2.equalizeHist(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))
    found = _search(grey)
    groups = _merge(found)
    candidates = [Candidate(FaceBox(*(float(v) / scale for v in box)), support) for box, support in groups]
    return sorted(candidates, key=lambda c: -c.box.width * np.sqrt(c.support))


def _search(grey: NDArray[np.uint8]) -> list[tuple[NDArray[np.float64], float]]:
    """Boxes (x, y, w, h) in the reduced photo with their support, from all cascades."""
    smallest = max(24, min(grey.shape) // 12)
    width = grey.shape[1]
    results: list[tuple[NDArray[np.float64], float]] = []
    for name, mirrored in (
        ("haarcascade_frontalface_default", False),
        ("haarcascade_frontalface_alt2", False),
        ("haarcascade_profileface", False),
        ("haarcascade_profileface", True),
    ):
        image = np.ascontiguousarray(grey[:, ::-1]) if mirrored else grey
        boxes, _, weights = _cascade(name).detectMultiScale3(
            image, 1.1, 3, minSize=(smallest, smallest), outputRejectLevels=True
        )
        for box, weight in zip(np.reshape(boxes, (-1, 4)), np.ravel(weights), strict=True):
            x, y, w, h = (float(v) for v in box)
            results.append((np.array([width - x - w if mirrored else x, y, w, h]), max(float(weight), 0.1)))
    return results


def _cascade(name: str) -> cv2.CascadeClassifier:
    return cv2.CascadeClassifier(str(Path(cv2.data.haarcascades) / f"{name}.xml"))


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
    """Face box [x, y, w, h] around landmarks (68, 2)."""
    lower, upper = landmarks.min(axis=0), landmarks.max(axis=0)
    width, height = upper - lower
    return [
        float(lower[0] - BOX_MARGIN_SIDES * width),
        float(lower[1] - BOX_MARGIN_TOP * height),
        float((1 + 2 * BOX_MARGIN_SIDES) * width),
        float((1 + BOX_MARGIN_TOP) * height),
    ]
