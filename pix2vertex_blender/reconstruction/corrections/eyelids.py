"""Lids that lie on their eyeballs: what is inside a ball is lifted onto it, and lids before it are lowered."""

import numpy as np
from numpy.typing import NDArray

from ...geometry.mesh import normalise, unique_edges
from ...template import Template
from ...template.eyeballs import CLEARANCE, Ball, place_balls

Array = NDArray[np.float64]

#: The lift of a vertex is that of the most lifted within so many rings, averaged so often over the neighbours.
SPREAD_RINGS, AVERAGES = 3, 8
#: The balls follow the lids that are moved: at most so often both are done. Where lids are far apart it takes eight.
ROUNDS = 12
#: Vertices deeper inside a ball than this share of its radius are not its lids.
DEEPEST = 0.5
#: Lids are lowered so far (mm) and no farther: at the inner corner the eye goes on beyond the ball.
LOWEST = 1.5
#: Lids that are still inside their balls, and by more than this share of what they were before, chase them.
CHASED = 0.98
#: Lids that are this near (mm) to where they belong are left alone.
NEAR_ENOUGH = 0.05


def balls(template: Template, vertices: NDArray[np.floating]) -> tuple[Ball, Ball]:
    """The left and the right eyeball of a head (n, 3) with the template's topology."""
    return place_balls(template, vertices)


def lid_vertices(template: Template) -> NDArray[np.bool_]:
    """The vertices (n,) of lids and eye sockets, which have to stay in front of the balls."""
    return (template.groups["eyelids"] > 0) | (template.groups["eye_socket"] > 0)


def clear_eyeballs(template: Template, vertices: NDArray[np.floating]) -> Array:
    """The registered head (n, 3) at level 0, in millimetres, with its lids on the eyeballs and in front of them.

    The network hardly sees how far the lids bulge, so that after registration a ball of an eyeball's size is a
    millimetre off. The lids are moved, and what is around them less and less. The balls follow, and where they would
    only be chased by lids that are as flat as scans of eyes, they stay.
    """
    result = np.array(vertices, dtype=np.float64)
    lids = lid_vertices(template)
    edges = unique_edges(template.faces)
    deepest = np.inf
    for _ in range(ROUNDS):
        moved, placed = False, balls(template, result)
        before, deepest = deepest, max(_depth(result, ball, lids) for ball in placed)
        if deepest > max(0.0, CHASED * before):
            return _cleared_in_place(template, vertices)
        for ball, border in zip(placed, template.eyeballs.lids, strict=True):
            moved |= _lower(result, ball, border, edges)
            moved |= _lift(result, ball, lids, edges)
        if not moved:
            break
    return result


def _cleared_in_place(template: Template, vertices: NDArray[np.floating]) -> Array:
    """The head (n, 3) with the lids lifted off its eyeballs, but for their borders, which tell where the balls are."""
    result, edges = np.array(vertices, dtype=np.float64), unique_edges(template.faces)
    for ball, border in zip(balls(template, vertices), template.eyeballs.lids, strict=True):
        needed = _needed(result, ball, lid_vertices(template))
        lift = np.maximum(needed, spread_lift(needed, edges))
        lift[border] = 0.0
        result += lift[:, None] * normalise(result - ball.centre)
    return result


def _depth(head: Array, ball: Ball, lids: NDArray[np.bool_]) -> float:
    """How deep inside a ball the deepest of a head's (n, 3) lids is."""
    depths = ball.depths(head)
    return float(depths[lids & (depths < DEEPEST * ball.radius)].max())


def _needed(head: Array, ball: Ball, lids: NDArray[np.bool_]) -> Array:
    """How far (n,) each of a head's (n, 3) lids is from being in front of a ball."""
    depths = ball.depths(head)
    return np.where(lids & (depths < DEEPEST * ball.radius), np.maximum(depths + CLEARANCE, 0.0), 0.0)


def _lower(head: Array, ball: Ball, border: NDArray[np.integer], edges: NDArray[np.integer]) -> bool:
    """Move a head's (n, 3) lids, whose inner border is given, back to a ball; says whether any had to be."""
    needed = np.zeros(len(head))
    needed[border] = np.clip(ball.gaps(head[border]), 0.0, LOWEST)
    if needed.max() < NEAR_ENOUGH:
        return False
    head -= np.maximum(needed, spread_lift(needed, edges))[:, None] * ball.forwards
    return True


def _lift(head: Array, ball: Ball, lids: NDArray[np.bool_], edges: NDArray[np.integer]) -> bool:
    """Move a head's (n, 3) lids out of a ball; says whether any had to be."""
    needed = _needed(head, ball, lids)
    if needed.max() < NEAR_ENOUGH / 10:
        return False
    head += np.maximum(needed, spread_lift(needed, edges))[:, None] * normalise(head - ball.centre)
    return True


def spread_lift(values: Array, edges: NDArray[np.integer]) -> Array:
    """Values (n,) that reach over the rings around them and fade smoothly."""
    for _ in range(SPREAD_RINGS):
        wider = values.copy()
        np.maximum.at(wider, edges.ravel(), values[edges[:, ::-1]].ravel())
        values = wider
    neighbours = np.bincount(edges.ravel(), minlength=len(values))
    for _ in range(AVERAGES):
        total = np.bincount(edges.ravel(), values[edges[:, ::-1]].ravel(), len(values))
        values = (values + total) / (1 + neighbours)
    return values
