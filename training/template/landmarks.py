"""Which vertices are the 68 iBUG landmarks, and the eye and mouth corners."""

import numpy as np
from numpy.typing import NDArray

from . import anatomy
from .layout import HOLES, HalfLayout, Symmetry, midline
from .pins import Pins
from .surface import MeanHead

Points = NDArray[np.float64]
MIRRORED = {
    **{i: 16 - i for i in range(17)},
    **{i: 43 - i for i in range(17, 27)},
    **{i: i for i in range(27, 31)},
    **{i: 66 - i for i in range(31, 36)},
    **{36: 45, 37: 44, 38: 43, 39: 42, 40: 47, 41: 46, 42: 39, 43: 38, 44: 37, 45: 36, 46: 41, 47: 40},
    **{i: 102 - i for i in range(48, 55)},
    **{i: 114 - i for i in range(55, 60)},
    **{i: 124 - i for i in range(60, 65)},
    **{i: 132 - i for i in range(65, 68)},
}
#: The landmark that each becomes in a mirror image.
MIRROR = np.array([MIRRORED[number] for number in range(68)])
RINGS = (
    (range(42, 48), "eye", anatomy.LID_EDGE_RING),
    (range(48, 60), "mouth", 5),
    (range(60, 68), "mouth", anatomy.LIP_CONTACT_RING),
)


def landmark_vertices(layout: HalfLayout, points: Points, head: MeanHead) -> dict[int, int]:
    """Half vertex of each landmark with x >= 0: the nearest one of the right ring or area."""
    on_plane = midline(layout)
    rings = {HOLES[name]: ring for _, name, ring in RINGS}
    loose = np.ones(len(points), dtype=bool)
    for hole in rings:
        for ring in range(1, hole.rings + 1):
            loose[[layout.ring(hole, ring, step) for step in range(len(hole.path()))]] = False
    vertices: dict[int, int] = {}
    for number, place in enumerate(head.landmarks):
        if place[0] < -0.1:
            continue
        allowed = np.flatnonzero(loose)
        for numbers, name, ring in RINGS:
            if number in numbers:
                allowed = np.array([layout.ring(HOLES[name], ring, step) for step in range(len(HOLES[name].path()))])
        allowed = allowed[on_plane[allowed] == (abs(place[0]) < 0.1)]
        allowed = np.setdiff1d(allowed, list(vertices.values()))
        vertices[number] = int(allowed[np.argmin(np.linalg.norm(points[allowed] - place, axis=1))])
    return vertices


def landmark_pins(vertices: dict[int, int], head: MeanHead) -> Pins:
    """Positions of the landmarks' vertices: exactly on the model's landmarks."""
    pins = {}
    for number, vertex in vertices.items():
        other = head.landmarks[MIRRORED[number]] * (-1, 1, 1)
        pins[vertex] = (head.landmarks[number] + other) / 2
    return pins


def all_landmarks(vertices: dict[int, int], symmetry: Symmetry) -> NDArray[np.int64]:
    """Vertices (68,) of the whole head, in iBUG order."""
    return np.array(
        [vertices[i] if i in vertices else symmetry.mirror[vertices[MIRRORED[i]]] for i in range(68)], dtype=np.int64
    )
