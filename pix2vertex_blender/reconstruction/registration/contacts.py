"""Lips and lids that do not pass through each other, and triangles that do not fold over."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components

from ...geometry.mesh import border_edges, normalise, triangle_normals
from .deformation import Array, Contacts

#: How many rings of vertices around an opening may meet their counterparts.
RINGS = 8
#: Openings longer than this share of all border vertices are the end of the mesh, not a mouth or an eye.
LARGEST_OPENING = 0.5
#: The vertices of a pair differ in their place along the slit by less than this share of its length.
FARTHEST_PARTNER = 0.04
#: Two triangles are folded onto each other if the cosine of the angle between their normals is below this.
FOLD = -0.3


@dataclass(frozen=True)
class FacingRims:
    """Pairs of vertices on the two rims of the openings: upper and lower lip, upper and lower lids.

    Attributes
    ----------
    upper, lower : (k,) integer
    directions : (k, 3)
        Unit vectors from the lower to the upper rim of each pair's opening.
    gaps : (k,)
        How far apart each pair has to stay along its direction: a fraction of a millimetre, or less where it already
        is.
    """

    upper: NDArray[np.intp]
    lower: NDArray[np.intp]
    directions: Array
    gaps: Array

    def overlaps(self, vertices: Array) -> Array:
        """How far (k,) each pair has passed through; negative where it is apart."""
        return self.gaps - np.einsum("ij,ij->i", self.directions, vertices[self.upper] - vertices[self.lower])

    def contacts(self, touching: NDArray[np.bool_], weights: Array) -> Contacts:
        """Terms that keep the touching pairs (k,) apart, as strong as the weights (n,) of their vertices."""
        strength = np.sqrt(weights[self.upper] * weights[self.lower])
        return Contacts(
            self.upper[touching],
            self.lower[touching],
            self.directions[touching],
            self.gaps[touching],
            strength[touching],
        )


def facing_rims(vertices: Array, triangles: NDArray[np.integer], smallest_gap: float) -> FacingRims:
    """Pair the vertices above and below each opening of a face mesh.

    An opening is a border loop other than the longest. Its rings of vertices are split at the two ends of its longest
    extent, and each vertex above is paired with the one of its ring below that lies at the same place along that
    extent.

    Parameters
    ----------
    vertices : (n, 3)
        At rest, eyes and mouth not crossing.
    triangles : (m, 3)
    smallest_gap : float
        The gap to be kept, unless the pair is nearer than that at rest.
    """
    parts: list[tuple[NDArray[np.intp], NDArray[np.intp], Array]] = []
    for loop in openings(triangles, len(vertices)):
        centred = vertices[loop] - vertices[loop].mean(axis=0)
        # The two large extents of a loop lie in its plane: along the slit, and across it.
        along, across = np.linalg.svd(centred, full_matrices=False)[2][:2]
        for ring in _rings(loop, triangles, len(vertices)):
            upper, lower = _pair(vertices, ring, along, across)
            parts.append((upper, lower, np.tile(across, (len(upper), 1))))
    if not parts:
        nothing = np.zeros(0, dtype=np.intp)
        return FacingRims(nothing, nothing, np.zeros((0, 3)), np.zeros(0))
    upper, lower, directions = (np.concatenate(column) for column in zip(*parts, strict=True))
    gaps = np.einsum("ij,ij->i", directions, vertices[upper] - vertices[lower])
    return FacingRims(upper, lower, directions, np.minimum(gaps, smallest_gap))


def openings(triangles: NDArray[np.integer], count: int) -> list[NDArray[np.intp]]:
    """Border loops of triangles (m, 3) of `count` vertices other than the longest, each as vertex indices (k,)."""
    edges = border_edges(triangles, count)
    if len(edges) == 0:
        return []
    graph = sparse.csr_matrix((np.ones(len(edges)), (edges[:, 0], edges[:, 1])), shape=(count, count))
    labels = connected_components(graph, directed=False)[1]
    border = np.unique(edges)
    names, sizes = np.unique(labels[border], return_counts=True)
    small = names[(sizes < LARGEST_OPENING * len(border)) & (sizes < sizes.max()) & (sizes > 8)]
    return [border[labels[border] == name] for name in small]


class Folds:
    """Finds edges whose two triangles lie folded onto each other, but do not in the reference (n, 3)."""

    def __init__(self, reference: Array, triangles: NDArray[np.integer]) -> None:
        self._triangles = triangles
        pairs, edges = _neighbouring_triangles(triangles, len(reference))
        flat = self._cosines(reference, pairs) > 0
        self._pairs, self._edges = pairs[flat], edges[flat]

    def find(self, vertices: Array) -> NDArray[np.bool_]:
        """Vertices (n,) at folded edges of the deformed mesh (n, 3)."""
        marked = np.zeros(len(vertices), dtype=bool)
        marked[self._edges[self._cosines(vertices, self._pairs) < FOLD]] = True
        return marked

    def _cosines(self, vertices: Array, pairs: NDArray[np.intp]) -> Array:
        normals = normalise(triangle_normals(vertices, self._triangles))
        return np.einsum("ij,ij->i", normals[pairs[:, 0]], normals[pairs[:, 1]])


def grow(marked: NDArray[np.bool_], triangles: NDArray[np.integer], rings: int) -> NDArray[np.bool_]:
    """Mark (n,) also the vertices within some rings of those marked."""
    marked = marked.copy()
    a, b, c = np.ascontiguousarray(triangles.T)
    for _ in range(rings):
        marked[triangles[marked[a] | marked[b] | marked[c]]] = True
    return marked


def _rings(loop: NDArray[np.intp], triangles: NDArray[np.integer], count: int) -> list[NDArray[np.intp]]:
    """The loop and the rings of vertices around it."""
    reached = np.zeros(count, dtype=bool)
    reached[loop] = True
    rings = [loop]
    for _ in range(RINGS - 1):
        wider = grow(reached, triangles, 1)
        rings.append(np.flatnonzero(wider & ~reached))
        reached = wider
    return rings


def _pair(
    vertices: Array, ring: NDArray[np.intp], along: Array, across: Array
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Vertices of a ring above its middle line, and for each the vertex below it."""
    position, height = vertices[ring] @ along, vertices[ring] @ across
    ends = np.argmin(position), np.argmax(position)
    share = (position - position[ends[0]]) / max(position[ends[1]] - position[ends[0]], 1e-9)
    middle = height[ends[0]] + share * (height[ends[1]] - height[ends[0]])
    inner = (share > 0.02) & (share < 0.98)
    above, below = np.flatnonzero(inner & (height > middle)), np.flatnonzero(inner & (height <= middle))
    if len(above) == 0 or len(below) == 0:
        return ring[:0], ring[:0]
    distance = np.abs(position[above][:, None] - position[below][None])
    partner = np.argmin(distance, axis=1)
    near = distance.min(axis=1) < FARTHEST_PARTNER * (position[ends[1]] - position[ends[0]])
    return ring[above[near]], ring[below[partner[near]]]


def _neighbouring_triangles(triangles: NDArray[np.integer], count: int) -> tuple[NDArray[np.intp], NDArray[np.integer]]:
    """Pairs of triangles (e, 2) that share an edge, and the edge's vertices (e, 2)."""
    first, second = triangles.ravel().astype(np.int64), np.roll(triangles, -1, axis=1).ravel().astype(np.int64)
    keys = np.minimum(first, second) * count + np.maximum(first, second)
    order = np.argsort(keys, kind="stable")
    same = np.flatnonzero(keys[order][1:] == keys[order][:-1])
    pairs = np.column_stack([order[same], order[same + 1]]) // 3
    edge = keys[order][same]
    return pairs, np.column_stack([edge // count, edge % count])
