"""Points of another head follow our surface, which lies on that head."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.linalg import splu
from scipy.spatial import KDTree

from ...geometry.mesh import normalise, sum_to_vertices, triangle_normals, unique_edges, vertex_normals
from ...geometry.similarity import fit_similarity
from ...template import load_template
from ..photo.sampling import smoothstep

Array = NDArray[np.float64]

#: A bone in the middle of a head is this many times farther from its surface than what a mesh has inside, and moves.
DEEPER = 2.0


@dataclass(frozen=True)
class BindingParameters:
    """How another head follows. Lengths are in millimetres of the template.

    Attributes
    ----------
    followers : int
        Each vertex is moved as so many points of our surface around it.
    width : float
        Within about this distance they count alike.
    on_surface : float
        Vertices nearer than this to our surface are skin: only points with about their normal move them, so that shut
        lips and lids do not stick to each other.
    near, far : float
        What is no farther from our surface than the first, as teeth and eyes, moves as it does; what is farther than
        the second does not move.
    smoothing : float
        Motions are averaged over about this length along the head's own edges, which makes even what normals told
        apart wrongly: where our lips meet two millimetres beside the head's, some vertices of one follow the other.
    doubt : float
        How much what is not skin counts in that average: it follows the skin that it hangs together with.
    level : int
        Our surface's subdivision.
    """

    followers: int = 12
    width: float = 1.5
    on_surface: float = 4.0
    near: float = 25.0
    far: float = 70.0
    smoothing: float = 0.5
    doubt: float = 0.05
    level: int = 1


class Binding:
    """What each vertex of a head of any topology follows.

    Parameters
    ----------
    vertices : (k, 3)
    triangles : (m, 3)
    wrapped : (c, 3)
        The template at level 0 on the head, in its coordinates.
    parameters : BindingParameters
    """

    def __init__(
        self,
        vertices: Array,
        triangles: NDArray[np.integer],
        wrapped: Array,
        parameters: BindingParameters = BindingParameters(),
    ) -> None:
        template, self._level = load_template(), load_template(parameters.level)
        self._template, self._parameters = template, parameters
        self.unit = fit_similarity(template.vertices, wrapped, template.groups["face"]).scale
        surface = template.subdivide(wrapped, parameters.level)
        self._tree = KDTree(surface)
        reach = self._tree.query(vertices, distance_upper_bound=parameters.far * self.unit)[0]
        self._moving, self._count = np.flatnonzero(np.isfinite(reach)), len(vertices)
        own = normalise(sum_to_vertices(triangle_normals(vertices, triangles), triangles, len(vertices)))[self._moving]
        places = vertices[self._moving]
        distances, self._nearest = self._tree.query(places, k=parameters.followers)
        counts = self._counts(distances)
        alike = np.einsum("kc,kfc->kf", own, vertex_normals(surface, self._level.faces)[self._nearest])
        skin = (distances[:, 0] < parameters.on_surface * self.unit) & (alike > 0).any(axis=1)
        counts *= np.where(skin[:, None], np.clip(alike, 0, 1) ** 2 + 1e-9, 1.0)
        self._sure = np.where(skin, 1.0, parameters.doubt)
        edges = _edges(triangles, self._moving, self._count)
        self._solve = _average_along_edges(places, edges, self._sure, parameters.smoothing * self.unit)
        self._shares = _summed_to_one(counts)
        self._fade = self._fading(distances[:, 0])

    def follow(self, change: NDArray[np.floating]) -> Array:
        """How far the head's vertices (k, 3) move where our surface's vertices of level 0 move by `change` (c, 3)."""
        moves = self._template.subdivide(np.asarray(change, dtype=np.float64), self._level.level)
        own = np.einsum("kf,kfc->kc", self._shares, moves[self._nearest])
        result = np.zeros((self._count, 3))
        result[self._moving] = self._fade[:, None] * self._solve(self._sure[:, None] * own)
        return result

    def follow_at(self, points: Array, change: NDArray[np.floating]) -> Array:
        """The same for points (b, 3) of the space around the head, for instance ends of bones."""
        moves = self._template.subdivide(np.asarray(change, dtype=np.float64), self._level.level)
        # Deep inside, the surface on all sides counts.
        distances, nearest = self._tree.query(points, k=20 * self._parameters.followers)
        shares = _summed_to_one(self._counts(distances))
        moved: Array = self._fading(distances[:, 0] / DEEPER)[:, None] * np.einsum("kf,kfc->kc", shares, moves[nearest])
        return moved

    def _counts(self, distances: Array) -> Array:
        """How much followers at distances (k, f), the nearest first, count."""
        closest = distances[:, :1]
        width = self._parameters.width * self.unit + 0.5 * closest
        counts: Array = np.exp(-((distances - closest) ** 2) / (2 * width**2))
        return counts

    def _fading(self, distances: Array) -> Array:
        near, far = self._parameters.near, self._parameters.far
        return smoothstep((far - distances / self.unit) / (far - near))


def _summed_to_one(counts: Array) -> Array:
    shares: Array = counts / counts.sum(axis=1, keepdims=True)
    return shares


def _edges(triangles: NDArray[np.integer], chosen: NDArray[np.integer], count: int) -> NDArray[np.integer]:
    """The edges (e, 2) between chosen vertices, in their numbering."""
    number = np.full(count, -1)
    number[chosen] = np.arange(len(chosen))
    edges = number[unique_edges(triangles)]
    return edges[(edges >= 0).all(axis=1)]


def _average_along_edges(
    places: Array, edges: NDArray[np.integer], sure: Array, length: float
) -> Callable[[Array], Array]:
    """Solver of ``(S + length^2 L) u = S values`` for the product on the right, whatever the mesh's faults.

    L has the weights 1 / l^2 for edges of length l; S holds how sure (k,) the values are.
    """
    count = len(places)
    squared = ((places[edges[:, 0]] - places[edges[:, 1]]) ** 2).sum(axis=1)
    weights = np.minimum(length**2 / np.maximum(squared, 1e-30), 1e4)
    adjacency = sparse.coo_matrix((weights, (edges[:, 0], edges[:, 1])), (count, count))
    adjacency = adjacency + adjacency.T
    matrix = sparse.diags(sure + np.asarray(adjacency.sum(axis=1)).ravel()) - adjacency
    factors = splu(matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
    return lambda right: np.asarray(factors.solve(right))
