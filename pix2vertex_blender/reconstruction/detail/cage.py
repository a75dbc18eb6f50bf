"""The mesh of level 0 whose subdivision is a given fine one, for tools that subdivide by themselves."""

import numpy as np
import scipy.sparse.linalg
from numpy.typing import NDArray

from ...exchange.progress import Pause, no_pause
from ...template.template import Template, subdivision_matrix

Array = NDArray[np.float64]

#: UVs are told apart to this share of the texture's side.
_UV_STEP = 1e-7


def cage_of(values: NDArray[np.floating], level: int, pause: Pause = no_pause) -> Array:
    """Values (k, n_0, c) at level 0 whose subdivision is nearest, by least squares, to values (k, n, c) at a level.

    What was itself subdivided comes back exactly.
    """
    if level == 0:
        return np.asarray(values, dtype=np.float64)
    matrix = subdivision_matrix(level)
    factors = scipy.sparse.linalg.splu(
        (matrix.T @ matrix).tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
    )
    found = []
    for each in values:
        pause()
        found.append(factors.solve(matrix.T @ np.asarray(each, dtype=np.float64)))
    return np.stack(found)


def corner_places(level: Template) -> tuple[Array, NDArray[np.int64]]:
    """The UVs (c, 2) that corners of a level's faces have, each once, and the vertex (c,) that is there."""
    uvs = level.uvs.reshape(-1, 2)
    first = np.unique(np.rint(uvs / _UV_STEP).astype(np.int64), axis=0, return_index=True)[1]
    return uvs[first], level.faces.ravel()[first]
