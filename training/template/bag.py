"""The bag of the mouth: from the opening inside the lips around teeth and tongue to the throat, closed there."""

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.paths import TEMPLATE_FILE

from .anatomy import ARCH_DEPTH
from .layout import HOLES, build_half, whole_head
from .part_mesh import Mesh

Points = NDArray[np.float64]
Indices = NDArray[np.int64]

MOUTH = HOLES["mouth"]
#: The bag's half axes in mm to the sides, upwards, downwards and forwards (at the upper and at the lower jaw).
WIDTH, UP, DOWN, FORWARD_UP, FORWARD_DOWN = 36.0, 27.0, 24.0, 52.0, 46.0
#: The height of its middle, and how boxy it is: exponents around and along.
MIDDLE, AROUND, ALONG = -33.0, 0.7, 0.6
#: Rings from the rim to the throat: the angle from the front, in degrees, and behind 90 degrees how far back (mm) and
#: how wide.
DOME = (62.0, 72.0, 81.0, 90.0)
TUBE = ((12.0, 1.0), (25.0, 0.94), (36.0, 0.8), (43.0, 0.5))
#: The first ring lies so far (mm) outside the rim of the head, so that no gap is seen between them.
OUTSIDE = 0.6
#: Where along the bag it follows the jaw or the skull alone and no longer the lips: the ring's number.
FREE_RING = 3


def rim_of_the_mouth() -> Indices:
    """Vertices (48,) of the head around the opening inside the lips, anticlockwise seen from the front."""
    layout = build_half()
    _faces, symmetry = whole_head(layout)
    ring = [layout.ring(MOUTH, MOUTH.rings, step) for step in range(len(MOUTH.path()))]  # lower to upper midline
    other = [int(symmetry.mirror[vertex]) for vertex in ring[1:-1]]
    return np.array(ring + other[::-1])


def bag(rim: Indices) -> tuple[Mesh, dict[str, NDArray]]:
    """The bag's mesh, seen from within, and how it follows the rim and the jaw; see `template.parts.Parts`."""
    with np.load(TEMPLATE_FILE, allow_pickle=False) as template:
        places = template["vertices"].astype(np.float64)[rim]
    count = len(rim)
    away = places - places.mean(axis=0)
    away[:, 2] = 0.0
    rings = [places + OUTSIDE * away / np.linalg.norm(away, axis=1, keepdims=True)]
    turn = -np.pi / 2 + 2 * np.pi * np.arange(count) / count
    x, y = (np.sign(f(turn)) * np.abs(f(turn)) ** AROUND for f in (np.cos, np.sin))
    height = np.where(y > 0, UP, DOWN)
    forward = FORWARD_DOWN + (FORWARD_UP - FORWARD_DOWN) * (y + 1) / 2
    for angle in np.radians(DOME):
        wide, ahead = np.sin(angle) ** ALONG, max(np.cos(angle), 0.0) ** ALONG
        rings.append(np.column_stack([WIDTH * wide * x, MIDDLE + height * wide * y, ARCH_DEPTH + forward * ahead]))
    for back, share in TUBE:
        ring = rings[len(DOME)].copy()
        ring[:, :2] = (0.0, MIDDLE) + share * (ring[:, :2] - (0.0, MIDDLE))
        ring[:, 2] = ARCH_DEPTH - back
        rings.append(ring)
    vertices = np.concatenate(rings)
    index = np.arange(len(vertices)).reshape(-1, count)
    following = np.roll(index, -1, axis=1)
    faces = np.stack([index[:-1], following[:-1], following[1:], index[1:]], axis=-1).reshape(-1, 4)
    end, end_faces = _end(rings[-1], index[-1], len(vertices))
    columns = np.tile(np.arange(count), len(rings))
    depth = np.repeat(np.clip(np.arange(len(rings)) / FREE_RING, 0.0, 1.0), count)
    vertices = np.concatenate([vertices, end])
    faces = np.concatenate([faces, end_faces])
    extra = len(end)
    low = np.clip((MIDDLE + 6.0 - vertices[:, 1]) / 12.0, 0.0, 1.0)
    far = np.clip((vertices[:, 2] - 15.0) / 35.0, 0.0, 1.0)  # the throat stays
    uvs = _uvs(rings, end)[faces]
    mesh = Mesh(vertices, faces, uvs, {"mouth_bag": np.ones(len(vertices))}, np.zeros(len(faces), dtype=np.int64))
    return mesh, {
        "bag_columns": np.concatenate([columns, np.zeros(extra)]).astype(np.int32),
        "bag_depths": np.concatenate([depth, np.ones(extra)]).astype(np.float32),
        "bag_jaw": (low * far).astype(np.float32),
    }


def _end(ring: Points, numbers: Indices, first: int) -> tuple[Points, Indices]:
    """Inner vertices and quads that close a ring (4 k, 3) with a grid, turned like the bag's faces."""
    side = len(ring) // 4
    border = [(i, 0) for i in range(side)] + [(side, j) for j in range(side)]
    border += [(side - i, side) for i in range(side)] + [(0, side - j) for j in range(side)]
    start = border.index((side // 2, 0))
    border = border[start:] + border[:start]
    number = {place: int(numbers[k]) for k, place in enumerate(border)}
    inner = [(i, j) for i in range(1, side) for j in range(1, side)]
    number |= {place: first + k for k, place in enumerate(inner)}
    place_of = {place: ring[k] for k, place in enumerate(border)}
    points = []
    for i, j in inner:
        u, v = i / side, j / side
        left, right, below, above = place_of[0, j], place_of[side, j], place_of[i, 0], place_of[i, side]
        corners = (1 - u) * (1 - v) * place_of[0, 0] + u * (1 - v) * place_of[side, 0]
        corners = corners + (1 - u) * v * place_of[0, side] + u * v * place_of[side, side]
        points.append((1 - u) * left + u * right + (1 - v) * below + v * above - corners)
    squares = [(i, j) for i in range(side) for j in range(side)]
    quads = [(number[i, j], number[i + 1, j], number[i + 1, j + 1], number[i, j + 1]) for i, j in squares]
    return np.array(points) - (0.0, 0.0, 3.0), np.array(quads)


def _uvs(rings: list[Points], end: Points) -> Points:
    """The bag spread out around the throat, from within."""
    count, around = len(rings), len(rings[0])
    turn = -np.pi / 2 + 2 * np.pi * np.arange(around) / around
    circle = np.stack([np.cos(turn), np.sin(turn)], axis=1)
    spread = [0.5 + 0.48 * (1 - number / (count + 1)) * circle for number in range(count)]
    middle, last = end[:, :2].mean(axis=0), rings[-1][:, :2]
    share = 0.96 * 2 / (count + 1) / np.ptp(last, axis=0)
    turned = (end[:, :2] - middle) * share / 2
    return np.concatenate([*spread, 0.5 + 0.9 * turned])
