"""Lids in front of their eyeballs: what lies inside a ball is lifted onto it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...geometry.mesh import normalise, unique_edges
from ...template import Template

Array = NDArray[np.float64]

#: How far (mm) the lids' vertices stay in front of the ball, as they do on the template.
CLEARANCE = 0.3
#: The lift of a vertex is that of the most lifted within so many rings, averaged so often over the neighbours.
SPREAD_RINGS, AVERAGES = 3, 8
#: The balls follow the lids that are lifted: so often both are done.
ROUNDS = 4
#: Vertices deeper inside a ball than this share of its radius are not its lids.
DEEPEST = 0.5


@dataclass(frozen=True)
class Ball:
    """A sphere: centre (3,) and radius in millimetres."""

    centre: Array
    radius: float

    def depths(self, vertices: Array) -> Array:
        """How deep (n,) vertices (n, 3) lie inside; negative outside."""
        return self.radius - np.linalg.norm(vertices - self.centre, axis=1)


def balls(template: Template, vertices: NDArray[np.floating]) -> tuple[Ball, Ball]:
    """The left and the right eyeball of a head (n, 3) with the template's topology."""
    placed = template.place_eyeballs(vertices)
    left, right = (sphere_through(placed[template.eyeballs.groups[side] > 0.5]) for side in ("left", "right"))
    return left, right


def sphere_through(points: Array) -> Ball:
    """The sphere that fits points (n, 3) best, by their squared distances."""
    middle = points.mean(axis=0)
    offsets = points - middle
    squared = (offsets**2).sum(axis=1)
    solution = np.linalg.lstsq(np.column_stack([2 * offsets, np.ones(len(points))]), squared, rcond=None)[0]
    return Ball(middle + solution[:3], float(np.sqrt(solution[3] + solution[:3] @ solution[:3])))


def lid_vertices(template: Template) -> NDArray[np.bool_]:
    """The vertices (n,) of lids and eye sockets, which have to stay in front of the balls."""
    return (template.groups["eyelids"] > 0) | (template.groups["eye_socket"] > 0)


def clear_eyeballs(template: Template, vertices: NDArray[np.floating]) -> Array:
    """The registered head (n, 3) at level 0, in millimetres, with its lids in front of the eyeballs that follow them.

    The network hardly sees how far the lids bulge, so that after registration a ball may stick out of them by a
    fraction of a millimetre. The lids are lifted along the ball's radii, and what is around them less and less.
    """
    result = np.array(vertices, dtype=np.float64)
    lids = lid_vertices(template)
    edges = unique_edges(template.faces)
    for _ in range(ROUNDS):
        lifted = False
        for ball in balls(template, result):
            depths = ball.depths(result)
            needed = np.where(lids & (depths < DEEPEST * ball.radius), np.maximum(depths + CLEARANCE, 0.0), 0.0)
            if needed.any():
                lifted = True
                lift = np.maximum(needed, spread_lift(needed, edges))
                result += lift[:, None] * normalise(result - ball.centre)
        if not lifted:
            break
    return result


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
