"""Two eyeballs: spheres of quads with loops for the pupil and the iris around the axis of sight."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]
SEGMENTS = 24
CAP = 6
BACK_CENTRE, BACK_RADIUS = np.array([0.08, 0.08]), 0.07
PUPIL_ANGLES = (5.0, 9.5)
IRIS_ANGLES = (13.0, 17.0, 21.0, 24.0)
SCLERA_ANGLES = (26.0, 32.0, 40.0, 52.0, 66.0, 80.0, 96.0, 112.0, 128.0, 144.0, 158.0)


@dataclass(frozen=True)
class Ball:
    """One unit eyeball looking along +z: vertices (n, 3), faces (m, 4), uvs (m, 4, 2) and groups {name: (n,)}."""

    vertices: Points
    faces: NDArray[np.int64]
    uvs: Points
    groups: dict[str, Points]


def unit_eyeball() -> Ball:
    """Rings around the axis, closed in front and behind by a small grid of quads.

    UVs show the ball from the front, equally spaced by angle, so that an iris painted as a disk fits; the cap behind
    lies apart in a corner.
    """
    angles = np.radians(np.array(PUPIL_ANGLES + IRIS_ANGLES + SCLERA_ANGLES))
    around = 2 * np.pi * np.arange(SEGMENTS) / SEGMENTS
    rings = len(angles)
    polar = np.stack(np.broadcast_arrays(angles[:, None], around[None]), axis=-1).reshape(-1, 2)
    index = np.arange(rings * SEGMENTS).reshape(rings, SEGMENTS)
    following = np.roll(index, -1, axis=1)
    side = np.stack([index[:-1], index[1:], following[1:], following[:-1]], axis=-1).reshape(-1, 4)
    front, front_faces = _cap(index[0], angles[0], len(polar))
    back, back_faces = _cap(index[-1], np.pi - angles[-1], len(polar) + len(front))
    back[:, 0] = np.pi - back[:, 0]
    polar = np.concatenate([polar, front, back])
    faces = np.concatenate([side, front_faces, back_faces[:, ::-1]])
    vertices = np.stack(
        [np.sin(polar[:, 0]) * np.cos(polar[:, 1]), np.sin(polar[:, 0]) * np.sin(polar[:, 1]), np.cos(polar[:, 0])],
        axis=1,
    )
    direction = np.stack([np.cos(polar[:, 1]), np.sin(polar[:, 1])], axis=1)
    from_front = 0.5 + 0.495 / angles[-1] * polar[:, :1] * direction
    from_behind = BACK_CENTRE + BACK_RADIUS * (np.pi - polar[:, :1]) / (np.pi - angles[-1]) * direction * (-1, 1)
    uvs = from_front[faces]
    uvs[-len(back_faces) :] = from_behind[faces[-len(back_faces) :]]
    groups = {
        "pupil": (polar[:, 0] <= np.radians(PUPIL_ANGLES[-1]) + 1e-9).astype(float),
        "iris": (polar[:, 0] <= np.radians(IRIS_ANGLES[-1]) + 1e-9).astype(float),
    }
    return Ball(vertices, faces, uvs, groups)


def _cap(rim: NDArray[np.int64], angle: float, first: int) -> tuple[Points, NDArray[np.int64]]:
    """Inner vertices (polar angle, azimuth) and quads of a square grid that fills a ring of SEGMENTS vertices."""
    steps = np.arange(CAP + 1)
    border = [(CAP, k) for k in range(CAP)] + [(CAP - k, CAP) for k in range(CAP)]
    border += [(0, CAP - k) for k in range(CAP)] + [(k, 0) for k in range(CAP)]
    start = border.index((CAP, CAP // 2))
    number = {place: int(rim[k]) for k, place in enumerate(border[start:] + border[:start])}
    inner = [(i, j) for i in steps[1:-1] for j in steps[1:-1]]
    number |= {place: first + k for k, place in enumerate(inner)}
    polar = []
    for i, j in inner:
        x, y = 2 * i / CAP - 1, 2 * j / CAP - 1
        u, v = x * np.sqrt(1 - y * y / 2), y * np.sqrt(1 - x * x / 2)
        polar.append((angle * np.hypot(u, v), np.arctan2(v, u)))
    quads = [
        (number[i, j], number[i + 1, j], number[i + 1, j + 1], number[i, j + 1]) for i in range(CAP) for j in range(CAP)
    ]
    return np.array(polar), np.array(quads)
