"""Catmull-Clark subdivision as sparse matrices."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import scipy.sparse as sparse

Indices = NDArray[np.integer]


@dataclass(frozen=True)
class Subdivision:
    """One step of Catmull-Clark.

    Attributes
    ----------
    rows, columns, weights : (k,)
        The entries of `matrix`, by rows; several of one place add up.
    shape : (n', n)
        How many vertices the finer and the coarser mesh have.
    faces : (4m, 4) vertex indices
        Face k's four parts are rows 4k to 4k + 3; part i begins with corner i of face k and runs the same way.
    edges : (e, 2) vertex indices of the coarser mesh
    """

    rows: NDArray[np.int64]
    columns: NDArray[np.int64]
    weights: NDArray[np.float64]
    shape: tuple[int, int]
    faces: NDArray[np.int64]
    edges: NDArray[np.int64]

    @cached_property
    def matrix(self) -> "sparse.csr_matrix":
        """Sparse matrix (n', n) that carries values at the vertices to the finer mesh.

        The first n of its rows belong to the vertices of the coarser mesh, in their order; then follow the edges
        (sorted by their vertex indices) and the faces (in their order).
        """
        import scipy.sparse as sparse  # which Blender's process does not have

        return sparse.csr_matrix((self.weights, (self.rows, self.columns)), self.shape)

    def carry(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """What ``matrix @ values`` is for values (n, c), with NumPy alone; there may be no columns."""
        # A coordinate at a time: NumPy takes several times as long over short rows.
        columns = np.ascontiguousarray(np.transpose(np.asarray(values, dtype=np.float64)))
        carried = np.empty((self.shape[0], len(columns)))
        for index, column in enumerate(columns):
            carried[:, index] = np.add.reduceat(column.take(self.columns) * self.weights, self._starts)
        return carried

    @cached_property
    def _starts(self) -> NDArray[np.int64]:
        """Where each row of the matrix begins among the entries (n',)."""
        starts: NDArray[np.int64] = np.searchsorted(self.rows, np.arange(self.shape[0]))
        return starts


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
    total = count + len(edges) + len(faces)
    parts = [
        *_vertex_rule(faces, edges, border, count),
        *_edge_rule(faces, edges, edge_of, border, count),
        (count + len(edges) + np.arange(len(faces))[:, None], faces, np.array(0.25)),
    ]
    rows, columns, weights = (
        np.concatenate([array.ravel() for array in arrays])
        for arrays in zip(*(np.broadcast_arrays(*part) for part in parts), strict=True)
    )
    order = np.argsort(rows, kind="stable")
    finer = _split(faces, edge_of, count, len(edges))
    return Subdivision(rows[order], columns[order], weights[order], (total, count), finer, edges)


def _edges(faces: Indices, count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Unique edges (e, 2) and the edge (m, 4) that follows each corner of each face."""
    following = np.roll(faces, -1, axis=1)
    keys = np.minimum(faces, following) * count + np.maximum(faces, following)
    unique, inverse = np.unique(keys, return_inverse=True)
    return np.stack([unique // count, unique % count], axis=1), inverse.reshape(faces.shape)


Part = tuple[NDArray, NDArray, NDArray]


def _vertex_rule(faces: Indices, edges: Indices, border: NDArray[np.bool_], count: int) -> list[Part]:
    """Rows, columns and weights of (F + 2R + (n - 3) P) / n inside and of (1, 6, 1) / 8 on the border.

    Inside, the rule gives 3 / 2n^2 to each neighbour, half of it through either face of the edge, and 1 / 4n^2 to the
    vertex across each face.
    """
    valence = np.maximum(np.bincount(edges.ravel(), minlength=count), 1)
    on_border = np.zeros(count, dtype=bool)
    on_border[edges[border].ravel()] = True
    used = np.bincount(faces.ravel(), minlength=count) > 0
    inside = np.where(on_border, 0.0, 1.0 / valence**2)[faces]
    itself = np.select([~used, on_border], [1.0, 0.75], 1 - 7 / (4 * valence))
    vertices = np.arange(count)
    return [
        (vertices, vertices, itself),
        (faces, np.roll(faces, -1, axis=1), 0.75 * inside),
        (faces, np.roll(faces, 1, axis=1), 0.75 * inside),
        (faces, np.roll(faces, 2, axis=1), 0.25 * inside),
        (edges[border], edges[border][:, ::-1], np.array(0.125)),
    ]


def _edge_rule(faces: Indices, edges: Indices, edge_of: Indices, border: NDArray[np.bool_], count: int) -> list[Part]:
    """Rows, columns and weights of the mean of ends and faces' centres inside, and of the middle on the border."""
    rows = count + np.arange(len(edges))[:, None]
    across = np.where(border, 0.0, 1 / 16)[edge_of]
    return [
        (rows, edges, np.where(border, 0.5, 0.375)[:, None]),
        (count + edge_of, np.roll(faces, -2, axis=1), across),
        (count + edge_of, np.roll(faces, -3, axis=1), across),
    ]


def _split(faces: Indices, edge_of: Indices, count: int, edges: int) -> NDArray[np.int64]:
    centres = np.broadcast_to((count + edges + np.arange(len(faces)))[:, None], faces.shape)
    parts = np.stack([faces, count + edge_of, centres, count + np.roll(edge_of, 1, axis=1)], axis=-1)
    return parts.reshape(-1, 4)


def split_corners(corners: NDArray[np.floating]) -> NDArray[np.float64]:
    """Carry values at faces' corners (m, 4, c), such as UVs, to the parts of `catmull_clark` (4m, 4, c), bilinearly."""
    corners = np.asarray(corners, dtype=np.float64)
    middles = (corners + np.roll(corners, -1, axis=1)) / 2
    centres = np.broadcast_to(corners.mean(axis=1, keepdims=True), corners.shape)
    parts = np.stack([corners, middles, centres, np.roll(middles, 1, axis=1)], axis=2)
    return parts.reshape(-1, 4, corners.shape[2])
