"""Which bone the template's skin follows, and how much."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..expression.shapes import load_expressions
from ..geometry.mesh import boundary_edges, unique_edges
from ..template import load_template
from .joints import JAW_AXIS, JawMotion, template_jaw_motion, turned_down

Array = NDArray[np.float64]

#: So many rings of vertices at the open edge of the neck stay with the body.
_FOOT_RINGS = 2
#: How often weights are averaged over neighbours: of the neck until they fall evenly, of the jaw to take off corners.
_NECK_PASSES, _JAW_PASSES = 1000, 4
#: Millimetres of motion below which it says little about a vertex.
_LEAST_MOTION = 3.0
#: Weights are stored in so many steps.
STEPS = 255


@cache
def skin_weights() -> dict[str, Array]:
    """Weights (n,) of the template's vertices by bone, whose sum is 1 everywhere.

    The jaw's are those with which its bone, turned as far as `jawOpen` turns it, comes nearest to what `jawOpen` does.
    """
    neck = np.rint(_neck_weights() * STEPS) / STEPS
    jaw = np.floor(_jaw_weights() * (1 - neck) * STEPS) / STEPS
    weights = {"neck": neck, "head": 1 - jaw - neck, "jaw_skin": jaw}
    for each in weights.values():
        each.flags.writeable = False
    return weights


def jaw_share(points: Array, added: NDArray[np.floating], motion: JawMotion, axis: Array) -> Array:
    """How much (n,) of the jaw's motion points (n, 3) have whom `jawOpen` moves by what it adds (n, 3), from 0 to 1."""
    rigid = (points - axis) @ (turned_down(motion.angle) - np.eye(3)).T + motion.shift
    share: Array = (added * rigid).sum(axis=1) / ((rigid**2).sum(axis=1) + _LEAST_MOTION**2)
    return np.clip(share, 0.0, 1.0)


def _jaw_weights() -> Array:
    vertices, added = load_template().vertices, load_expressions().of("jawOpen").astype(np.float64)
    share = jaw_share(vertices, added, template_jaw_motion("jawOpen"), np.array(JAW_AXIS))
    return _averaged(share, np.ones(len(share), dtype=bool), _JAW_PASSES)


def _neck_weights() -> Array:
    """1 at the foot of the neck, falling evenly to 0 where the neck ends."""
    template = load_template()
    inside, edges = template.groups["neck"] > 0, unique_edges(template.faces)
    foot = np.zeros(len(inside), dtype=bool)
    foot[boundary_edges(template.faces)] = True
    foot &= inside
    for _ in range(_FOOT_RINGS - 1):
        foot[edges[foot[edges].any(axis=1)]] = True
    return _averaged(foot.astype(np.float64), inside & ~foot, _NECK_PASSES)


def _averaged(values: Array, free: NDArray[np.bool_], passes: int) -> Array:
    """Values (n,) of which those in `free` (n,) become the means of their neighbours, some times over."""
    edges = unique_edges(load_template().faces)
    count = len(values)
    degree = np.bincount(edges.ravel(), minlength=count)
    for _ in range(passes):
        sums = sum(np.bincount(edges[:, one], values[edges[:, 1 - one]], count) for one in (0, 1))
        values = np.where(free, sums / degree, values)
    return values
