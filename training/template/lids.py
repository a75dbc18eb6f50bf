"""Lashes, tear lines and the flesh in the corners of the eyes, in quads of this project's own, tied to the lids.

A lash is a three-sided tube that becomes thinner and bends away from the opening. The tear line is a thin wedge between
the lower lid and the ball. The corners are a band all around the eye, from the lids to the ball, which swells into the
caruncle at the inner corner.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.template.lid_parts import COLUMNS, OUTER, LidBinding

from .part_mesh import Mesh

Points = NDArray[np.float64]

#: Rows of a lash from root to tip, and its sides.
ROWS, SIDES = 4, 3
#: Radius (mm) of a lash at its root and its tip.
THICK, THIN = 0.085, 0.012
#: Roots lie a little before the edge, in the skin.
ROOT_ROW, ROOT_DEPTH = -0.12, 0.1
#: How much lashes differ: in length, in direction (radians), and in place (columns).
UNEVEN_LENGTH, UNEVEN_TURN, UNEVEN_PLACE = 0.09, 0.07, 0.12


@dataclass(frozen=True)
class Row:
    """The lashes of one lid.

    Attributes
    ----------
    count : int
    first, last : float
        Columns of the ring between which they grow, from the inner to the outer corner of the eye.
    shortest, longest : float
        In mm; the longest are a little outside the middle.
    rise : (start, end)
        Angles in degrees between a lash and the direction away from the ball, towards the skin, at root and tip.
    fan : (inner, outer)
        Angles in degrees by which the innermost and the outermost lean outwards.
    """

    count: int
    first: float
    last: float
    shortest: float
    longest: float
    rise: tuple[float, float]
    fan: tuple[float, float]


LASHES = {
    "upper_lashes": Row(46, COLUMNS - 3.2, OUTER + 1.3, 4.5, 9.0, (-22.0, 45.0), (-18.0, 36.0)),
    "lower_lashes": Row(30, 5.0, OUTER - 1.8, 2.6, 5.0, (-4.0, 43.0), (-12.0, 26.0)),
}
#: Towards the corners of the eye, where the skin rises, lashes bend so much less, over this share of their row.
CORNER_BEND, CORNER_SHARE = 0.45, 0.25
#: Bands around the eye: rows of the lid, how far on the way to the ball; the caruncle's height and reach in columns.
BAND = ((0.75, 0.0), (0.85, 0.25), (0.9, 0.5), (0.9, 0.75), (0.9, 1.0))
CARUNCLE, CARUNCLE_REACH, CARUNCLE_START = 0.8, 2.6, 0.5
#: The tear line's columns, its rows as in `BAND`, how far inwards it meets the ball and its height over both (mm).
TEAR_COLUMNS = np.linspace(1.5, OUTER - 0.8, 36)
TEAR = ((0.7, 0.0, 0.0, -0.05), (0.9, 0.45, 0.35, 0.10), (0.9, 1.0, 0.5, 0.03))


def lid_parts() -> dict[str, tuple[Mesh, LidBinding]]:
    """The three parts; vertices of the meshes are where the binding puts them, and not known here."""
    return {"lashes": _lashes(), "tear_lines": _tear_lines(), "eye_corners": _corners()}


def _lashes() -> tuple[Mesh, LidBinding]:
    generator = np.random.default_rng(20)
    columns, offsets = [], []
    groups: dict[str, list[Points]] = {name: [] for name in LASHES}
    for name, row in LASHES.items():
        towards_outer = 1.0 if row.last > row.first else -1.0
        for place in np.linspace(0.0, 1.0, row.count):
            column = row.first + place * (row.last - row.first) + generator.uniform(-1, 1) * UNEVEN_PLACE
            columns.append(np.full(ROWS * SIDES, column))
            offsets.append(_lash(row, float(place), towards_outer, generator))
            for group, weights in groups.items():
                weights.append(np.full(ROWS * SIDES, float(group == name)))
    count = len(columns)
    own = np.arange(ROWS * SIDES).reshape(ROWS, SIDES)
    turned = np.roll(own, -1, axis=1)
    quads = np.stack([own[:-1], turned[:-1], turned[1:], own[1:]], axis=-1).reshape(-1, 4)
    faces = (quads + ROWS * SIDES * np.arange(count)[:, None, None]).reshape(-1, 4)
    across = (np.arange(SIDES)[:, None] + np.array([0, 1, 1, 0])) / SIDES
    up = (np.arange(ROWS - 1)[:, None] + np.array([0, 0, 1, 1])) / (ROWS - 1)
    square = np.stack(np.broadcast_arrays(across[None], up[:, None]), axis=-1).reshape(-1, 4, 2)
    strips = (np.arange(count)[:, None, None] + 0.1 + 0.8 * square[..., 0]) / count
    uvs = np.stack([strips, np.broadcast_to(square[..., 1], strips.shape)], axis=-1).reshape(-1, 4, 2)
    placed = np.concatenate(columns)
    tied = _binding(placed, np.full(len(placed), ROOT_ROW), offsets=np.concatenate(offsets))
    return _both_eyes(faces, uvs, {name: np.concatenate(each) for name, each in groups.items()}, tied)


def _lash(row: Row, place: float, towards_outer: float, generator: np.random.Generator) -> Points:
    """Offsets (ROWS * SIDES, 3) along the edge, away from the opening and away from the ball."""
    share = np.sin(np.pi * np.clip(0.08 + 0.9 * place**0.85, 0, 1)) ** 0.8
    length = (row.shortest + share * (row.longest - row.shortest)) * (1 + UNEVEN_LENGTH * generator.uniform(-1, 1))
    steps = np.linspace(0.0, 1.0, ROWS)
    bend = 1 - CORNER_BEND * max(0.0, 1 - min(place, 1 - place) / CORNER_SHARE)
    rise = np.radians(row.rise[0] + steps * (bend * row.rise[1] - row.rise[0])) + UNEVEN_TURN * generator.uniform(-1, 1)
    lean = np.radians(row.fan[0] + place * (row.fan[1] - row.fan[0])) + UNEVEN_TURN * generator.uniform(-1, 1)
    heading = np.column_stack(
        [np.full(ROWS, np.sin(lean) * towards_outer), np.cos(lean) * np.sin(rise), np.cos(lean) * np.cos(rise)]
    )
    middle = np.cumsum(np.vstack([np.zeros(3), (heading[1:] + heading[:-1]) / 2 * length / (ROWS - 1)]), axis=0)
    middle[:, 2] -= ROOT_DEPTH
    beside = np.cross(heading, (0.0, 1.0, 0.0))
    beside /= np.linalg.norm(beside, axis=1, keepdims=True)
    over = np.cross(heading, beside)
    turn = 2 * np.pi * np.arange(SIDES) / SIDES
    circle = np.cos(turn)[None, :, None] * beside[:, None] + np.sin(turn)[None, :, None] * over[:, None]
    radius = THICK + steps * (THIN - THICK)
    return (middle[:, None] + radius[:, None, None] * circle).reshape(-1, 3)


def _tear_lines() -> tuple[Mesh, LidBinding]:
    rows, ends = len(TEAR), np.minimum(1.0, np.minimum(np.arange(36), np.arange(36)[::-1]) / 6.0)
    column = np.repeat(TEAR_COLUMNS, rows)
    row, on_ball, inwards, height = (np.tile(each, len(TEAR_COLUMNS)) for each in np.array(TEAR).T)
    thin = np.repeat(ends, rows)
    offsets = np.zeros((len(column), 3))
    offsets[:, 2] = np.where(height > 0, 0.03 + (height - 0.03) * thin, height)
    tied = _binding(column, row, on_ball, np.where(inwards > 0, 0.05 + inwards * thin, 0.0), offsets)
    faces, uvs = _strip(len(TEAR_COLUMNS), rows, closed=False)
    return _both_eyes(faces, uvs, {"tear_line": np.ones(len(column))}, tied)


def _corners() -> tuple[Mesh, LidBinding]:
    rows, around = len(BAND), np.arange(2 * COLUMNS) / 2
    column = np.repeat(around, rows)
    row, on_ball = (np.tile(each, len(around)) for each in np.array(BAND).T)
    from_inner = np.minimum(column, COLUMNS - column)
    near = np.exp(-((from_inner / CARUNCLE_REACH) ** 2))
    swelling = CARUNCLE * near * np.sin(np.pi * np.clip(on_ball, 0, 1)) ** 0.7
    offsets = np.zeros((len(column), 3))
    offsets[:, 2] = np.where(on_ball == 0, -0.05, 0.0)
    tied = _binding(column, row - CARUNCLE_START * near * (1 - on_ball), on_ball, None, offsets, swelling)
    faces, uvs = _strip(len(around), rows, closed=True)
    flesh = (near[faces].mean(axis=1) < 0.4).astype(np.int64)
    return _both_eyes(faces, uvs, {"caruncle": near, "conjunctiva": 1 - near}, tied, flesh)


def _strip(columns: int, rows: int, *, closed: bool) -> tuple[NDArray[np.int64], Points]:
    """Quads between columns of so many vertices each, and their UVs."""
    index = np.arange(columns * rows).reshape(columns, rows)
    number = np.arange(columns if closed else columns - 1)
    first, second = index[number], index[(number + 1) % columns]
    faces = np.stack([first[:, :-1], second[:, :-1], second[:, 1:], first[:, 1:]], axis=-1).reshape(-1, 4)
    u = (number[:, None, None] + np.array([0, 1, 1, 0])) / len(number)
    v = (np.arange(rows - 1)[None, :, None] + np.array([0, 0, 1, 1])) / (rows - 1)
    return faces, np.stack(np.broadcast_arrays(u, v), axis=-1).reshape(-1, 4, 2)


def _binding(
    columns: Points,
    rows: Points,
    on_ball: Points | None = None,
    inwards: Points | None = None,
    offsets: Points | None = None,
    swelling: Points | None = None,
) -> LidBinding:
    """That of a left eye; what is not given is 0."""
    nothing = np.zeros(len(columns))
    return LidBinding(
        sides=np.zeros(len(columns), dtype=np.int64),
        columns=columns,
        rows=rows,
        on_ball=nothing if on_ball is None else on_ball,
        inwards=nothing if inwards is None else inwards,
        offsets=np.zeros((len(columns), 3)) if offsets is None else offsets,
        swelling=nothing if swelling is None else swelling,
    )


def _both_eyes(
    faces: NDArray[np.int64],
    uvs: Points,
    groups: dict[str, Points],
    tied: LidBinding,
    materials: NDArray[np.int64] | None = None,
) -> tuple[Mesh, LidBinding]:
    """A part on both eyes, from that of the left one: the same places mirrored, so that faces run the other way."""
    count = len(tied.columns)
    sides = {name: np.concatenate([each, each]) for name, each in vars(tied).items() if name != "sides"}
    halves = [uvs * (0.5, 1.0), (uvs * (0.5, 1.0) + (0.5, 0.0))[:, ::-1]]
    mesh = Mesh(
        np.zeros((2 * count, 3)),
        np.concatenate([faces, count + faces[:, ::-1]]),
        np.concatenate(halves),
        {name: np.concatenate([each, each]) for name, each in groups.items()},
        np.zeros(2 * len(faces), dtype=np.int64) if materials is None else np.tile(materials, 2),
    )
    return mesh, LidBinding(sides=np.repeat([0, 1], count), **sides)
