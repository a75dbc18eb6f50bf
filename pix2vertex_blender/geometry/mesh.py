"""Connectivity and first-order geometry of quad and triangle meshes."""

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.floating]
Indices = NDArray[np.integer]


def triangulate(faces: Indices) -> Indices:
    """Split quads (m, 4) along their first diagonal into triangles (2m, 3); triangles (m, 3) are returned as they are.

    The two triangles of quad k are rows 2k and 2k + 1.

    Raises
    ------
    ValueError
        If `faces` has neither three nor four columns.
    """
    if faces.ndim != 2 or faces.shape[1] not in (3, 4):
        raise ValueError(f"faces must have shape (m, 3) or (m, 4), not {faces.shape}")
    if faces.shape[1] == 3:
        return faces
    return np.stack([faces[:, [0, 1, 2]], faces[:, [0, 2, 3]]], axis=1).reshape(-1, 3)


def triangle_normals(vertices: Points, triangles: Indices) -> NDArray[np.float64]:
    """Normals (m, 3) of triangles, pointing to their anticlockwise side, twice the triangles' areas long."""
    # One coordinate of one corner at a time: gathering whole rows takes several times as long.
    corners = np.ascontiguousarray(np.transpose(triangles))
    coordinates = np.ascontiguousarray(np.transpose(np.asarray(vertices, dtype=np.float64)))
    (ax, ay, az), (bx, by, bz) = (
        [axis.take(corners[k]) - axis.take(corners[0]) for axis in coordinates] for k in (1, 2)
    )
    return np.column_stack([ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx])


def sum_to_vertices(per_triangle: NDArray[np.floating], triangles: Indices, count: int) -> NDArray[np.float64]:
    """Add each triangle's value (m, ...) to its three vertices; returns (count, ...)."""
    flat = np.asarray(per_triangle, dtype=np.float64).reshape(len(triangles), -1)
    columns = [np.bincount(triangles.ravel(), np.repeat(column, 3), count) for column in flat.T]
    total: NDArray[np.float64] = np.stack(columns, axis=1).astype(np.float64)
    return total.reshape(count, *np.shape(per_triangle)[1:])


def normalise(vectors: NDArray[np.floating]) -> NDArray[np.float64]:
    """Scale vectors (..., 3) to length one; zero vectors stay zero."""
    values = np.asarray(vectors, dtype=np.float64)
    lengths = np.sqrt(np.einsum("...i,...i->...", values, values))[..., None]
    return values / np.where(lengths > 0, lengths, 1.0)


def vertex_normals(vertices: Points, faces: Indices) -> NDArray[np.float64]:
    """Area-weighted unit normals (n, 3) at the vertices of a mesh of triangles or quads."""
    triangles = triangulate(faces)
    return normalise(sum_to_vertices(triangle_normals(vertices, triangles), triangles, len(vertices)))


def vertex_areas(vertices: Points, faces: Indices) -> NDArray[np.float64]:
    """A third of the area of the adjacent triangles, for each vertex (n,)."""
    triangles = triangulate(faces)
    areas = np.linalg.norm(triangle_normals(vertices, triangles), axis=1) / 2
    return sum_to_vertices(areas / 3, triangles, len(vertices))


def unique_edges(faces: Indices) -> Indices:
    """Each edge once, (e, 2), the smaller vertex index first, sorted."""
    start, end = faces.astype(np.int64).ravel(), np.roll(faces, -1, axis=1).astype(np.int64).ravel()
    count = int(faces.max(initial=0)) + 1
    # One number for each edge is sorted many times faster than pairs of numbers are.
    keys = np.unique(np.minimum(start, end) * count + np.maximum(start, end))
    return np.column_stack(np.divmod(keys, count)).astype(faces.dtype)


def boundary_edges(faces: Indices) -> Indices:
    """Edges (e, 2) that belong to one face only, directed as that face runs."""
    edges = np.stack([faces, np.roll(faces, -1, axis=1)], axis=-1).reshape(-1, 2)
    _, inverse, counts = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True, return_counts=True)
    return edges[counts[inverse] == 1]


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
    """Which of `count` vertices (n,) lie on an edge that only one of the triangles (m, 3) has."""
    # Around an inner vertex every neighbour follows once and precedes once, so that any labels cancel; at the border
    # they do not. Random labels, added without rounding, make a false zero impossible in practice.
    labels = np.random.default_rng(0).integers(1 << 40, size=count).astype(np.float64)[triangles]
    difference = np.roll(labels, -1, axis=1) - np.roll(labels, 1, axis=1)
    return np.bincount(triangles.ravel(), difference.ravel(), count) != 0
