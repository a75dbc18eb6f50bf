"""Vertex groups of the head, by place on the mean face and by ring."""

import numpy as np
from numpy.typing import NDArray

from . import anatomy
from .layout import HOLES, HalfLayout, Symmetry

Points = NDArray[np.float64]
Weights = NDArray[np.float64]

# Lower edge of the jaw, then of the skull behind the ear: z, y.
JAW_Z = (-75, -25, -2, 10, 25, 60, 80, 90, 104)
JAW_Y = (-48, -40, -30, -42, -54, -76, -85, -88, -95)
# Upper edge of the brows, and the height that parts forehead and temples from the cheeks: x, y.
BROW = ((8, 38, 62), (57, 62.5, 51))
EYE_LINE = ((0, 20, 62, 80), (48, 46, 40, 38))


def ramp(distance: Weights, width: float = 6.0) -> Weights:
    """0 to 1 across `width` around a distance of zero."""
    return np.clip(distance / width + 0.5, 0, 1)


def visible_face(points: Points) -> Weights:
    """The region in which the network sees a face: in front of the ears, below the hairline, above the throat."""
    _, y, z = points.T
    inside = np.minimum.reduce([z - 26, 112 - y, y + 23 + 0.93 * (z - 30)])
    return ramp(inside, 20.0)


def vertex_groups(layout: HalfLayout, symmetry: Symmetry, half: Points) -> dict[str, Weights]:
    """Weights (n,) in [0, 1] on the whole head by name.

    The anatomical groups and the interiors of mouth, eye sockets and nostrils add up to 1 at every vertex; "face" is
    what the network sees; "left" and "right" add up to 1.
    """
    rings = {name: rings_of(layout, name) for name in HOLES}
    parts = _partition(_masks(layout, rings, half))
    interior = parts["mouth_interior"] + parts["eye_socket"] + parts["nostril_interior"]
    parts["face"] = visible_face(half) * (1 - parts["ears"]) * np.where(interior < 0.5, 1.0, 0.0)
    groups = {name: weights[symmetry.source] for name, weights in parts.items()}
    on_plane = symmetry.mirror == np.arange(len(symmetry.mirror))
    groups["left"] = np.select([on_plane, symmetry.mirrored], [0.5, 0.0], 1.0)
    groups["right"] = 1 - groups["left"]
    return groups


def _masks(layout: HalfLayout, rings: dict[str, Weights], half: Points) -> dict[str, Weights]:
    """Where each group may be, the first one winning."""
    x, y, z = half.T
    below_jaw = np.interp(z, JAW_Z, JAW_Y) - y
    around_mouth = ramp(rings["mouth"] - 2.0, 2.0)
    upper = _upper_lip(layout).astype(np.float64)
    above_brow = y - np.interp(x, *BROW)
    return {
        "mouth_interior": (rings["mouth"] > anatomy.LIP_CONTACT_RING).astype(float),
        "eye_socket": (rings["eye"] > anatomy.LID_BORDER_RING).astype(float),
        "nostril_interior": (rings["nostril"] > anatomy.NOSTRIL_RIM_RING).astype(float),
        "ears": ramp(rings["ear"] - 0.5, 1.0),
        "neck": ramp(below_jaw, 10.0),
        "scalp": ramp(np.maximum(np.minimum(12 - z, y + 60), y - 102 + 0.4 * np.clip(60 - z, 0, 48)), 12.0),
        "upper_lip": around_mouth * upper,
        "lower_lip": around_mouth * (1 - upper),
        "eyelids": ramp(rings["eye"] - 3.0, 2.0),
        "nose": np.maximum(_nose_bridge(half), ramp(rings["nostril"] + 0.5, 1.0)),
        "brow": ramp(5.5 - np.abs(above_brow)) * ramp(x - 7) * ramp(66 - x) * ramp(z - 64),
        "chin": ramp(-50 - y + 0.1 * x) * ramp(25 - x),
        "jaw": ramp(below_jaw + 32, 12.0) * ramp(z - 2),
        "forehead": ramp(y - np.interp(x, *EYE_LINE), 10.0),
        "cheeks": np.ones(len(half)),
    }


def _nose_bridge(half: Points) -> Weights:
    x, y, z = half.T
    width = np.interp(y, (-12, 5, 15, 35, 48), (17, 19, 15, 10, 11))
    return ramp(np.minimum.reduce([width - x, y + 12, 50 - y, z - 95]), 4.0)


def _partition(masks: dict[str, Weights]) -> dict[str, Weights]:
    """Give each group what the groups before it left over."""
    left_over = np.ones(len(next(iter(masks.values()))))
    parts = {}
    for name, mask in masks.items():
        parts[name] = left_over * mask
        left_over = left_over - parts[name]
    return parts


def rings_of(layout: HalfLayout, name: str) -> Weights:
    """Number of the ring of each half vertex around a feature, the cap one more than the last ring, -1 outside."""
    rings = np.full(len(layout.index), -1.0)
    hole = HOLES[name]
    for (kind, first, _), vertex in layout.index.items():
        if kind == name:
            rings[vertex] = first
        elif kind == f"{name} cap":
            rings[vertex] = hole.rings + 1
    rings[[layout.ring(hole, 0, step) for step in range(len(hole.path()))]] = 0
    return rings


def _upper_lip(layout: HalfLayout) -> NDArray[np.bool_]:
    """Half vertices of the mouth's rings above the corner."""
    upper = np.zeros(len(layout.index), dtype=bool)
    corner = len(HOLES["mouth"].path()) // 2
    for (kind, _, step), vertex in layout.index.items():
        upper[vertex] = kind == "mouth" and step > corner
    return upper
