"""The topology of one half of the head: a grid of quads in which the features are rings.

Seen from the front, the half head is a rectangle of columns (from the front midline, past the ear, to the back midline)
and rows (from the hairline to the neck's last loop). The eye, the mouth, the nostril and the ear are rectangular holes
of that grid, each filled by concentric rings, so that loops run around every feature; the crown is a second, small grid
sewn to the first row. Poles arise only at the corners of those rectangles.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Key = tuple[str, int, int]

COLUMNS = {
    "philtrum": 3,
    "nose": 7,
    "eye_inner": 10,
    "eye_outer": 21,
    "ear_front": 31,
    "ear_back": 35,
    "back": 45,
}
ROWS = {
    "hairline": 0,
    "brow": 9,
    "ear_top": 13,
    "eye_bottom": 17,
    "wing_top": 21,
    "wing_bottom": 26,
    "mouth_top": 28,
    "ear_bottom": 29,
    "mouth_bottom": 38,
    "chin": 44,
    "throat": 48,
    "neck": 53,
}
CROWN_WIDTH = 11


@dataclass(frozen=True)
class Hole:
    """A rectangle of the grid filled by `rings` concentric rings, and by a small grid in the middle if `closed`."""

    name: str
    left: int
    right: int
    top: int
    bottom: int
    rings: int
    capped: bool

    @property
    def on_midline(self) -> bool:
        """Whether the rectangle is cut by the front midline, so that its rings are half rings."""
        return self.left == 0

    def path(self) -> list[tuple[int, int]]:
        """Grid positions (column, row) around the rectangle, anticlockwise seen from outside the head."""
        left, right, top, bottom = self.left, self.right, self.top, self.bottom
        down = [(left, row) for row in range(top, bottom)]
        across = [(column, bottom) for column in range(left, right)]
        up = [(right, row) for row in range(bottom, top, -1)]
        if self.on_midline:
            return across + up + [(column, top) for column in range(right, left - 1, -1)]
        return down + across + up + [(column, top) for column in range(right, left, -1)]

    def contains_quad(self, column: int, row: int) -> bool:
        """Whether the grid quad with this upper inner corner lies in the rectangle."""
        return self.left <= column < self.right and self.top <= row < self.bottom


#: By their names.
HOLES = {
    hole.name: hole
    for hole in (
        Hole("eye", COLUMNS["eye_inner"], COLUMNS["eye_outer"], ROWS["brow"], ROWS["eye_bottom"], 11, False),
        Hole("mouth", 0, COLUMNS["nose"], ROWS["mouth_top"], ROWS["mouth_bottom"], 12, False),
        Hole("nostril", COLUMNS["philtrum"], COLUMNS["nose"], ROWS["wing_top"], ROWS["wing_bottom"], 6, True),
        Hole("ear", COLUMNS["ear_front"], COLUMNS["ear_back"], ROWS["ear_top"], ROWS["ear_bottom"], 8, True),
    )
}


@dataclass
class HalfLayout:
    """Vertices of the half head by key, and its quads (m, 4), anticlockwise from outside."""

    index: dict[Key, int] = field(default_factory=dict)
    quads: list[tuple[int, int, int, int]] = field(default_factory=list)

    def vertex(self, name: str, first: int, second: int) -> int:
        """Index of a vertex, made when it is first asked for; all names but the grid's alias its border to the grid."""
        return self.index.setdefault((name, first, second), len(self.index))

    def grid(self, column: int, row: int) -> int:
        """Vertex of the main grid."""
        return self.vertex("grid", column, row)

    def ring(self, hole: Hole, ring: int, step: int) -> int:
        """Vertex `step` of a hole's ring; ring 0 is the border of the rectangle."""
        path = hole.path()
        if not hole.on_midline:
            step %= len(path)
        if ring == 0:
            return self.grid(*path[step])
        return self.vertex(hole.name, ring, step)

    def crown(self, column: int, row: int) -> int:
        """Vertex of the crown's grid: column 0 on the midline, row 0 at the front."""
        length = COLUMNS["back"] - 2 * CROWN_WIDTH
        if row == 0:
            return self.grid(column, 0)
        if row == length:
            return self.grid(COLUMNS["back"] - column, 0)
        if column == CROWN_WIDTH:
            return self.grid(CROWN_WIDTH + row, 0)
        return self.vertex("crown", column, row)


def build_half() -> HalfLayout:
    """Lay out the half head."""
    layout = HalfLayout()
    layout.quads.extend(_grid_quads(layout))
    for hole in HOLES.values():
        layout.quads.extend(_ring_quads(layout, hole))
        if hole.capped:
            layout.quads.extend(_cap_quads(layout, hole))
    layout.quads.extend(_crown_quads(layout))
    return layout


Quads = Iterator[tuple[int, int, int, int]]


def _grid_quads(layout: HalfLayout) -> Quads:
    for row in range(ROWS["neck"]):
        for column in range(COLUMNS["back"]):
            if not any(hole.contains_quad(column, row) for hole in HOLES.values()):
                corners = ((0, 0), (0, 1), (1, 1), (1, 0))
                first, second, third, fourth = (layout.grid(column + i, row + j) for i, j in corners)
                yield first, second, third, fourth


def _ring_quads(layout: HalfLayout, hole: Hole) -> Quads:
    steps = len(hole.path()) - (1 if hole.on_midline else 0)
    for ring in range(hole.rings):
        for step in range(steps):
            yield (
                layout.ring(hole, ring, step),
                layout.ring(hole, ring, step + 1),
                layout.ring(hole, ring + 1, step + 1),
                layout.ring(hole, ring + 1, step),
            )


def _cap_quads(layout: HalfLayout, hole: Hole) -> Quads:
    position = {place: step for step, place in enumerate(hole.path())}

    def vertex(column: int, row: int) -> int:
        if (column, row) in position:
            return layout.ring(hole, hole.rings, position[column, row])
        return layout.vertex(f"{hole.name} cap", column, row)

    for row in range(hole.top, hole.bottom):
        for column in range(hole.left, hole.right):
            yield (
                vertex(column, row),
                vertex(column, row + 1),
                vertex(column + 1, row + 1),
                vertex(column + 1, row),
            )


def _crown_quads(layout: HalfLayout) -> Quads:
    for row in range(COLUMNS["back"] - 2 * CROWN_WIDTH):
        for column in range(CROWN_WIDTH):
            yield (
                layout.crown(column, row),
                layout.crown(column + 1, row),
                layout.crown(column + 1, row + 1),
                layout.crown(column, row + 1),
            )


def midline(layout: HalfLayout) -> NDArray[np.bool_]:
    """Which vertices (n,) of the half head lie on the plane of symmetry."""
    on_plane = np.zeros(len(layout.index), dtype=bool)
    for (name, first, second), vertex in layout.index.items():
        half_rings = {hole.name: len(hole.path()) - 1 for hole in HOLES.values() if hole.on_midline}
        if name == "grid":
            on_plane[vertex] = first in (0, COLUMNS["back"])
        elif name == "crown":
            on_plane[vertex] = first == 0
        elif name in half_rings:
            on_plane[vertex] = second in (0, half_rings[name])
    return on_plane


@dataclass(frozen=True)
class Symmetry:
    """How the whole head arises from its half: for each vertex its half vertex and whether it is the mirrored copy."""

    source: NDArray[np.int64]
    mirrored: NDArray[np.bool_]
    mirror: NDArray[np.int64]

    def unfold(self, half: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (h, 3) of the half head as points (n, 3) of the whole head, mirrored in x."""
        points = half[self.source].copy()
        points[self.mirrored, 0] *= -1
        return points


def whole_head(layout: HalfLayout) -> tuple[NDArray[np.int64], Symmetry]:
    """Quads (m, 4) of the whole head, the half of positive x first, and its symmetry."""
    on_plane = midline(layout)
    half = np.array(layout.quads, dtype=np.int64)
    count = len(on_plane)
    other = np.arange(count)
    other[~on_plane] = count + np.arange(np.count_nonzero(~on_plane))
    source = np.concatenate([np.arange(count), np.flatnonzero(~on_plane)])
    mirrored = np.arange(len(source)) >= count
    mirror = np.concatenate([other, np.flatnonzero(~on_plane)])
    quads = np.concatenate([half, other[half][:, [0, 3, 2, 1]]])
    return quads, Symmetry(source, mirrored, mirror)
