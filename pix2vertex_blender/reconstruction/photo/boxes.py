"""Boxes around faces: a user's, those that are reported, and how much two of them share."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import FaceNotFoundError
from .photo import Photo, Square

#: The smallest box that a user may draw.
SMALLEST_BOX = 32
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


def overlap(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Intersection over union of two boxes (x, y, w, h)."""
    corner = np.maximum(a[:2], b[:2])
    size = np.maximum(np.minimum(a[:2] + a[2:], b[:2] + b[2:]) - corner, 0)
    shared = size.prod()
    return float(shared / (a[2:].prod() + b[2:].prod() - shared))


def square_box(square: Square) -> NDArray[np.float64]:
    """The box (x, y, w, h) of a square, as if it were not turned."""
    return np.array([square.x - square.side / 2, square.y - square.side / 2, square.side, square.side])


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
