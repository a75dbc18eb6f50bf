"""Lashes, tear lines and the corners of the eyes in a head: tied to its lids, they follow them with each expression.

A lash turns with its lid about the ball; a tear line lies between the lower lid and the ball, and the corners close
what is open between the lids and the ball. Like all shape keys they go straight from place to place, as the lids do.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from ..exchange.mouth import MouthPart
from ..geometry.mesh import normalise, unique_edges
from ..template import load_template, subdivision_matrix
from ..template.eyeballs import Ball
from ..template.lid_parts import COLUMNS, LID_PARTS, LidBinding
from ..template.parts import load_parts
from .names import ARKIT_NAMES, PHOTO_EXPRESSION
from .rims import lid_rims

Array = NDArray[np.float64]

#: Edges of lids are where the first subdivision has them, which is near where all finer ones do.
LEVEL = 1
#: Farther (mm) from the axis of sight than this, at the inner and at the outer corner, the ball turns away: what is
#: tied to it meets it here at the latest.
BALL_REACH = (9.8, 11.4)
#: What closes the corners goes so deep (mm) into the ball.
SUNK = 0.3
#: The corners' swelling is whole where the lids are farther apart (mm) than this.
WIDE_APART = 2.5
#: Displacements (mm) below this are none.
LEAST = 0.05


@dataclass(frozen=True)
class LidFrames:
    """The three lines around an eye in a head: on the skin, on the edges of the lids, and on their inner borders.

    Attributes
    ----------
    lines : (3, COLUMNS, 3)
        In millimetres.
    ball : Ball
    side : int
    """

    lines: Array
    ball: Ball
    side: int

    @classmethod
    def of(cls, head: NDArray[np.floating], ball: Ball, side: int) -> "LidFrames":
        """Those of a head (n, 3) at level 0."""
        return cls((_line_matrix(side) @ head).reshape(3, COLUMNS, 3), ball, side)

    def place(self, tied: LidBinding, curve: sparse.csr_matrix, slope: sparse.csr_matrix) -> Array:
        """Vertices (v, 3) that are tied to the lids; `curve` and `slope` (v, COLUMNS) are theirs along the lines."""
        skin, edge, border = (curve @ line for line in self.lines)
        row = tied.rows[:, None]
        root = edge + np.maximum(row, 0.0) * (border - edge) + np.maximum(-row, 0.0) * (skin - edge)
        point = root + tied.on_ball[:, None] * (self._behind(root, tied) - root)
        outwards = normalise(point - self.ball.centre)
        along = slope @ self.lines[1]
        along = normalise(along - (along * outwards).sum(axis=1, keepdims=True) * outwards)
        away = np.cross(along, outwards) * (1.0, -1.0)[self.side]
        height = tied.offsets[:, 2] + tied.swelling * self._openness(curve)
        result: Array = point + tied.offsets[:, :1] * along + tied.offsets[:, 1:2] * away + height[:, None] * outwards
        return result

    def _behind(self, points: Array, tied: LidBinding) -> Array:
        """Where the ball is behind points (v, 3), along the line of sight."""
        to_outer = (1 - np.cos(2 * np.pi * tied.columns / COLUMNS)) / 2
        farthest = BALL_REACH[0] + to_outer * (BALL_REACH[1] - BALL_REACH[0])
        forwards = self.ball.forwards
        from_centre = points - self.ball.centre
        depth = from_centre @ forwards
        beside = from_centre - depth[:, None] * forwards
        distance = np.linalg.norm(beside, axis=1)
        nearer = np.clip(distance - tied.inwards, 0.0, farthest)
        aside = beside * (nearer / np.maximum(distance, 1e-9))[:, None]
        on_sphere = aside + np.sqrt(self.ball.radius**2 - nearer**2)[:, None] * forwards
        direction = normalise(on_sphere)
        reach = self.ball.reach(self.ball.centre + direction)
        result: Array = self.ball.centre + (reach - np.where(tied.inwards > 0, 0.0, SUNK))[:, None] * direction
        return result

    def _openness(self, curve: sparse.csr_matrix) -> Array:
        """From 0 where the lids are closed to 1 (v,), at the vertices of `curve`."""
        edge = self.lines[1]
        apart = np.linalg.norm(edge - edge[-np.arange(COLUMNS) % COLUMNS], axis=1)
        return np.clip((curve @ apart) / WIDE_APART, 0.0, 1.0)


def place_lid_parts(
    basis: NDArray[np.floating],
    balls: Sequence[Ball],
    offsets: NDArray[np.floating] | None = None,
    photo: NDArray[np.floating] | None = None,
) -> tuple[MouthPart, ...]:
    """The parts on the lids of a head, and how they move.

    Parameters
    ----------
    basis : (n, 3)
        The head when all its shape keys are 0, at level 0, upright, in millimetres.
    balls : (left, right)
        Its eyeballs, which stay.
    offsets : (52, n, 3), optional
        What each of ARKit's expressions adds to the basis; without them the parts do not move.
    photo : (n, 3), optional
        What the photo's expression adds to the basis.
    """
    known = {} if offsets is None else dict(zip(ARKIT_NAMES, offsets, strict=True))
    if photo is not None:
        known[PHOTO_EXPRESSION] = photo
    still = placed(_together(), basis, balls)
    moves = {
        key: placed(_together(), basis + added, balls) - still for key, added in known.items() if _moves_lids(added)
    }
    parts, start = [], 0
    for name in LID_PARTS:
        own = slice(start, start := start + len(load_parts().lid_bindings[name].sides))
        parts.append(MouthPart.of(name, still[own], {key: move[own] for key, move in moves.items()}, LEAST))
    return tuple(parts)


def placed(tied: LidBinding, head: NDArray[np.floating], balls: Sequence[Ball]) -> Array:
    """Vertices (v, 3) tied to the lids of a head (n, 3) at level 0."""
    result = np.empty((len(tied.sides), 3))
    for side, ball in enumerate(balls):
        own = tied.sides == side
        part = LidBinding(**{name: values[own] for name, values in vars(tied).items()})
        result[own] = LidFrames.of(head, ball, side).place(part, *_splines(part.columns.tobytes()))
    return result


@cache
def _together() -> LidBinding:
    """All of `LID_PARTS`, one after the other: placed at once they take half of the time."""
    bindings = [vars(load_parts().lid_bindings[name]) for name in LID_PARTS]
    return LidBinding(**{name: np.concatenate([each[name] for each in bindings]) for name in bindings[0]})


def _moves_lids(added: NDArray[np.floating]) -> bool:
    """Whether what an expression adds (n, 3) moves anything around the eyes."""
    return any(bool(np.abs(added[_lines(side)]).max() > LEAST) for side in (0, 1))


@cache
def _splines(columns: bytes) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Matrices (v, COLUMNS) of a Catmull-Rom spline through the columns, and of its slope, at some places (v,)."""
    places = np.frombuffer(columns, dtype=np.float64)
    start = np.floor(places).astype(np.int64)
    t = (places - start)[:, None]
    value = np.hstack([-t + 2 * t**2 - t**3, 2 - 5 * t**2 + 3 * t**3, t + 4 * t**2 - 3 * t**3, t**3 - t**2]) / 2
    slope = np.hstack([-1 + 4 * t - 3 * t**2, -10 * t + 9 * t**2, 1 + 8 * t - 9 * t**2, 3 * t**2 - 2 * t]) / 2
    taps = (start[:, None] + np.arange(-1, 3)) % COLUMNS
    rows = np.repeat(np.arange(len(places)), 4)
    shape = (len(places), COLUMNS)
    curve, along = (sparse.csr_matrix((each.ravel(), (rows, taps.ravel())), shape) for each in (value, slope))
    return curve, along


@cache
def _line_matrix(side: int) -> sparse.csr_matrix:
    """Matrix (3 COLUMNS, n): where the vertices of the three lines lie when the head is subdivided."""
    return subdivision_matrix(LEVEL)[_lines(side).ravel()].tocsr()


@cache
def _lines(side: int) -> NDArray[np.intp]:
    """The vertices (3, COLUMNS) of the three lines around an eye."""
    template, rims = load_template(), lid_rims(("left", "right")[side])
    edge = np.concatenate([rims.corners[:1], rims.lower, rims.corners[1:], rims.upper[::-1]])
    pairs = unique_edges(template.faces)
    pairs = np.concatenate([pairs, pairs[:, ::-1]])
    behind = set(template.eyeballs.lids[side].tolist())
    on_edge = set(edge.tolist())
    border, skin = [], []
    for vertex in edge:
        others = pairs[pairs[:, 0] == vertex, 1].tolist()
        border.append(next(each for each in others if each in behind))
        skin.append(next(each for each in others if each not in behind and each not in on_edge))
    return np.array([skin, edge, border])
