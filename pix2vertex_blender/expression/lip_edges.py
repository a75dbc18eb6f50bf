"""The edges of lips where a head is seen to have them, at the subdivision level at which it is shown.

Subdivision rounds edges: of lips that touch at level 0, more than a millimetre between them would be open at level 2,
and teeth be seen there. So the edges at level 0 go as much farther as the subdivision takes them back.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..geometry.similarity import fit_similarity
from ..template import load_template, subdivision_matrix
from .rims import lip_rims

Array = NDArray[np.float64]

#: How far (mm) lips that touch stay apart: nearer, their skin would cross between the vertices of the edges; farther
#: away, teeth would be a light line between them.
GAP = 0.2
#: Finer levels move the edges by less than a tenth of a millimetre.
FINEST = 2


def lip_edges(head: Array) -> Array:
    """Where the edges (2, k, 3) of upper and lower lip of a head (n, 3) are, vertex by vertex of `lip_rims`."""
    rims = lip_rims()
    edges: Array = np.stack([head[rims.upper], head[rims.lower]])
    return edges


def touching_edges(head: Array, chosen: NDArray[np.bool_] | None = None) -> Array:
    """`lip_edges` after lips have come to touch as those of the template do, each half of the way.

    Lips that touch in a photo taken from above or below need not in the head: what is in front of what hides the gap.

    Parameters
    ----------
    head : (n, 3)
        In any frame.
    chosen : (k,) bool, optional
        Which pairs of edges are shut, if not all; the others stay.
    """
    pose = fit_similarity(load_template().vertices, head, load_template().groups["face"])
    edges, rest = lip_edges(head), lip_edges(load_template().vertices)
    wanted = pose.scale * (rest[0] - rest[1])
    wanted[:, 1] = GAP
    closer = wanted - (edges[0] - edges[1]) @ pose.rotation
    closer[:, 0] = 0.0
    if chosen is not None:
        closer[~chosen] = 0.0
    half = closer @ pose.rotation.T / 2
    return edges + np.stack([half, -half])


def with_lip_edges(head: Array, edges: Array, level: int) -> Array:
    """A head (n, 3) at level 0 that has its lips' edges at places (2, k, 3) when it is subdivided to a level.

    Where one of them is NaN both lips stay.
    """
    seen, moves = _edges_at(min(level, FINEST))
    there = seen @ head
    goals = edges.reshape(-1, 3)
    unknown = np.tile(np.isnan(edges).any(axis=(0, 2)), 2)
    goals = np.where(unknown[:, None], there, goals)
    steps = np.linalg.solve(moves, goals - there).reshape(edges.shape)
    return head + lip_rims().move(*steps)


@cache
def _edges_at(level: int) -> tuple[Array, Array]:
    """Matrix (2 k, n) of the edges at a level, and (2 k, 2 k) of how they move there with those at level 0."""
    rims = lip_rims()
    both = np.concatenate([rims.upper, rims.lower])
    seen = subdivision_matrix(level)[both]
    columns = []
    for moved in range(len(both)):
        unit = np.zeros((len(both), 3))
        unit[moved] = 1.0
        columns.append((seen @ rims.move(*np.split(unit, 2)))[:, 0])
    return seen, np.stack(columns, axis=1)
