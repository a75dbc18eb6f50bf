"""Catmull-Clark subdivision as sparse matrices."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

Indices = NDArray[np.integer]


@dataclass(frozen=True)
class Subdivision:
    """One step of Catmull-Clark.

    Attributes
    ----------
    matrix : (n', n) sparse matrix
        Carries values at the vertices to the finer mesh. The first n of its rows belong to the vertices of the coarser mesh, in their
        order; then follow the edges (sorted by their vertex indices) and the faces (in their order).
    faces : (4m, 4) vertex indices
        Face k's four parts are rows 4k to 4k + 3; part i begins with corner i of face k and runs the same way.
    edges : (e, 2) vertex indices of the coarser mesh
    """

    matrix: sparse.csr_matrix
    faces: NDArray[np.int64]
    edges: NDArray[np.int64]


def catmull_clark(faces: Indices, count: int) -> Subdivision:
    """Subdivide a manifold mesh of quads once (Catmull and Clark 1978).

    Border edges become cubic B-spline curves; every border vertex is smooth.

    Parameters
    ----------
    faces : (m, 4) vertex indices
    count : number of vertices

    Raises
    ------
    ValueError
        If `faces` is not (m, 4), or an edge belongs to more than two faces.
    """
    if faces.ndim != 2 or faces.shape[1] != 4:
        raise ValueError(f"faces must have shape (m, 4), not {faces.shape}")
    faces = faces.astype(np.int64)
    edges, edge_of = _edges(faces, count)
    shared = np.bincount(edge_of.ravel(), minlength=len(edges))
    if shared.max(initial=0) > 2:
        raise ValueError("an edge of the mesh belongs to more than two faces")
    border = shared == 1
    to_faces = _average(faces, count)
    to_midpoints = _average(edges, count)
    faces_of_edges = _scatter(edge_of, len(edges))
    interior = sparse.diags(np.where(border, 0.0, 0.5))
    to_edges = sparse.diags(np.where(border, 1.0, 0.5)) @ to_midpoints + interior @ faces_of_edges @ to_faces
    to_vertices = _vertex_rule(faces, edges, border, count, to_faces, to_midpoints)
    matrix = sparse.vstack([to_vertices, to_edges, to_faces], format="csr")
    matrix.sort_indices()
    return Subdivision(matrix, _split(faces, edge_of, count, len(edges)), edges)


def _edges(faces: Indices, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Unique edges (e, 2) and the edge (m, 4) that follows each corner of each face."""
    following = np.roll(faces, -1, axis=1)
    keys = np.minimum(faces, following) * count + np.maximum(faces, following)
    unique, inverse = np.unique(keys, return_inverse=True)
    return np.stack([unique // count, unique % count], axis=1), inverse.reshape(faces.shape)


def _average(groups: Indices, count: int) -> sparse.csr_matrix:
    rows, size = groups.shape
    starts = np.arange(0, rows * size + 1, size)
    return sparse.csr_matrix((np.full(rows * size, 1 / size), groups.ravel(), starts), (rows, count))


def _scatter(targets: Indices, count: int) -> sparse.csr_matrix:
    """Matrix (count, rows) whose rows average the rows of `targets` that name them."""
    rows = np.repeat(np.arange(len(targets)), targets.shape[1])
    matrix = sparse.csr_matrix((np.ones(targets.size), (targets.ravel(), rows)), (count, len(targets)))
    total = np.asarray(matrix.sum(axis=1)).ravel()
    return sparse.diags(1 / np.maximum(total, 1)) @ matrix


def _vertex_rule(
    faces: Indices,
    edges: Indices,
    border: NDArray[np.bool_],
    count: int,
    to_faces: sparse.csr_matrix,
    to_midpoints: sparse.csr_matrix,
) -> sparse.csr_matrix:
    """(F + 2R + (n - 3) P) / n inside, (1, 6, 1) / 8 on the border."""
    valence = np.maximum(np.bincount(edges.ravel(), minlength=count), 1)
    on_border = np.zeros(count, dtype=bool)
    on_border[edges[border].ravel()] = True
    inside = np.where(on_border, 0.0, 1.0)
    unused = np.bincount(faces.ravel(), minlength=count) == 0
    keep = np.select([unused, on_border], [1.0, 0.5], (valence - 3) / valence)
    return (
        sparse.diags(np.where(unused, 0, inside / valence)) @ _scatter(faces, count) @ to_faces
        + sparse.diags(np.where(unused, 0, 2 * inside / valence)) @ _scatter(edges, count) @ to_midpoints
        + sparse.diags(keep)
        + sparse.diags(np.where(on_border, 0.5, 0.0))
        @ _scatter(edges[border], count)
        @ to_midpoints[np.flatnonzero(border)]
    )


def _split(faces: Indices, edge_of: Indices, count: int, edges: int) -> NDArray[np.int64]:
    centres = np.broadcast_to((count + edges + np.arange(len(faces)))[:, None], faces.shape)
    parts = np.stack([faces, count + edge_of, centres, count + np.roll(edge_of, 1, axis=1)], axis=-1)
    return parts.reshape(-1, 4)


def split_corners(corners: NDArray[np.floating]) -> NDArray[np.float64]:
    """Carry values at the faces' corners (m, 4, c), such as UVs, to the parts of `catmull_clark`, bilinearly: (4m, 4, c)."""
    corners = np.asarray(corners, dtype=np.float64)
    middles = (corners + np.roll(corners, -1, axis=1)) / 2
    centres = np.broadcast_to(corners.mean(axis=1, keepdims=True), corners.shape)
    parts = np.stack([corners, middles, centres, np.roll(middles, 1, axis=1)], axis=2)
    return parts.reshape(-1, 4, corners.shape[2])
