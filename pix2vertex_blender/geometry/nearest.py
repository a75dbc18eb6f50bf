"""The point of a triangle that is nearest to another point."""

import numpy as np
from numpy.typing import NDArray


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


def nearest_in_fans(
    points: NDArray[np.float64],
    vertices: NDArray[np.float64],
    triangles: NDArray[np.integer],
    fans: tuple[NDArray[np.integer], NDArray[np.integer]],
    around: NDArray[np.integer],
    largest: int,
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """The point of the triangles around one vertex that is nearest, for each of some points.

    Parameters
    ----------
    points : (k, 3)
    vertices : (n, 3)
    triangles : (m, 3)
    fans : (n + 1,) and (3 m,)
        The triangles around vertex i are the second's entries from the first's entry i to entry i + 1.
    around : (k,)
        The vertex for each point, which has a triangle.
    largest : int
        More triangles than this around one vertex are not looked at.

    Returns
    -------
    triangle : (k,)
        Its row.
    weights : (k, 3)
        Barycentric.
    squared_distances : (k,)
    """
    starts, entries = fans
    counts = np.minimum(starts[around + 1] - starts[around], largest)
    first = np.cumsum(counts) - counts
    query = np.repeat(np.arange(len(points)), counts)
    triangle = entries[starts[around][query] + np.arange(len(query)) - np.repeat(first, counts)]
    weights, squared = closest_on_triangles(np.asarray(points, dtype=np.float64)[query], vertices[triangles[triangle]])
    hits = np.flatnonzero(squared == np.minimum.reduceat(squared, first)[query])
    best = np.empty(len(points), dtype=np.intp)
    best[query[hits]] = hits
    return triangle[best], weights[best], squared[best]
