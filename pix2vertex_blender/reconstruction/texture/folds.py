"""Shadows that lie in the folds of a face: beside nose and mouth, above the chin and below the eyes.

No light that is fitted to normals explains them, since the registered head is smoother than the face, and the skin
around them shines into them, which makes them redder than shade elsewhere, so that they do not pass for plain skin
either. What tells them from beards and birthmarks is where they lie, and that they are narrow and not as dark as hair:
they are valleys of the brightness, which a closing (Serra 1982) fills to the height of both their sides.
"""

from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from ...geometry.texels import TexelGrid
from ...template import Template
from ...template.texels import texels_per_millimetre
from ..photo.sampling import look_up, smoothstep

Array = NDArray[np.float64]
Map = NDArray[np.float32]

#: Millimetres: a valley is no wider than this, and what is averaged before it is looked for and beside it.
WIDEST, FINE, BESIDE = 15.0, 1.0, 6.0
#: Logarithms of display values by which a place is darker than both sides: from where on that is a shadow, from where
#: on all of it, and from where to where it is too dark for one.
BEGINS, FULL, TOO_DARK = 0.01, 0.06, (0.6, 0.9)
#: The direction of redder hues, by how much skin may be redder and greener than plain skin, and what has another hue.
REDDER, MOST_RED, MOST_GREEN = np.array([2.0, -1.0, -1.0]) / np.sqrt(6), 0.1, 0.03
#: Lips are no greener than that either, and brows no greener than grey hair is.
LIPS, MOST_GREEN_HAIR = ("upper_lip", "lower_lip", "mouth_interior"), 0.2
#: The same for yellower hues, which are bluish the other way: where light is too strong for the photo, skin has them,
#: and in deep shade under lamps of several colours. (The true ones of 18 rendered people have their 2nd and 98th
#: percentiles at -0.01 and 0.)
YELLOWER, MOST_YELLOW, MOST_BLUE = np.array([0.0, 1.0, -1.0]) / np.sqrt(2), 0.04, 0.04
COLOURED_GROUPS = ("brow", "upper_lip", "lower_lip", "mouth_interior", "nostril_interior")
#: How surely a texel has to be skin.
KNOWN = 0.3
#: The share of a shadow that is taken out, and of its hue.
TAKEN, TAKEN_HUE = 0.95, 0.9
#: Millimetres from a fold's line up to which all is taken out, and from where on nothing.
NEAR, FAR = 6.0, 13.0
#: No fold lies on these, which have colours of their own.
OTHER_GROUPS = ("brow", "upper_lip", "lower_lip", "mouth_interior", "eye_socket", "nostril_interior")
#: A vertex with more of one of them than this shows no skin.
OWN = 0.15
#: The share of the skin of lids on which creases are looked for: lashes are dark for good.
ON_LIDS = 0.4
#: Texels along each side of the map on which valleys are looked for.
LARGEST_MAP = 512
#: Lines as steps in millimetres, outwards and upwards, from landmarks of the right and of the left side.
LINES: dict[str, tuple[tuple[int, int], tuple[tuple[float, float], ...]]] = {
    "beside the nose": ((31, 35), ((3, 7), (9, -3), (16, -14), (20, -24))),
    "beside the mouth": ((48, 54), ((2, 2), (7, -10), (10, -24))),
    "of the smile": ((48, 54), ((13, 12), (17, 0), (15, -14))),
    "above the chin": ((57, 57), ((0, -6), (10, -5), (18, -2))),
    "below the eye": ((39, 42), ((2, -6), (12, -12), (24, -11))),
}


def fold_shadows(difference: Array, seen: Array, level: Template, grid: TexelGrid) -> Array:
    """Logarithms (n, 3) of the factors on display values that take the shadows in folds out, 0 elsewhere.

    Parameters
    ----------
    difference : (n, 3)
        Logarithms of the display values without light minus those of plain skin.
    seen : (n,)
        How well the photo shows each vertex, in [0, 1].
    level : Template
        Of the vertices.
    grid : TexelGrid
        The texels of its layout.
    """
    near = fold_share(level) * seen
    own = np.max([level.groups[name] for name in OTHER_GROUPS], axis=0)
    drawn = grid.interpolate(np.column_stack([difference, seen * (own < OWN) * level.groups["face"]]))
    if len(drawn) > LARGEST_MAP:
        drawn = cv2.resize(drawn, (LARGEST_MAP, LARGEST_MAP), interpolation=cv2.INTER_AREA)
    millimetre = texels_per_millimetre(level.layout) * len(drawn)
    filled = _shadows(drawn[..., :3], np.where(grid_covered(grid, len(drawn)), drawn[..., 3], 0), millimetre)
    shadows = near[:, None] * _at_vertices(filled, level)
    return shadows + seen[:, None] * _like_skin(difference + shadows, seen, level)


def _like_skin(difference: Array, seen: Array, level: Template) -> Array:
    """Logarithms (n, 3) of factors that take out hues skin has not: red that shines into creases, green, blown out."""
    skin = np.prod([1 - level.groups[name] for name in COLOURED_GROUPS], axis=0)
    lips = np.max([level.groups[name] for name in LIPS], axis=0)
    hue = difference - difference.mean(axis=1, keepdims=True)
    redder, yellower = hue @ REDDER, hue @ YELLOWER
    less_red = skin * (np.clip(redder, -MOST_GREEN, MOST_RED) - redder) + lips * np.maximum(-MOST_GREEN - redder, 0)
    less_red += level.groups["brow"] * np.maximum(-MOST_GREEN_HAIR - redder, 0)
    yellower = yellower - np.median(yellower[skin * seen > 0.9]) if (skin * seen > 0.9).any() else yellower
    less_yellow = skin * (np.clip(yellower, -MOST_BLUE, MOST_YELLOW) - yellower)
    factors: Array = less_red[:, None] * REDDER + less_yellow[:, None] * YELLOWER
    return factors


def grid_covered(grid: TexelGrid, size: int) -> NDArray[np.bool_]:
    """Which texels (size, size) lie in a face of the template."""
    small = cv2.resize(grid.covered.astype(np.uint8), (size, size), interpolation=cv2.INTER_NEAREST)
    covered: NDArray[np.bool_] = small > 0
    return covered


def fold_share(level: Template) -> Array:
    """How far (n,) the vertices of a level lie in a fold of most faces, in [0, 1]."""
    places = level.vertices[:, :2]
    distance = np.full(len(places), np.inf)
    for line in fold_lines(level):
        distance = np.minimum(distance, distance_from_line(places, line))
    own = np.prod([1 - level.groups[name] for name in OTHER_GROUPS], axis=0)
    lids = 1 - (1 - ON_LIDS) * level.groups["eyelids"]
    share: Array = own * lids * level.groups["face"] * smoothstep((FAR - distance) / (FAR - NEAR))
    return share


def fold_lines(level: Template) -> list[Array]:
    """Points (k, 2), in millimetres at rest from in front, of the lines along which most faces fold."""
    return [
        level.vertices[level.landmarks_68[landmark], :2] + np.array(steps) * (side, 1)
        for landmarks, steps in LINES.values()
        for side, landmark in zip((-1, 1), landmarks, strict=True)
    ]


def distance_from_line(places: Array, line: Array) -> Array:
    """Distance (n,) of places (n, 2) from a line of points (k, 2)."""
    nearest = np.full(len(places), np.inf)
    for start, end in pairwise(line):
        along = end - start
        share = np.clip((places - start) @ along / (along @ along), 0, 1)
        nearest = np.minimum(nearest, np.linalg.norm(places - start - share[:, None] * along, axis=1))
    return nearest


def _shadows(difference: Map, known: Map, millimetre: float) -> Map:
    """What lifts shadows (h, w, 3) to the skin on both sides of them, on the texture's map."""
    fine = _averaged(difference, known, FINE * millimetre)
    brightness = fine.mean(axis=-1)
    width = max(3, 2 * round(WIDEST * millimetre / 2) + 1)
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    # Where a lip lies beside a fold, plain skin, which is 0, is its other side.
    highest = cv2.dilate(np.where(known > KNOWN, brightness, np.float32(0)), disk)
    sides = cv2.erode(np.where(known > KNOWN, highest, np.float32(10)), disk)
    depth = np.where(known > KNOWN, sides - brightness, 0)
    dark = smoothstep((depth - BEGINS) / (FULL - BEGINS)) * smoothstep((TOO_DARK[1] - depth) / np.ptp(TOO_DARK))
    hue = fine - brightness[..., None]
    around = _averaged(hue, known * (1 - dark).astype(np.float32), BESIDE * millimetre)
    lifted = TAKEN * np.maximum(depth - BEGINS, 0)[..., None] + TAKEN_HUE * (around - hue)
    result: Map = (dark[..., None] * lifted).astype(np.float32)
    return result


def _averaged(values: Map, weights: Map, deviation: float) -> Map:
    """Values (h, w, c) averaged over what counts."""
    total = cv2.GaussianBlur(values * weights[..., None], (0, 0), deviation)
    result: Map = total / (cv2.GaussianBlur(weights, (0, 0), deviation) + np.float32(1e-4))[..., None]
    return result


def _at_vertices(drawn: Map, level: Template) -> Array:
    """What a map (h, h, c) on the template's UVs says of the vertices (n, c) of a level."""
    places = np.zeros((len(level.vertices), 2))
    places[level.faces.ravel()] = level.uvs.reshape(-1, 2)
    columns, rows = ((places * (1, -1) + (0, 1)) * len(drawn) - 0.5).astype(np.float32).T
    return look_up(np.ascontiguousarray(drawn), columns, rows).astype(np.float64)
