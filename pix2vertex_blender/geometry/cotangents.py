"""The cotangent weights of a triangle mesh, with NumPy alone: see `laplacian` for what they are the entries of."""

import numpy as np
from numpy.typing import NDArray

from .mesh import Indices, Points

#: Cotangents beyond this size (angles under about half a degree) are clamped, so that one sliver cannot dominate a
#: system.
LARGEST_COTANGENT = 100.0


def cotangent_entries(
    vertices: Points, triangles: Indices
) -> tuple[NDArray[np.integer], NDArray[np.integer], NDArray[np.float64]]:
    """Rows, columns and values (6 m,) of the cotangent Laplacian beside its diagonal.

    Those of one place add up to half the sum of the cotangents opposite to the edge. The diagonal makes rows sum to 0.

    Parameters
    ----------
    vertices : (n, 3)
    triangles : (m, 3)
    """
    corners = np.asarray(vertices, dtype=np.float64)[triangles]
    rows, columns, weights = [], [], []
    for corner in range(3):
        first, second = (corner + 1) % 3, (corner + 2) % 3
        one = corners[:, first] - corners[:, corner]
        other = corners[:, second] - corners[:, corner]
        doubled_area = np.linalg.norm(np.cross(one, other), axis=1)
        cotangent = np.einsum("ij,ij->i", one, other) / np.maximum(doubled_area, np.finfo(np.float64).tiny)
        half = np.clip(cotangent, -LARGEST_COTANGENT, LARGEST_COTANGENT) / 2
        rows += [triangles[:, first], triangles[:, second]]
        columns += [triangles[:, second], triangles[:, first]]
        weights += [half, half]
    return np.concatenate(rows), np.concatenate(columns), np.concatenate(weights)
