"""Where a photo's eyes look and what colour they are: the dark disks between the lids."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ...exchange.camera import Camera
from ...exchange.eyes import EyeLook
from ...exchange.progress import Pause, no_pause
from ...geometry.mesh import triangulate
from ...geometry.raster import rasterise
from ...template import Eyeballs, load_template
from ...template.eyeballs import LIMBUS, Ball, place_balls
from .seen_skin import BUFFER, Mesh

Array = NDArray[np.float64]

#: How far (mm) from straight ahead an iris is looked for, sideways and up or down, where lids hide much of it.
SIDEWAYS, UPWARDS = 5.5, 2.0
#: An iris is expected straight ahead, with these standard deviations (mm), and how much that counts.
SPREAD, CERTAINTY = (4.0, 1.5), 0.08
#: How far (mm) from its centre the plane of an eye's iris is.
IRIS_DISTANCE = 10.2
#: What is farther (mm) from the middle between the eyes hides neither.
HIDING = 75.0
#: Less of the disk that is seen says nothing; nor do fewer pixels.
LEAST_SEEN, FEWEST_PIXELS = 0.3, 12
#: The ring of the iris in which its colour is read, as shares of its radius: pupil and edge are darker.
RING = (0.42, 0.85)
#: Quantiles of lightness between which a pixel of the ring shows the iris: lashes and shadows are darker, highlights
#: lighter.
IRIS_QUANTILES = (0.4, 0.85)
#: The quantile of lightness of an eye that is its white, the least display value of whites in ordinary light, shaded by
#: the lids, and the largest factor on those of an eye that is darker.
WHITE_QUANTILE, LEAST_WHITE, MOST_BRIGHTENED = 0.9, 140.0, 3.0
#: By how much whites are less red than the skin, as logarithm of red over blue, under whatever light.
LESS_RED = 0.08
#: Added to display values before their ratio is formed.
DARK = 10.0
#: Eyes do not turn farther (radians), nor one towards the other by more than this.
FARTHEST, SQUINT = np.radians(30.0), np.radians(14.0)


@dataclass(frozen=True)
class SeenEye:
    """What a photo shows of one eye.

    Attributes
    ----------
    gaze : (2,)
        Radians to the photo's right and upwards in the head, from straight ahead.
    pixels : (k, 3) uint8
        Of the ring of the iris.
    white : float
        Display value of what is brightest between the lids but for highlights.
    redness : float
        The logarithm of red over blue, of display values, of the brighter part of what is between the lids.
    """

    gaze: Array
    pixels: NDArray[np.uint8]
    white: float
    redness: float


def look_of(
    vertices: NDArray[np.floating], pixels: NDArray[np.uint8], camera: Camera, pause: Pause = no_pause
) -> EyeLook:
    """Gaze and colour of the eyes of a head (n, 3) in the camera's frame, in a crop (S, S, 3) of its photo."""
    seen = seen_irises(vertices, pixels, camera, pause)
    known = [eye for eye in seen if eye is not None]
    if not known:
        return EyeLook(together(seen), None)
    colour = iris_colour_of(np.concatenate([eye.pixels for eye in known]))
    white = max(eye.white for eye in known)
    return EyeLook(together(seen), None if colour is None else colour * brightening(white))


def seen_irises(
    vertices: NDArray[np.floating], pixels: NDArray[np.uint8], camera: Camera, pause: Pause = no_pause
) -> list[SeenEye | None]:
    """What a crop (S, S, 3) of a photo shows of the left and the right eye of a head (n, 3) in the camera's frame."""
    template = load_template()
    balls = place_balls(template, vertices)
    head: Mesh = (np.asarray(vertices, dtype=np.float64), template.faces)
    small = cv2.resize(pixels, (BUFFER, BUFFER), interpolation=cv2.INTER_AREA).astype(np.uint8)
    camera = camera.resized(BUFFER / len(pixels))
    eyeballs = template.place_eyeballs(vertices)
    (left, top), (right, bottom) = _window(camera.project(eyeballs))
    small = small[top:bottom, left:right]
    camera = replace(camera, centre=(camera.centre[0] - left, camera.centre[1] - top))
    shown = _shown(template.eyeballs, eyeballs, head, camera, small.shape[:2])
    pause()
    return [seen_eye(small, mask, ball, camera) for mask, ball in zip(shown, balls, strict=True)]


def whites_beside(eyes: list[SeenEye | None], skin: Array) -> float | None:
    """Display value of the whites of eyes, if they are seen: what is as red as the skin (3,) is a lid or a shadow."""
    redness = float(np.log((skin[0] + DARK) / (skin[2] + DARK)))
    whites = [eye.white for eye in eyes if eye is not None and eye.redness < redness - LESS_RED]
    return float(np.mean(whites)) if whites else None


def brightening(white: float) -> float:
    """The factor on display values after which the white of an eye, here `white`, is not darker than whites are."""
    return float(np.clip(LEAST_WHITE / max(white, 1.0), 1.0, MOST_BRIGHTENED))


def _window(points: Array) -> NDArray[np.int64]:
    """First and last but one column and row (2, 2) of the part of a picture of `BUFFER` pixels that holds points."""
    lowest = np.clip(np.floor(points.min(axis=0)), 0, BUFFER - 1)
    highest = np.clip(np.ceil(points.max(axis=0)), lowest + 1, BUFFER)
    return np.stack([lowest, highest]).astype(np.int64)


def _shown(
    eyeballs: Eyeballs, vertices: Array, head: Mesh, camera: Camera, shape: tuple[int, int]
) -> list[NDArray[np.bool_]]:
    """Where in a picture (h, w) the left and where the right eyeball is seen between its lids."""
    points = np.concatenate([vertices, head[0]])
    eyes = triangulate(eyeballs.faces)
    around = triangulate(head[1])
    middle = vertices.mean(axis=0)
    around = around[(np.linalg.norm(head[0][around] - middle, axis=2) < HIDING).any(axis=1)]
    triangles = np.concatenate([eyes, around + len(vertices)])
    seen, _ = rasterise(camera.project(points), points[:, 2], triangles, shape)
    of_left = eyeballs.groups["left"][eyes[:, 0]] > 0.5
    is_eye = (seen >= 0) & (seen < len(eyes))
    left = of_left[np.where(is_eye, seen, 0)]
    return [is_eye & left, is_eye & ~left]


def seen_eye(pixels: NDArray[np.uint8], shown: NDArray[np.bool_], ball: Ball, camera: Camera) -> SeenEye | None:
    """The iris among pixels (S, S, 3) where a ball is shown; None if too little of it is."""
    front = ball.centre + IRIS_DISTANCE * ball.forwards
    place, other = camera.project(front + np.array([(0.0, 0.0, 0.0), (1.0, 0.0, 0.0)]))
    scale = float(np.linalg.norm(other - place))
    radius = LIMBUS * scale
    side = int(np.ceil(radius))
    disk = np.hypot(*np.mgrid[-side : side + 1, -side : side + 1]) <= radius
    if shown.sum() < LEAST_SEEN * disk.sum():
        return None
    light = pixels.astype(np.float32).mean(axis=2)
    level = float(light[shown].mean())
    darkness = np.where(shown, (level - light) / max(float(light[shown].std()), 1.0), 0.0).astype(np.float32)
    score = cv2.filter2D(darkness, -1, disk.astype(np.float32), borderType=cv2.BORDER_CONSTANT)
    covered = cv2.filter2D(shown.astype(np.float32), -1, disk.astype(np.float32), borderType=cv2.BORDER_CONSTANT)
    rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    away = np.stack([columns + 0.5 - place[0], place[1] - rows - 0.5]) / scale
    score -= CERTAINTY * disk.sum() * ((away[0] / SPREAD[0]) ** 2 + (away[1] / SPREAD[1]) ** 2)
    allowed = (np.abs(away[0]) < SIDEWAYS) & (np.abs(away[1]) < UPWARDS) & (covered > LEAST_SEEN * disk.sum())
    if not allowed.any():
        return None
    row, column = np.unravel_index(int(np.argmax(np.where(allowed, score, -np.inf))), score.shape)
    distance = np.hypot(columns - column, rows - row) / radius
    ring = shown & (distance > RING[0]) & (distance < RING[1])
    if ring.sum() < FEWEST_PIXELS:
        return None
    sideways, upwards = away[:, row, column]
    seen_from = ball.rotation.T @ (sideways, upwards, 0.0)
    gaze = np.arcsin(np.clip(seen_from[:2] / IRIS_DISTANCE, -1.0, 1.0))
    white = float(np.quantile(light[shown], WHITE_QUANTILE))
    bright = pixels[shown & (light >= np.median(light[shown]))].astype(np.float64).mean(axis=0) + DARK
    redness = float(np.log(bright[0] / bright[2]))
    return SeenEye(np.clip(gaze, -FARTHEST, FARTHEST), pixels[ring], white, redness)


def together(seen: list[SeenEye | None]) -> Array:
    """Gaze (2, 2) of the left and the right eye, which look equally high and do not look away from each other."""
    known = [eye.gaze for eye in seen if eye is not None]
    if not known:
        return np.zeros((2, 2))
    both = np.stack([known[0], known[-1]])
    middle = both.mean(axis=0)
    inwards = float(np.clip((both[1, 0] - both[0, 0]) / 2, 0.0, SQUINT / 2))
    return np.array([[middle[0] - inwards, middle[1]], [middle[0] + inwards, middle[1]]])


def iris_colour_of(ring: NDArray[np.uint8]) -> Array | None:
    """The colour (3,) of the iris from pixels (k, 3) of its ring; None if there are too few."""
    if len(ring) < FEWEST_PIXELS:
        return None
    light = ring.astype(np.float64).mean(axis=1)
    low, high = np.quantile(light, IRIS_QUANTILES)
    colour: Array = np.median(ring[(light >= low) & (light <= high)], axis=0).astype(np.float64)
    return colour
