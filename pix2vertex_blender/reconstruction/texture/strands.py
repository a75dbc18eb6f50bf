"""Single hairs that hang before plain skin: long, thin, and darker than the skin on both sides of them.

They are found as DullRazor does (Lee, Ng, Gallagher, Coldman and McLean 1997): a closing along short lines in several
directions fills what is thinner than these, and what it fills is a hair if it hangs together over some length. Faces,
unlike the skin there, have wrinkles besides, but these run across forehead and temples or lie in folds. A hair is
replaced by the skin on both sides.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

from ...exchange.camera import Camera
from ...exchange.progress import Pause, no_pause
from ...geometry.mesh import triangulate
from ...geometry.raster import interpolate, rasterise
from ...template import Template
from .folds import distance_from_line, fold_lines
from .seen_skin import BUFFER, SeenSkin

Array = NDArray[np.float64]
Map = NDArray[np.float32]

#: Pixels to a millimetre in which hairs are looked for, at most.
FINEST = 3.0
#: Millimetres: what is thinner is filled, hairs are at least so long, and what is replaced beside them.
WIDEST, SHORTEST, BESIDE = 2.6, 22.0, 0.6
#: Directions of the lines.
DIRECTIONS = 8
#: Logarithms of display values by which a hair is darker than the skin around it, on half of its pixels and on all.
#: (Of hairs drawn on six rendered older people, on whose skin none is found, 12 of 18 that darken it by a fifth are,
#: 16 of 18 by a third, all of those by a half, none by a tenth.)
SURE, AT_ALL = 0.09, 0.06
#: Of its length: its width and how far it bends aside at most. The cosine to the horizontal of the head from where on
#: it is a wrinkle, and the cosine to a fold's line from where on it is that fold, if it is nearer than this (mm) to it.
SLENDER, BENT, ACROSS, ALONG, NEAR = 0.2, 0.2, 0.8, 0.93, 9.0
#: Millimetres over which the skin beside it is averaged.
AROUND = 1.6
#: Where hairs are looked for, and how much a vertex belongs at most to what is not touched.
PLAIN_GROUPS = ("cheeks", "forehead", "nose", "jaw", "chin")
OTHER_GROUPS = {"brow": 0.2, "eyelids": 0.2, "eye_socket": 0.2, "nostril_interior": 0.2} | dict.fromkeys(
    ("upper_lip", "lower_lip", "mouth_interior"), 0.6
)
#: Added to display values before their logarithm is formed.
DARK = 10.0


def without_strands(
    vertices: Array,
    level: Template,
    seen: SeenSkin,
    pixels: NDArray[np.uint8],
    camera: Camera,
    pause: Pause = no_pause,
) -> NDArray[np.uint8]:
    """The crop (S, S, 3) of a photo without the hairs that hang singly before the face.

    Parameters
    ----------
    vertices : (n, 3)
        The registered head at the template's level, in the camera's frame.
    level : Template
    seen : SeenSkin
    pixels : (S, S, 3)
    camera : Camera
        From millimetres to the crop's pixels.
    pause : Pause
    """
    resting = _at_rest(vertices, level, seen, camera.resized(BUFFER / len(pixels)), pause)
    shown = np.isfinite(resting[..., 0])
    if not shown.any():
        return pixels
    share = len(pixels) / BUFFER
    small, window = [], []
    for axis in (1, 0):
        first, last = np.flatnonzero(shown.any(axis=axis))[[0, -1]]
        small.append(slice(first, last + 1))
        window.append(slice(int(share * first), int(np.ceil(share * (last + 1)))))
    part = pixels[tuple(window)]
    factor = min(1.0, FINEST / camera.scale)
    size = tuple(max(8, round(factor * length)) for length in part.shape[1::-1])
    looked_at = cv2.resize(part, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    places = cv2.resize(resting[tuple(small)], size, interpolation=cv2.INTER_LINEAR)
    found = find_strands(looked_at, places, camera.scale * factor, fold_lines(level), pause)
    if not found.any():
        return pixels
    result = pixels.copy()
    result[tuple(window)] = _filled(part, looked_at, found, camera.scale * factor)
    return result


def find_strands(
    pixels: Map, places: Map, millimetre: float, folds: list[Array], pause: Pause = no_pause
) -> NDArray[np.bool_]:
    """Which pixels (h, w) show a single hair.

    Parameters
    ----------
    pixels : (h, w, 3)
        Display values in [0, 255].
    places : (h, w, 2)
        Where plain skin that is seen there lies on the head at rest, in millimetres from in front; NaN elsewhere.
    millimetre : float
        Pixels.
    folds : list of (k, 2)
        Points of the lines along which faces fold, likewise.
    pause : Pause
    """
    # Red and blond hair are darker than skin in green and blue.
    grey = np.log(pixels[..., 1:].mean(axis=-1) + DARK)
    depth = _closed(grey, WIDEST * millimetre, pause) - grey
    candidates = (depth > AT_ALL) & np.isfinite(places[..., 0])
    count, part, boxes, _ = cv2.connectedComponentsWithStats(candidates.astype(np.uint8), connectivity=8)
    pause()
    extent = np.hypot(boxes[:, cv2.CC_STAT_WIDTH], boxes[:, cv2.CC_STAT_HEIGHT])
    strands = np.zeros(count, dtype=bool)
    for number in np.flatnonzero(extent > 0.7 * SHORTEST * millimetre):
        if number:
            where = part == number
            dark = bool(np.median(depth[where]) > SURE)
            strands[number] = dark and _is_strand(places[where], where.sum() / millimetre**2, folds)
    found: NDArray[np.bool_] = strands[part]
    return found


def _is_strand(places: NDArray[np.floating], area: float, folds: list[Array]) -> bool:
    """Whether what covers places (k, 2) on the head at rest, and an area in mm² of the picture, has a hair's shape."""
    _, axes = np.linalg.eigh(np.cov(places.T))
    along = axes[:, 1]
    aside, length = np.ptp(places @ axes, axis=0)
    slender = area / length < min(WIDEST, SLENDER * length)
    if length < SHORTEST or aside > BENT * length or not slender or abs(along[0]) > ACROSS:
        return False
    for line in folds:
        chord = line[-1] - line[0]
        if abs(chord @ along) > ALONG * np.linalg.norm(chord) and np.median(distance_from_line(places, line)) < NEAR:
            return False
    return True


def _closed(grey: Map, width: float, pause: Pause) -> Map:
    """Brightness (h, w) in which what is thinner than a width in pixels, in any direction, is filled."""
    half = max(1, round(width / 2))
    result = grey
    for angle in np.arange(DIRECTIONS) * np.pi / DIRECTIONS:
        line = np.zeros((2 * half + 1, 2 * half + 1), np.uint8)
        end = half * np.array([np.cos(angle), np.sin(angle)])
        first, last = (tuple(np.rint(half + sign * end).astype(int).tolist()) for sign in (-1, 1))
        cv2.line(line, first, last, 1)
        result = np.maximum(result, cv2.morphologyEx(grey, cv2.MORPH_CLOSE, line))
        pause()
    return result


def _at_rest(vertices: Array, level: Template, seen: SeenSkin, camera: Camera, pause: Pause) -> Map:
    """Where the skin in a picture of `BUFFER` pixels lies on the head at rest, from in front (BUFFER, BUFFER, 2).

    Where it is not plain skin that is seen, this is NaN.
    """
    plain = np.max([level.groups[name] for name in PLAIN_GROUPS], axis=0) > 0.3
    other = np.any([level.groups[name] > most for name, most in OTHER_GROUPS.items()], axis=0)
    shown = plain & ~other & (seen.at_all > 0.5)
    resting = np.where(shown[:, None], level.vertices[:, :2], np.nan)
    triangles = triangulate(level.faces)
    drawn = rasterise(camera.project(vertices), vertices[:, 2], triangles, (BUFFER, BUFFER), pause)
    return interpolate(resting, triangles, *drawn).astype(np.float32)


def _filled(part: NDArray[np.uint8], small: Map, found: NDArray[np.bool_], millimetre: float) -> NDArray[np.uint8]:
    """A part (H, W, 3) of a photo in which what was found on the same part at another size (h, w) is as around it."""
    wide = max(1, round(BESIDE * millimetre))
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * wide + 1, 2 * wide + 1))
    cover = cv2.dilate(found.astype(np.float32), disk)
    weights = 1 - cover
    deviation = AROUND * millimetre
    around = cv2.GaussianBlur(small * weights[..., None], (0, 0), deviation)
    around /= np.maximum(cv2.GaussianBlur(weights, (0, 0), deviation), 1e-4)[..., None]
    size = part.shape[1::-1]
    share = cv2.resize(cv2.GaussianBlur(cover, (0, 0), 0.5 * wide), size, interpolation=cv2.INTER_LINEAR)[..., None]
    mixed = part + share * (cv2.resize(around, size, interpolation=cv2.INTER_LINEAR) - part)
    result: NDArray[np.uint8] = np.clip(np.rint(mixed), 0, 255).astype(np.uint8)
    return result
