"""Nearest points of a triangle mesh."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from pix2vertex_blender.geometry.mesh import border_vertices
from pix2vertex_blender.geometry.nearest import closest_on_triangles

Points = NDArray[np.float64]
Triangles = NDArray[np.integer]


@dataclass(frozen=True)
class NearestPoints:
    """Nearest points of a surface to some points.

    Attributes
    ----------
    points, normals : (n, 3)
    distances : (n,)
    triangles : (n, 3)
        Vertices of the triangle that the point lies on, in the numbering of the mesh that the surface was made of.
    weights : (n, 3)
        Barycentric weights in it.
    inside : (n,) bool
        Whether it is away from the surface's border.
    """

    points: Points
    normals: Points
    distances: NDArray[np.float64]
    triangles: Triangles
    weights: Points
    inside: NDArray[np.bool_]

    def interpolate(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Values (m, ...) at the mesh's vertices, interpolated at the points: (n, ...)."""
        parts = (
            self.weights[:, k].reshape(-1, *(1,) * (values.ndim - 1)) * values[self.triangles[:, k]] for k in range(3)
        )
        return np.asarray(sum(parts), dtype=np.float64)


class Surface:
    """A triangle mesh that answers which of its points is nearest.

    Parameters
    ----------
    vertices : (n, 3)
    triangles : (m, 3)
    neighbours : int
        Around so many of the nearest vertices triangles are tried.
    """

    def __init__(self, vertices: NDArray[np.floating], triangles: Triangles, neighbours: int = 3) -> None:
        triangles = np.asarray(triangles, dtype=np.int64)
        self._used = np.unique(triangles)
        self.vertices = np.asarray(vertices, dtype=np.float64)[self._used]
        self.triangles = np.searchsorted(self._used, triangles)
        self._neighbours = neighbours
        self._tree = cKDTree(self.vertices)
        self._border = border_vertices(self.triangles, len(self.vertices))
        order = np.argsort(self.triangles, axis=None, kind="stable")
        self._around = order // 3
        self._starts = np.searchsorted(self.triangles.ravel()[order], np.arange(len(self.vertices) + 1))
        corners = self.vertices[self.triangles]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        self._normals = normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)

    def nearest(self, points: NDArray[np.floating]) -> NearestPoints:
        """Nearest points of the surface to points (n, 3)."""
        points = np.asarray(points, dtype=np.float64)
        _, vertex = self._tree.query(points, k=self._neighbours)
        vertex = vertex.reshape(len(points), -1)
        counts = (self._starts[vertex + 1] - self._starts[vertex]).ravel()
        query = np.repeat(np.repeat(np.arange(len(points)), self._neighbours), counts)
        offset = np.arange(len(query)) - np.repeat(np.cumsum(counts) - counts, counts)
        triangle = self._around[np.repeat(self._starts[vertex].ravel(), counts) + offset]
        weights, squared = closest_on_triangles(points[query], self.vertices[self.triangles[triangle]])
        order = np.lexsort((squared, query))
        best = order[np.searchsorted(query[order], np.arange(len(points)))]
        chosen, weights = self.triangles[triangle[best]], weights[best]
        return NearestPoints(
            points=np.einsum("ij,ijk->ik", weights, self.vertices[chosen]),
            normals=self._normals[triangle[best]],
            distances=np.sqrt(squared[best]),
            triangles=self._used[chosen],
            weights=weights,
            inside=~self._border[vertex[:, 0]],
        )
