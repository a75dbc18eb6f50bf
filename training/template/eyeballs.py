"""An eyeball of quads: white, concave iris, pupil, and a cornea in front of them as a shell of its own."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.template.eyeballs import CORNEA_APEX, LIMBUS, RADIUS

Points = NDArray[np.float64]
SEGMENTS = 24
CAP = 6
#: UV places of what is not seen from the front of the white: the cap behind, and the cornea.
BACK_CENTRE, CORNEA_CENTRE, APART = np.array([0.08, 0.08]), np.array([0.92, 0.08]), 0.07
#: Rings by the angle in degrees that they have seen from the ball's centre, and how far forward they lie in mm.
PUPIL = ((5.0, 8.5), (9.5, 9.2))
IRIS = ((14.0, 9.35), (19.0, 9.55), (24.0, 9.8), (28.5, 10.1))
WHITE_ANGLES = (30.5, 35.0, 42.0, 52.0, 66.0, 80.0, 96.0, 112.0, 128.0, 144.0, 158.0)
#: Rings of the cornea as shares of its rim's radius; the rim is hidden a little under the white.
CORNEA_SHARES = (0.3, 0.55, 0.75, 0.9, 1.0)
RIM, HIDDEN = 1.03, 0.12


@dataclass(frozen=True)
class Ball:
    """One eyeball in mm around its own centre, looking along +z.

    Vertices (n, 3), faces (m, 4), uvs (m, 4, 2) and groups {name: (n,)}.
    """

    vertices: Points
    faces: NDArray[np.int64]
    uvs: Points
    groups: dict[str, Points]


def eyeball() -> Ball:
    """The ball with its iris, closed in front and behind by small grids of quads, and the cornea after it.

    UVs show the ball from the front, equally spaced by angle, so that an iris painted as a disk fits; the cap behind
    and the cornea lie apart in corners.
    """
    angles = np.radians([angle for angle, _ in PUPIL + IRIS] + list(WHITE_ANGLES))
    radii = RADIUS * np.sin(angles)
    depths = np.array([depth for _, depth in PUPIL + IRIS] + list(RADIUS * np.cos(angles[len(PUPIL + IRIS) :])))
    white = _Rings(radii, depths)
    front, front_faces = white.cap(0, 0)
    back, back_faces = white.cap(-1, len(front))
    back_faces = back_faces[:, ::-1]
    front_depth = np.full(len(front), depths[0] - 0.1)
    back_depth = -np.sqrt(RADIUS**2 - (back**2).sum(axis=1))
    vertices = np.concatenate(
        [white.vertices, np.column_stack([front, front_depth]), np.column_stack([back, back_depth])]
    )
    faces = np.concatenate([white.faces, front_faces, back_faces])
    seen_angle = np.concatenate(
        [np.repeat(angles, SEGMENTS), angles[0] * np.hypot(*front.T) / radii[0], np.full(len(back), np.pi)]
    )
    direction = vertices[:, :2] / np.maximum(np.linalg.norm(vertices[:, :2], axis=1, keepdims=True), 1e-9)
    from_front = 0.5 + 0.495 / angles[-1] * seen_angle[:, None] * direction
    from_behind = BACK_CENTRE + APART / radii[-1] * vertices[:, :2] * (-1, 1)
    uvs = from_front[faces]
    uvs[-len(back_faces) :] = from_behind[back_faces]
    shell, shell_faces = _cornea()
    shell_uvs = CORNEA_CENTRE + APART / (RIM * LIMBUS) * shell[:, :2]
    groups = {
        "pupil": seen_angle <= np.radians(PUPIL[-1][0]) + 1e-9,
        "iris": seen_angle <= np.radians(IRIS[-1][0]) + 1e-9,
    }
    groups = {name: np.concatenate([inside, np.zeros(len(shell))]).astype(float) for name, inside in groups.items()}
    return Ball(
        vertices=np.concatenate([vertices, shell]),
        faces=np.concatenate([faces, shell_faces + len(vertices)]),
        uvs=np.concatenate([uvs, shell_uvs[shell_faces]]),
        groups=groups | {"cornea": np.repeat([0.0, 1.0], [len(vertices), len(shell)])},
    )


def _cornea() -> tuple[Points, NDArray[np.int64]]:
    """Vertices and faces of the part of a sphere that bulges over the iris."""
    rim_depth = np.sqrt(RADIUS**2 - LIMBUS**2)
    height = CORNEA_APEX - rim_depth
    radius = (LIMBUS**2 + height**2) / (2 * height)

    def depth(distance: Points) -> Points:
        return CORNEA_APEX - radius + np.sqrt(radius**2 - distance**2)

    radii = RIM * LIMBUS * np.array(CORNEA_SHARES)
    depths = depth(radii)
    depths[-1] = np.sqrt(RADIUS**2 - radii[-1] ** 2) - HIDDEN
    rings = _Rings(radii, depths)
    cap, cap_faces = rings.cap(0, 0)
    vertices = np.concatenate([rings.vertices, np.column_stack([cap, depth(np.linalg.norm(cap, axis=1))])])
    return vertices, np.concatenate([rings.faces, cap_faces])


class _Rings:
    """Rings of SEGMENTS vertices around the z axis with radii and depths (k,), the foremost first."""

    def __init__(self, radii: Points, depths: Points) -> None:
        around = 2 * np.pi * np.arange(SEGMENTS) / SEGMENTS
        x, y = (np.outer(radii, turn(around)).ravel() for turn in (np.cos, np.sin))
        self.vertices = np.column_stack([x, y, np.repeat(depths, SEGMENTS)])
        self._index = np.arange(len(self.vertices)).reshape(-1, SEGMENTS)
        following = np.roll(self._index, -1, axis=1)
        index = self._index
        self.faces = np.stack([index[:-1], index[1:], following[1:], following[:-1]], axis=-1).reshape(-1, 4)

    def cap(self, ring: int, further: int) -> tuple[Points, NDArray[np.int64]]:
        """Inner vertices (x, y) and quads of a square grid that fills a ring; `further` vertices come before its."""
        rim, first = self._index[ring], len(self.vertices) + further
        steps = np.arange(CAP + 1)
        border = [(CAP, k) for k in range(CAP)] + [(CAP - k, CAP) for k in range(CAP)]
        border += [(0, CAP - k) for k in range(CAP)] + [(k, 0) for k in range(CAP)]
        start = border.index((CAP, CAP // 2))
        number = {place: int(rim[k]) for k, place in enumerate(border[start:] + border[:start])}
        inner = [(i, j) for i in steps[1:-1] for j in steps[1:-1]]
        number |= {place: first + k for k, place in enumerate(inner)}
        x, y = (2 * np.array(inner, dtype=np.float64) / CAP - 1).T
        radius = np.linalg.norm(self.vertices[rim[0], :2])
        disk = radius * np.column_stack([x * np.sqrt(1 - y * y / 2), y * np.sqrt(1 - x * x / 2)])
        squares = [(i, j) for i in range(CAP) for j in range(CAP)]
        quads = [(number[i, j], number[i + 1, j], number[i + 1, j + 1], number[i, j + 1]) for i, j in squares]
        return disk, np.array(quads)
