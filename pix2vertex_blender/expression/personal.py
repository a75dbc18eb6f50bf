"""The 52 expressions of one head: transferred, with lids that close in front of the balls and lips that meet."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from ..geometry.mesh import normalise, unique_edges
from ..reconstruction.corrections.eyelids import AVERAGES, DEEPEST, SPREAD_RINGS, lid_vertices, spread_lift
from ..template import load_template, subdivision_matrix
from ..template.eyeballs import CLEARANCE, Ball
from .names import ARKIT_NAMES
from .rims import Rims, lid_rims, lip_rims, reach_of
from .shapes import load_expressions
from .transfer import DeformationTransfer, expressive, template_gradients

Array = NDArray[np.float64]

#: Where closed lids meet, as the share of the way from the lower to the upper lid that the transfer leaves open, and up
#: to which share so that the upper lid comes no farther than this (mm). Shape keys go straight: an upper lid that is to
#: pass in front of the ball stands out the more, the farther it comes.
MEETING, MEETING_AT_MOST, FARTHEST_DOWN = 0.3, 0.9, 9.5
#: How far (mm) the edges of closed lids stay in front of the ball.
EDGE_CLEARANCE = 0.6
#: Values of a blink at which its lids are looked at on their way.
ON_THE_WAY = (0.2, 0.3, 0.4, 0.5, 0.6, 0.75, 0.9)
#: How far (mm) they stay in front of it there, at the beginning and at the end of the way: the subdivision, which
#: rounds them, takes some of it. What is asked for early counts several times over at the end.
WAY_CLEARANCE = (0.2, 0.53)
#: So often it is tried, each time with more where lids, as they are seen at these values, are not so far (mm) outside.
WAY_ROUNDS, SEEN_ON_THE_WAY, SEEN_CLEARANCE = 6, (0.25, 0.4, 0.5, 0.6, 0.75, 1.0), 0.02
#: How often the lids are closed and lifted out of the balls.
ROUNDS = 3
#: Displacements (mm) below this are none.
LEAST = 0.02
#: So many rings of vertices around those that the template's expression moves may move on another head.
REACH_RINGS = 4


def personal_expressions(
    neutral: Array, balls: Sequence[Ball], level: int = 0, names: Sequence[str] = ARKIT_NAMES
) -> NDArray[np.float32]:
    """What expressions at 1 add (k, n, 3) to a neutral head, in millimetres, in the order of their names.

    Parameters
    ----------
    neutral : (n, 3)
        A head with the template's topology at level 0, upright, in millimetres, its lids in front of the balls.
    balls : (left, right)
    level : int
        The subdivision level at which the lids shall close: subdivision rounds their edges.
    names : sequence of str
        Of `ARKIT_NAMES`; `mouthClose` not without `jawOpen`.
    """
    numbers = [ARKIT_NAMES.index(name) for name in names]
    gradients = template_gradients().some(numbers)
    offsets = DeformationTransfer(neutral, expressive()).transfer(gradients, load_expressions().offsets[numbers])
    offsets *= _reaches()[numbers][..., None]
    by_name = dict(zip(names, offsets, strict=True))
    for side, ball in zip(("Left", "Right"), balls, strict=True):
        if (blink := by_name.get(f"eyeBlink{side}")) is not None:
            blink += _closing(neutral, neutral + blink, side.lower(), ball, level)
            blink += _over_the_ball(neutral, blink, side.lower(), ball, level)
    for name, offset in by_name.items():
        if not name.startswith("eyeBlink") and _moves_lids(offset):
            offset += lifting(neutral + offset, balls)
    if "mouthClose" in by_name:
        by_name["mouthClose"] += _meeting(neutral, by_name["jawOpen"], by_name["mouthClose"])
    offsets[np.linalg.norm(offsets, axis=2) < LEAST] = 0.0
    return offsets.astype(np.float32)


def lifting(head: Array, balls: Sequence[Ball], held: Rims | None = None, clearance: float = CLEARANCE) -> Array:
    """Displacements (n, 3) that lift the lids of a head (n, 3) out of the balls; edges that are `held` stay.

    The skin goes along with what is lifted behind it, which would come through it otherwise.
    """
    total, around = np.zeros_like(head), _around_the_eyes()
    for _ in range(ROUNDS):
        lifted = False
        for ball in balls:
            current = head[around.vertices] + total[around.vertices]
            depths = ball.depths(current)
            inside = around.lids & (depths < DEEPEST * ball.radius)
            needed = np.where(inside, np.maximum(depths + clearance, 0.0), 0.0)
            if (needed > LEAST).any():
                lifted = True
                lift = np.maximum(needed, spread_lift(needed, around.edges))
                if held is not None:
                    edge = np.isin(around.vertices, np.concatenate([held.upper, held.lower]))
                    lift[edge] = needed[edge]
                total[around.vertices] += lift[:, None] * normalise(current - ball.centre)
        if not lifted:
            break
    return total


def _moves_lids(offset: Array) -> bool:
    """Whether what a shape adds (n, 3) moves lids: where it does not, none comes into a ball by it."""
    around = _around_the_eyes()
    return bool(np.abs(offset[around.vertices[around.lids]]).max() > LEAST)


def _closing(neutral: Array, blink: Array, side: str, ball: Ball, level: int) -> Array:
    """Displacements (n, 3) that bring the edges of lids together which almost meet in `blink` (n, 3)."""
    rims = lid_rims(side)
    upper, lower = blink[rims.upper], blink[rims.lower]
    come = np.linalg.norm(upper - neutral[rims.upper], axis=1)
    left_open = np.maximum(np.linalg.norm(upper - lower, axis=1), 1e-6)
    share = np.clip(1 - (FARTHEST_DOWN - come) / left_open, MEETING, MEETING_AT_MOST)[:, None]
    meeting = share * upper + (1 - share) * lower
    short = np.maximum(ball.depths(meeting) + EDGE_CLEARANCE, 0.0)
    meeting = meeting + short[:, None] * normalise(meeting - ball.centre)
    total = rims.move(meeting - upper, meeting - lower)
    for _ in range(ROUNDS):
        total += lifting(blink + total, [ball], rims)
        total += _shut(blink + total, side, level)
    return total


def _over_the_ball(neutral: Array, blink: Array, side: str, ball: Ball, level: int) -> Array:
    """What has to be added to a blink (n, 3) so that lids, which go straight, stay before the ball on their way."""
    added, extra = np.zeros_like(blink), np.zeros(len(SEEN_ON_THE_WAY))
    for number in range(WAY_ROUNDS):
        more = np.zeros_like(blink)
        for share in ON_THE_WAY:
            clearance = WAY_CLEARANCE[0] + share * (WAY_CLEARANCE[1] - WAY_CLEARANCE[0])
            clearance += float(np.interp(share, SEEN_ON_THE_WAY, extra))
            lift = lifting(neutral + share * (blink + added), [ball], clearance=clearance) / share
            farther = np.linalg.norm(lift, axis=1) > np.linalg.norm(more, axis=1)
            more[farther] = lift[farther]
        added += more
        added += _shut(neutral + blink + added, side, level)
        deepest = _deepest(neutral, blink + added, ball, level)
        if (deepest < -SEEN_CLEARANCE).all():
            break
        extra += np.maximum(deepest + 2 * SEEN_CLEARANCE, 0.0) * (number > 0)
    return added


def _deepest(neutral: Array, blink: Array, ball: Ball, level: int) -> Array:
    """How deep (mm) lids are in the ball at `SEEN_ON_THE_WAY`, as a subdivision level shows them; negative outside."""
    lids = _lids_at(level)
    start, way = lids @ neutral, lids @ blink
    return np.array([ball.depths(start + share * way).max() for share in SEEN_ON_THE_WAY])


def _shut(head: Array, side: str, level: int) -> Array:
    """Displacements (n, 3) after which the edges of lids meet at a subdivision level, which rounds them."""
    rims = lid_rims(side)
    step = np.linalg.solve(_gap_change(side, level), -(_gaps_at(side, level) @ head))
    return rims.move(step, -step)


@cache
def _gaps_at(side: str, level: int) -> sparse.csr_matrix:
    """Matrix (k, n): from the lower to the upper edges of lids at a level."""
    rims = lid_rims(side)
    upper, lower = (subdivision_matrix(level)[edge] for edge in (rims.upper, rims.lower))
    return (upper - lower).tocsr()


@cache
def _gap_change(side: str, level: int) -> Array:
    """Matrix (k, k): the gaps of lids at a level, when each upper edge vertex moves by 1 and the lower one by -1."""
    rims = lid_rims(side)
    unit = np.zeros((len(rims.upper), 3))
    columns = []
    for row in range(len(unit)):
        unit[:] = 0.0
        unit[row] = 1.0
        columns.append((_gaps_at(side, level) @ rims.move(unit, -unit))[:, 0])
    return np.stack(columns, axis=1)


def _meeting(neutral: Array, jaw_open: Array, mouth_close: Array) -> Array:
    """Displacements (n, 3) after which the lips are to each other, with `jawOpen` and `mouthClose`, as on the template.

    How far the jaw opens and how far the lips close against it are the largest ways that anything goes; transferred one
    by one they need not cancel.
    """
    expressions, rims = load_expressions(), lip_rims()
    both = (expressions.of("jawOpen") + expressions.of("mouthClose")).astype(np.float64)
    template = load_template().vertices
    width = np.linalg.norm(np.subtract(*neutral[rims.corners])) / np.linalg.norm(np.subtract(*template[rims.corners]))
    wanted = width * (both[rims.upper] - both[rims.lower])
    there = (jaw_open + mouth_close)[rims.upper] - (jaw_open + mouth_close)[rims.lower]
    return rims.move((wanted - there) / 2, (there - wanted) / 2)


@cache
def _lids_at(level: int) -> sparse.csr_matrix:
    """Matrix (k, n): where the vertices of the lids and the sockets are at a subdivision level."""
    matrix = subdivision_matrix(level)
    return matrix[np.flatnonzero(matrix @ lid_vertices(load_template()).astype(np.float64) > 0)].tocsr()


@cache
def _reaches() -> Array:
    """How much (52, n) each expression may move each vertex of any head."""
    moved = (np.abs(load_expressions().offsets) > 0).any(axis=2)
    return np.stack([reach_of(each, REACH_RINGS) for each in moved])


@dataclass(frozen=True)
class AroundTheEyes:
    """The part of the template that lids can be lifted in.

    Attributes
    ----------
    vertices : (k,) int
        Of the template.
    edges : (e, 2) int
        Between them, by their numbers here.
    lids : (k,) bool
        Those of lids and sockets.
    """

    vertices: NDArray[np.intp]
    edges: NDArray[np.intp]
    lids: NDArray[np.bool_]


@cache
def _around_the_eyes() -> AroundTheEyes:
    template = load_template()
    lids = lid_vertices(template)
    inside = reach_of(lids, SPREAD_RINGS + AVERAGES + 2) > 0
    edges = unique_edges(template.faces)
    edges = (np.cumsum(inside) - 1)[edges[inside[edges].all(axis=1)]]
    return AroundTheEyes(np.flatnonzero(inside), edges, lids[inside])
