"""The template's UVs: where the seams run, how large each island is and where it lies."""

import itertools

import numpy as np
from numpy.typing import NDArray

from . import anatomy
from .layout import COLUMNS, CROWN_WIDTH, HOLES, ROWS, HalfLayout, Symmetry
from .unwrap import Cut, cut, islands, slim, tutte

Points = NDArray[np.float64]
Indices = NDArray[np.int64]
SEAM_RINGS = {"eye": anatomy.LID_BORDER_RING, "mouth": anatomy.LIP_CONTACT_RING, "nostril": 4, "ear": 1}
CROWN_SEAM_END = 9
FACE_SCALE, EAR_SCALE, ELSEWHERE_SCALE = 1.0, 0.8, 0.5
ITERATIONS = 40
GAP = 0.01


def seams(layout: HalfLayout, symmetry: Symmetry) -> set[tuple[int, int]]:
    """Seam edges of the whole head: up the back to the crown, around the ears, inside lids, lips and nostrils."""
    length = COLUMNS["back"] - 2 * CROWN_WIDTH
    lines = [[layout.grid(COLUMNS["back"], row) for row in range(ROWS["neck"], -1, -1)]]
    lines.append([layout.crown(0, row) for row in range(length, CROWN_SEAM_END - 1, -1)])
    for name, ring in SEAM_RINGS.items():
        hole = HOLES[name]
        steps = len(hole.path()) - (1 if hole.on_midline else 0)
        lines.append([layout.ring(hole, ring, step) for step in range(steps + 1)])
    edges = set()
    for line in lines:
        for vertices in (line, [int(symmetry.mirror[vertex]) for vertex in line]):
            edges |= {(min(pair), max(pair)) for pair in itertools.pairwise(vertices)}
    return edges


def texture_coordinates(
    faces: Indices, points: Points, groups: dict[str, NDArray[np.float64]], seam_edges: set[tuple[int, int]]
) -> Points:
    """UVs (m, 4, 2) of the whole head in [0, 1] (v upwards)."""
    opened = cut(faces, seam_edges)
    face, ears = (groups[name][faces].mean(axis=1) for name in ("face", "ears"))
    scale = ELSEWHERE_SCALE + (FACE_SCALE - ELSEWHERE_SCALE) * face + (EAR_SCALE - ELSEWHERE_SCALE) * ears
    twin = _twins(opened, len(faces) // 2)
    flat = np.zeros((len(opened.vertex), 2))
    boxes: list[Indices] = []
    done: set[int] = set()
    for rows in islands(opened.corners):
        used, local = np.unique(opened.corners[rows], return_inverse=True)
        boxes.append(used)
        if int(used[0]) in done:
            continue
        quads = local.reshape(-1, 4).astype(np.int64)
        space = points[opened.vertex[used]]
        flat[used] = slim(quads, space, scale[rows], tutte(quads, space, len(used)), ITERATIONS)
        if np.isin(twin[used], used).all():
            flat[used] = _symmetric(flat[used], np.searchsorted(used, twin[used]), space)
        else:
            flat[used] = _upright(flat[used], space)
            flat[twin[used]] = flat[used] * (-1, 1)
            done |= set(twin[used].tolist())
    _pack(flat, boxes)
    return flat[opened.corners]


def _twins(opened: Cut, half: int) -> Indices:
    """The cut vertex on the other side of each; the second half of the faces mirrors the first, face by face."""
    twin = np.zeros(len(opened.vertex), dtype=np.int64)
    left, right = opened.corners[:half], opened.corners[half:][:, [0, 3, 2, 1]]
    twin[left], twin[right] = right, left
    return twin


def _symmetric(places: Points, twin: Indices, space: Points) -> Points:
    """Turn an island that mirrors itself upright and make it exactly symmetric about a vertical line at 0."""
    apart = places - places[twin]
    across = np.linalg.eigh(apart.T @ apart)[1][:, 1]
    across = across * np.sign((places @ across - (places @ across).mean()) @ space[:, 0])
    x, y = places @ across, places @ np.array([-across[1], across[0]])
    return np.stack([(x - x[twin]) / 2, (y + y[twin]) / 2 - y.mean()], axis=1)


def _upright(places: Points, space: Points) -> Points:
    """Turn an island so that up in space is up on the plane."""
    centred = places - places.mean(axis=0)
    slope = np.linalg.lstsq(centred, space[:, 1] - space[:, 1].mean(), rcond=None)[0]
    slope /= np.linalg.norm(slope)
    return centred @ np.array([[slope[1], slope[0]], [-slope[0], slope[1]]])


def _pack(flat: Points, boxes: list[Indices]) -> None:
    """Put the first island on top and the others in one row below it, and scale all into the unit square."""
    main = boxes[0]
    flat[main] -= flat[main].min(axis=0)
    width = flat[main][:, 0].max()
    gap = GAP * width
    cursor, row_height = 0.0, 0.0
    for used in sorted(boxes[1:], key=lambda used: float(np.ptp(flat[used][:, 1]))):
        flat[used] -= flat[used].min(axis=0)
        size = flat[used].max(axis=0)
        if cursor + size[0] > width:
            raise ValueError("the small islands do not fit in one row")
        flat[used, 0] += cursor
        cursor += size[0] + gap
        row_height = max(row_height, size[1])
    flat[main, 1] += row_height + gap
    flat *= (1 - 2 * GAP) / flat.max()
    flat += (1 - flat.max(axis=0)) / 2
