"""The edges of lids and lips on the template, and smooth corrections that move them where they belong."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.linalg import splu

from ..geometry.mesh import unique_edges
from ..reconstruction.corrections.mouth import lip_lines
from ..template import load_template

Array = NDArray[np.float64]
Vertices = NDArray[np.intp]

#: So many rings of vertices on either side of an edge take part in its correction.
LID_RINGS, LIP_RINGS = 6, 7


@dataclass(frozen=True)
class Rims:
    """Edges that meet, vertex by vertex.

    Attributes
    ----------
    upper, lower : (k,) int
        What meets.
    corners : (c,) int
        Where both edges end.
    correction : SmoothCorrection
        What the surface around does when all these vertices are moved.
    """

    upper: Vertices
    lower: Vertices
    corners: Vertices
    correction: "SmoothCorrection"

    def move(self, upper: Array, lower: Array) -> Array:
        """Displacements (n, 3) of the head when those of the edges are (k, 3) each, and the corners stay."""
        return self.correction.extend(np.concatenate([upper, lower, np.zeros((len(self.corners), 3))]))


class SmoothCorrection:
    """The smoothest displacement of the template around some vertices whose own displacements are given.

    Smooth by the squared umbrella Laplacian of the mesh's graph; outside the region nothing moves.

    Parameters
    ----------
    given : (g,) int
        Vertices.
    rings : int
        The region is what lies within so many edges of them.
    """

    def __init__(self, given: Vertices, rings: int) -> None:
        adjacency = _adjacency()
        region = np.zeros(adjacency.shape[0], dtype=bool)
        region[given] = True
        for _ in range(rings):
            region |= adjacency @ region > 0
        free = region.copy()
        free[given] = False
        self._count, self._given, self._free = len(region), given, np.flatnonzero(free)
        degree = np.asarray(adjacency.sum(axis=1)).ravel()
        umbrella = sparse.identity(self._count) - sparse.diags(1 / degree) @ adjacency
        energy = (umbrella.T @ umbrella).tocsr()[self._free]
        self._coupling = energy[:, given]
        self._factor = splu(energy[:, self._free].tocsc())

    def extend(self, displacements: Array) -> Array:
        """Displacements (n, 3) of all vertices, from those (g, 3) of the given ones."""
        result = np.zeros((self._count, 3))
        result[self._given] = displacements
        result[self._free] = -self._factor.solve(self._coupling @ displacements)
        return result


@cache
def lid_rims(side: str) -> Rims:
    """The edges of the lids of the `left` or the `right` eye, the outermost line in which closed lids meet."""
    template = load_template()
    border = template.eyeballs.lids[("left", "right").index(side)]  # the ring behind the edge, in its order
    outside = np.ones(len(template.vertices), dtype=bool)
    outside[border] = False
    outside &= template.groups["eye_socket"] < 0.5
    adjacency = _adjacency()
    edge = np.array([next(v for v in adjacency[each].indices if outside[v]) for each in border])
    inner, outer = (int(np.flatnonzero(edge == template.corners[f"{side}_eye_{end}"])[0]) for end in ("inner", "outer"))
    steps = (outer - inner) % len(edge)
    one = edge[(inner + np.arange(1, steps)) % len(edge)]
    other = edge[(inner - np.arange(1, steps)) % len(edge)]
    above = template.vertices[one, 1].mean() > template.vertices[other, 1].mean()
    upper, lower = (one, other) if above else (other, one)
    corners = edge[[inner, outer]]
    return Rims(upper, lower, corners, SmoothCorrection(np.concatenate([upper, lower, corners]), LID_RINGS))


@cache
def lip_rims() -> Rims:
    """The edges of the lips, from one corner of the mouth to the other."""
    upper, lower = lip_lines()
    corners = upper[[0, -1]]
    upper, lower = upper[1:-1], lower[1:-1]
    return Rims(upper, lower, corners, SmoothCorrection(np.concatenate([upper, lower, corners]), LIP_RINGS))


@cache
def inner_lips(rings: int) -> Vertices:
    """The vertices (rings, 2, k) behind the edges of upper and lower lip, from the edges into the mouth."""
    inside, adjacency, rims = load_template().groups["mouth_interior"], _adjacency(), lip_rims()
    before = np.concatenate([rims.upper, rims.lower])
    known = {*before.tolist(), *rims.corners.tolist()}
    found = []
    for _ in range(rings):
        around = [[each for each in adjacency[vertex].indices if each not in known] for vertex in before]
        before = np.array([max(some, key=lambda vertex: inside[vertex]) for some in around])
        known |= set(before.tolist())
        found.append(before.reshape(2, -1))
    return np.stack(found)


@cache
def _adjacency() -> sparse.csr_matrix:
    """The template's graph (n, n)."""
    template = load_template()
    edges = unique_edges(template.faces)
    both = np.concatenate([edges, edges[:, ::-1]])
    count = len(template.vertices)
    return sparse.csr_matrix((np.ones(len(both)), (both[:, 0], both[:, 1])), (count, count))


def reach_of(moved: NDArray[np.bool_], rings: int) -> Array:
    """How much (n,) a shape may move each vertex: 1 where `moved` (n,), falling to 0 within some rings around."""
    adjacency = _adjacency()
    weight, reached = moved.astype(np.float64), moved
    for ring in range(1, rings):
        wider = reached | (adjacency @ reached > 0)
        weight[wider & ~reached] = 1 - ring / rings
        reached = wider
    return weight
