"""Where the eyes look in one frame: the dark disk between the lids of the face that was found."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...exchange.camera import Camera
from ...expression.rims import lid_rims
from ...geometry.similarity import Similarity
from ...template.eyeballs import Ball
from ..photo.photo import Photo, Square, cut_square
from ..texture.irises import seen_eye, together

Array = NDArray[np.float64]

#: Pixels along the side of the crop in which irises are looked for, and of the part around an eye.
RESOLUTION, AROUND = 384, 96
#: Sides of the squares by which the eye is grown for the skin below it: from the one to the other.
SKIN = (11, 25)
#: Fewer pixels say nothing; and what is added to the skin's brightness, of 255, so that dark ones are not divided by 0.
FEWEST_PIXELS, DARKEST = 40, 20.0
#: The share of an open eye's contrast at which lids begin to close, and at which they are shut.
STILL_OPEN, SHUT = 0.92, 0.42
#: Points of the lids' outline are drawn at this share of a pixel.
_SHIFT = 4


@dataclass(frozen=True)
class SeenEyes:
    """What a frame shows of the eyes.

    Attributes
    ----------
    gaze : (2, 2)
        Of the left and of the right eye: radians towards positive x of the head frame and upwards, from straight
        ahead; NaN where neither is seen.
    contrast : (2,)
        How much what is seen where lids would be open differs from the skin below the eye. The lids' own skin does
        little. NaN where too little is seen.
    """

    gaze: Array
    contrast: Array


def eyes_of(photo: Photo, square: Square, camera: Camera, vertices: Array, both: tuple[Ball, Ball]) -> SeenEyes:
    """What a frame shows of the eyes.

    Parameters
    ----------
    photo : Photo
    square : Square
        That `camera` sees.
    camera : Camera
        To pixels of the crop of `RESOLUTION`.
    vertices : (n, 3)
        The face as it is in the frame, but with open lids, in the camera's axes.
    both : (Ball, Ball)
        Its eyeballs there.
    """
    pixels = cut_square(photo, square, RESOLUTION).pixels
    seen, contrast = [], np.full(2, np.nan)
    for number, (side, ball) in enumerate(zip(("left", "right"), both, strict=True)):
        corner = np.round(camera.project(ball.centre[None])[0] - AROUND / 2)
        part, shown = _around(pixels, corner), _between_lids(side, vertices, camera, corner)
        x, y = camera.centre[0] - corner[0], camera.centre[1] - corner[1]
        seen.append(seen_eye(part, shown, ball, Camera(camera.scale, (x, y), camera.inverse_distance)))
        contrast[number] = contrast_to_skin(part, shown)
    gaze = together(seen) if any(eye is not None for eye in seen) else np.full((2, 2), np.nan)
    return SeenEyes(gaze, contrast)


def contrast_to_skin(part: NDArray[np.uint8], shown: NDArray[np.bool_]) -> float:
    """How much pixels (h, w, 3) differ where they are `shown` (h, w) from the skin below, over its brightness."""
    below = _grown(shown, SKIN[1]) & ~_grown(shown, SKIN[0])
    rows = np.flatnonzero(shown.any(axis=1))
    below[: rows.max() + 1 if len(rows) else len(below)] = False
    if min(shown.sum(), below.sum()) < FEWEST_PIXELS:
        return float("nan")
    skin = np.median(part[below], axis=0)
    apart = np.linalg.norm(part[shown] - skin, axis=1).mean()
    return float(apart / (skin.mean() + DARKEST))


def closed(contrast: Array) -> Array:
    """How far (f, 2) the lids are closed, 0 to 1, from all that a movie shows (f, 2): its eyes are open mostly."""
    usual = np.nanmedian(contrast, axis=0) if np.isfinite(contrast).any() else np.ones(2)
    share = np.nan_to_num(contrast / np.maximum(usual, 1e-6), nan=1.0)
    amount: Array = np.clip((STILL_OPEN - share) / (STILL_OPEN - SHUT), 0.0, 1.0)
    return amount


def balls_in_camera(balls: tuple[Ball, Ball], head: Similarity) -> tuple[Ball, Ball]:
    """The eyeballs of a head where a camera sees them."""
    left, right = (
        Ball(head.apply(ball.centre[None])[0], head.scale * ball.radius, head.rotation @ ball.rotation)
        for ball in balls
    )
    return left, right


def _around(pixels: NDArray[np.uint8], corner: Array) -> NDArray[np.uint8]:
    """The part (AROUND, AROUND, 3) of a crop from a corner on; the edge is continued."""
    offset = np.array([[1.0, 0.0, corner[0]], [0.0, 1.0, corner[1]]])
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(pixels, offset, (AROUND, AROUND), flags=flags, borderMode=cv2.BORDER_REPLICATE)


def _between_lids(side: str, vertices: Array, camera: Camera, corner: Array) -> NDArray[np.bool_]:
    """Where (AROUND, AROUND) the lids of an eye are open."""
    rims = lid_rims(side)
    inner, outer = rims.corners
    outline = np.concatenate([[inner], rims.upper, [outer], rims.lower[::-1]])
    points = camera.project(vertices[outline]) - corner - 0.5
    mask = np.zeros((AROUND, AROUND), dtype=np.uint8)
    cv2.fillPoly(mask, [np.round(points * 2**_SHIFT).astype(np.int32)], 1, shift=_SHIFT)
    return mask > 0


def _grown(shown: NDArray[np.bool_], side: int) -> NDArray[np.bool_]:
    grown: NDArray[np.bool_] = cv2.dilate(shown.astype(np.uint8), np.ones((side, side), np.uint8)) > 0
    return grown
