"""Vertex groups of the head, by place on the mean face and by ring."""

import numpy as np
from numpy.typing import NDArray

from training.template import anatomy
from training.template.layout import HOLES, HalfLayout, Symmetry

Points = NDArray[np.float64]
Weights = NDArray[np.float64]
HOLE = {hole.name: hole for hole in HOLES}


def ramp(distance: Weights, width: float = 6.0) -> Weights:
    """0 to 1 across `width` mm around a distance of zero."""
    return np.clip(distance / width + 0.5, 0, 1)


def visible_face(points: Points) -> Weights:
    """The region in which the network sees a face: in front of the ears, below the hairline, above the throat."""
    x, y, z = points.T
    inside = np.minimum.reduce([z - 26, 112 - y, y + 23 + 0.93 * (z - 30)])
    return ramp(inside, 20.0)


def vertex_groups(layout: HalfLayout, symmetry: Symmetry, half: Points) -> dict[str, Weights]:
    """Weights (n,) in [0, 1] on the whole head by name."""
    x, y, z = half.T
    part = {name: _rings(layout, name) for name in HOLE}
    inside = part["eye"] > anatomy.LID_BORDER_RING
    inside |= part["mouth"] > anatomy.LIP_CONTACT_RING
    inside |= part["nostril"] > anatomy.NOSTRIL_RIM_RING
    ear = ramp(part["ear"] - 0.5, 1.0)
    face = np.where(inside, 0.0, visible_face(half) * (1 - ear))
    lip = ramp(part["mouth"] - 4.5, 1.0)
    upper = (_upper_lip(layout) & (part["mouth"] >= 0)).astype(float)
    nose = ramp(np.minimum.reduce([17.5 - x + np.clip(5 - y, 0, 4), y + 11.5, 46 - y, z - 97]), 5.0)
    nose = np.maximum(nose, ramp(part["nostril"] + 0.5, 1.0))
    neck = ramp(-(y + 60 + 0.55 * z - 20) - np.where(z > 20, 0.28 * (z - 20), 0), 10.0) * (1 - ear)
    front = (1 - ear) * (1 - neck)
    scalp = front * ramp(np.maximum(np.minimum(15 - z, y + 30), y - 100 + 0.35 * np.clip(60 - z, 0, 40)), 10.0)
    skin = front * (1 - scalp) * ~inside
    eyelids = ramp(part["eye"] - 3.5, 2.0) * ~inside
    brow = (
        skin
        * ramp(7 - np.abs(y - np.interp(x, [8, 38, 62], [56, 62.5, 52])))
        * ramp(x - 8)
        * ramp(64 - x)
        * ramp(z - 66)
    )
    forehead = skin * ramp(y - np.interp(x, [0, 12, 38, 62, 75], [52, 54, 61, 52, 45]))
    chin = skin * ramp(-49 - y + 0.15 * x) * ramp(24 - x)
    jaw = skin * ramp(-18 - y + 0.5 * (z - 60)) * ramp(np.maximum(45 - z, -45 - y)) * (1 - chin)
    jaw = np.maximum(jaw, skin * ramp(-50 - y) * (1 - chin))
    cheeks = skin * ramp(22 - y) * ramp(x - 17) * (1 - nose) * (1 - lip) * (1 - jaw) * (1 - chin) * ramp(z - 18)
    half_groups = {
        "face": face,
        "forehead": forehead,
        "brow": brow,
        "eyelids": eyelids,
        "nose": nose * skin,
        "cheeks": cheeks,
        "upper_lip": lip * upper * ~inside,
        "lower_lip": lip * (1 - upper) * ~inside,
        "chin": chin,
        "jaw": jaw,
        "ears": ear,
        "scalp": scalp,
        "neck": neck,
        "mouth_interior": (part["mouth"] > anatomy.LIP_CONTACT_RING).astype(float),
        "eye_socket": (part["eye"] > anatomy.LID_BORDER_RING).astype(float),
        "nostril_interior": (part["nostril"] > anatomy.NOSTRIL_RIM_RING).astype(float),
    }
    groups = {name: weights[symmetry.source] for name, weights in half_groups.items()}
    on_plane = symmetry.mirror == np.arange(len(symmetry.mirror))
    groups["left"] = np.where(on_plane, 0.5, np.where(symmetry.mirrored, 0.0, 1.0))
    groups["right"] = 1 - groups["left"]
    return groups


def _rings(layout: HalfLayout, name: str) -> NDArray[np.float64]:
    """Number of the ring of each half vertex around a feature, the cap one more than the last ring, -1 outside."""
    rings = np.full(len(layout.index), -1.0)
    hole = HOLE[name]
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
    corner = len(HOLE["mouth"].path()) // 2
    for (kind, _, step), vertex in layout.index.items():
        upper[vertex] = kind == "mouth" and step > corner
    return upper
