"""The points of the target that the template's vertices are drawn to (pix2vertex, supplement B.1, step 1)."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ..geometry.mesh import normalise
from .target import TargetMesh, vertex_triangle_incidence

#: More triangles than this around one target vertex are not looked at.
LARGEST_FAN = 8


@dataclass(frozen=True)
class Matches:
    """For each query the nearest point of the target mesh.

    Attributes
    ----------
    points : (n, 3)
        Positions on the target's triangles.
    normals : (n, 3)
        The target's unit normals there.
    canonical : (n, 3)
        The target's canonical coordinates there.
    distances : (n,)
        From the query, in the space that was searched.
    inside : (n,) bool
        False where the nearest vertex lies on the border of the target: what is seen ends there, so the true
        correspondence may lie beyond it.
    """

    points: NDArray[np.float64]
    normals: NDArray[np.float64]
    canonical: NDArray[np.float64]
    distances: NDArray[np.float64]
    inside: NDArray[np.bool_]

    def scaled(self, factor: float) -> "Matches":
        """The matches with their positions multiplied by a factor."""
        return replace(self, points=self.points * factor)


class TargetIndex:
    """Finds the nearest points of one target mesh, in canonical coordinates or in space."""

    def __init__(self, target: TargetMesh) -> None:
        self.target = target
        incidence = vertex_triangle_incidence(target.triangles, len(target.vertices))
        self._starts, self._around = incidence.indptr, incidence.indices
        self._border = border_vertices(target.triangles, len(target.vertices))
        self._canonical_tree = _tree(target.canonical)
        self._position_tree: cKDTree | None = None
        self._last: tuple[NDArray[np.floating], Matches] | None = None

    def match_canonical(self, canonical: NDArray[np.floating]) -> Matches:
        """Nearest points to canonical coordinates (n, 3), interpolated within the target's triangles.

        Alignment and registration ask for the same vertices: the last answer is kept.
        """
        if self._last is None or not np.array_equal(self._last[0], canonical):
            _, nearest = self._canonical_tree.query(canonical)
            self._last = np.array(canonical), self._refine(canonical, self.target.canonical, nearest)
        return self._last[1]

    def match_positions(self, points: NDArray[np.floating], which: NDArray[np.bool_] | None = None) -> Matches:
        """Nearest points to positions (n, 3), interpolated within the target's triangles.

        If only some are wanted, `which` (n,) says so; the others are matched with themselves and are not inside.
        """
        if self._position_tree is None:
            self._position_tree = _tree(self.target.vertices)
        wanted = points if which is None else points[which]
        _, nearest = self._position_tree.query(wanted)
        matches = self._refine(wanted, self.target.vertices, nearest)
        if which is None:
            return matches
        count = len(points)
        spread = Matches(
            np.array(points), np.zeros((count, 3)), np.zeros((count, 3)), np.zeros(count), np.zeros(count, dtype=bool)
        )
        for name in ("points", "normals", "canonical", "distances", "inside"):
            getattr(spread, name)[which] = getattr(matches, name)
        return spread

    def _refine(
        self, queries: NDArray[np.floating], space: NDArray[np.float64], nearest: NDArray[np.integer]
    ) -> Matches:
        """The closest point on the triangles around each nearest vertex."""
        counts = np.minimum(self._starts[nearest + 1] - self._starts[nearest], LARGEST_FAN)
        query = np.repeat(np.arange(len(queries)), counts)
        offset = np.arange(len(query)) - np.repeat(np.cumsum(counts) - counts, counts)
        triangle = self.target.triangles[self._around[self._starts[nearest][query] + offset]]
        weights, squared = closest_on_triangles(np.asarray(queries, dtype=np.float64)[query], space[triangle])
        first = np.cumsum(counts) - counts
        smallest = np.minimum.reduceat(squared, first)
        hits = np.flatnonzero(squared == smallest[query])
        best = np.empty(len(queries), dtype=np.intp)
        best[query[hits]] = hits
        weights, triangle = weights[best], triangle[best]
        return Matches(
            points=np.einsum("ij,ijk->ik", weights, self.target.vertices[triangle]),
            normals=normalise(np.einsum("ij,ijk->ik", weights, self.target.normals[triangle])),
            canonical=np.einsum("ij,ijk->ik", weights, self.target.canonical[triangle]),
            distances=np.sqrt(squared[best]),
            inside=~self._border[nearest],
        )


def border_edges(triangles: NDArray[np.integer], count: int) -> NDArray[np.int64]:
    """Edges (e, 2) of a mesh of `count` vertices that only one triangle has."""
    first = triangles.astype(np.int64).ravel()
    second = np.roll(triangles, -1, axis=1).astype(np.int64).ravel()
    keys = np.sort(np.minimum(first, second) * count + np.maximum(first, second))
    single = np.ones(len(keys), dtype=bool)
    repeated = keys[1:] == keys[:-1]
    single[1:] &= ~repeated
    single[:-1] &= ~repeated
    return np.column_stack([keys[single] // count, keys[single] % count])


def border_vertices(triangles: NDArray[np.integer], count: int) -> NDArray[np.bool_]:
    """Which of `count` vertices lie on an edge that only one triangle has."""
    # Around an inner vertex every neighbour follows once and precedes once, so that any labels cancel; at the border
    # they do not. Random labels, added without rounding, make a false zero impossible in practice.
    labels = np.random.default_rng(0).integers(1 << 40, size=count).astype(np.float64)[triangles]
    difference = np.roll(labels, -1, axis=1) - np.roll(labels, 1, axis=1)
    return np.bincount(triangles.ravel(), difference.ravel(), count) != 0


def closest_on_triangles(
    points: NDArray[np.float64], corners: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Closest point of each triangle to its point.

    Parameters
    ----------
    points : (k, 3)
    corners : (k, 3, 3)
        The corners of the triangle of each point.

    Returns
    -------
    weights : (k, 3)
        Barycentric weights of the closest point, all in [0, 1].
    squared_distances : (k,)
    """
    origin = corners[:, 0]
    one, other, to_point = corners[:, 1] - origin, corners[:, 2] - origin, points - origin
    a, b, c = (np.einsum("ij,ij->i", x, y) for x, y in ((one, one), (one, other), (other, other)))
    d, e = np.einsum("ij,ij->i", one, to_point), np.einsum("ij,ij->i", other, to_point)
    determinant = np.maximum(a * c - b * b, np.finfo(np.float64).tiny)
    u, v = (c * d - b * e) / determinant, (a * e - b * d) / determinant
    outside = (u < 0) | (v < 0) | (u + v > 1)
    # Outside the triangle the closest point lies on one of the three edges.
    a, b, c, d, e = (x[outside] for x in (a, b, c, d, e))
    along_one = np.clip(d / np.maximum(a, 1e-300), 0, 1)
    along_other = np.clip(e / np.maximum(c, 1e-300), 0, 1)
    along_third = np.clip((a - b - d + e) / np.maximum(a - 2 * b + c, 1e-300), 0, 1)
    zero = np.zeros_like(along_one)
    edge_u = np.stack([along_one, zero, 1 - along_third])
    edge_v = np.stack([zero, along_other, along_third])
    cost = edge_u**2 * a + 2 * edge_u * edge_v * b + edge_v**2 * c - 2 * (edge_u * d + edge_v * e)
    best = np.argmin(cost, axis=0)
    u[outside], v[outside] = edge_u[best, np.arange(len(best))], edge_v[best, np.arange(len(best))]
    weights = np.column_stack([1 - u - v, u, v])
    difference = np.einsum("ij,ijk->ik", weights, corners) - points
    return weights, np.einsum("ij,ij->i", difference, difference)


def _tree(points: NDArray[np.float64]) -> cKDTree:
    return cKDTree(points, balanced_tree=False, compact_nodes=False, leafsize=24)
