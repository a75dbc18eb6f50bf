"""The cotangent Laplacian of a triangle mesh, its lumped mass and the bi-Laplacian, as sparse matrices."""

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from ..errors import MeshError
from .cotangents import cotangent_entries
from .mesh import Indices, Points, sum_to_vertices, triangle_normals

#: The mass of a vertex is at least this share of the median mass, for the same reason.
SMALLEST_RELATIVE_MASS = 0.05


def check_triangle_mesh(vertices: Points, triangles: Indices, name: str = "mesh") -> None:
    """Check that a triangle mesh can carry a differential operator.

    Parameters
    ----------
    vertices : (n, 3)
    triangles : (m, 3) integer
    name : str
        What the mesh is called in messages.

    Raises
    ------
    MeshError
        If a shape is wrong, an index is out of range, a coordinate is not finite, a triangle has no area, or more
        than two triangles share an edge.
    """
    if np.ndim(vertices) != 2 or np.shape(vertices)[1] != 3:
        raise MeshError(f"The {name}'s vertices must have shape (n, 3), not {np.shape(vertices)}.")
    if np.ndim(triangles) != 2 or np.shape(triangles)[1] != 3 or len(triangles) == 0:
        raise MeshError(f"The {name}'s triangles must have shape (m, 3) with m > 0, not {np.shape(triangles)}.")
    if triangles.min() < 0 or triangles.max() >= len(vertices):
        bad = int(np.flatnonzero((triangles < 0).any(1) | (triangles >= len(vertices)).any(1))[0])
        raise MeshError(f"Triangle {bad} of the {name} refers to a vertex that does not exist.")
    finite = np.isfinite(vertices).all(axis=1)
    if not finite.all():
        raise MeshError(
            f"Vertex {int(np.flatnonzero(~finite)[0])} of the {name} has a coordinate that is not a number."
        )
    doubled_areas = np.linalg.norm(triangle_normals(vertices, triangles), axis=1)
    longest = np.ptp(np.asarray(vertices, dtype=np.float64), axis=0).max()
    degenerate = doubled_areas <= 1e-12 * longest**2
    if degenerate.any():
        bad = int(np.flatnonzero(degenerate)[0])
        raise MeshError(f"Triangle {bad} of the {name} has no area; remove it or move its vertices apart.")
    edges = np.sort(np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    keys, counts = np.unique(edges[:, 0].astype(np.int64) * len(vertices) + edges[:, 1], return_counts=True)
    if counts.max() > 2:
        first, second = divmod(int(keys[np.argmax(counts > 2)]), len(vertices))
        raise MeshError(
            f"The {name} is not manifold: more than two triangles share the edge of vertices {first} and {second}."
        )


def cotangent_laplacian(vertices: Points, triangles: Indices) -> sparse.csr_matrix:
    """The integrated cotangent Laplacian C of a triangle mesh, negative semi-definite.

    The Laplacian of a function u is ``(C @ u) / lumped_mass``. Rows sum to zero; at an open border the natural
    (Neumann) condition holds.

    Parameters
    ----------
    vertices : (n, 3)
    triangles : (m, 3)

    Returns
    -------
    (n, n) sparse matrix
        Symmetric; entry (i, j) is half the sum of the cotangents opposite to edge ij. Unit-free.
    """
    count = len(vertices)
    rows, columns, weights = cotangent_entries(vertices, triangles)
    off_diagonal = sparse.csr_matrix((weights, (rows, columns)), shape=(count, count))
    return (off_diagonal - sparse.diags(np.asarray(off_diagonal.sum(axis=1)).ravel())).tocsr()


def lumped_mass(vertices: Points, triangles: Indices) -> NDArray[np.float64]:
    """The area (n,) of each vertex: a third of its triangles', but no less than a twentieth of the median."""
    areas = np.linalg.norm(triangle_normals(vertices, triangles), axis=1) / 2
    mass = sum_to_vertices(areas / 3, triangles, len(vertices))
    return np.maximum(mass, SMALLEST_RELATIVE_MASS * np.median(mass))


def bilaplacian(laplacian: sparse.spmatrix, mass: NDArray[np.float64]) -> sparse.csr_matrix:
    """The matrix B of the thin-plate energy: ``u @ B @ u`` is the integral of the squared Laplacian of u.

    Parameters
    ----------
    laplacian : (n, n)
        From `cotangent_laplacian`.
    mass : (n,)
        From `lumped_mass`.

    Returns
    -------
    (n, n) sparse matrix
        Symmetric and positive semi-definite, with the units of `mass` to the power of -1.
    """
    return (laplacian.T @ sparse.diags(1.0 / mass) @ laplacian).tocsr()


def vertex_triangle_incidence(triangles: NDArray[np.integer], count: int) -> sparse.csr_matrix:
    """Sparse matrix (count, m) of ones: row i holds the triangles at vertex i."""
    return corner_gathering(triangles, count).T.tocsr()


def corner_gathering(triangles: NDArray[np.integer], count: int) -> sparse.csr_matrix:
    """Sparse matrix (m, count) of ones: row k holds the corners of triangle k."""
    starts = np.arange(0, triangles.size + 1, 3, dtype=np.int32)
    indices = triangles.ravel().astype(np.int32)
    return sparse.csr_matrix((np.ones(triangles.size, dtype=np.float32), indices, starts), (len(triangles), count))
