"""The expressions of a reconstruction, at its subdivision level."""

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from ..exchange.expressions import ExpressionSet
from ..exchange.progress import Progress, silent
from ..exchange.result import Reconstruction
from ..reconstruction.corrections.eyelids import balls
from ..template import load_template, subdivision_matrix
from .mouth import Wearer
from .names import ARKIT_NAMES
from .neutral import neutral_face, photo_face
from .parts import place_parts
from .wrinkles import wrinkle_share

#: Displacements (mm) of a finer mesh below this are none.
LEAST = 0.005
#: What making the expressions at level 0 takes of the whole, for the progress.
SHARE = 0.4
#: So many shapes are subdivided at once.
TOGETHER = 13


def expression_set(face: Reconstruction, basis: str, progress: Progress = silent) -> ExpressionSet:
    """The expressions of a face.

    Parameters
    ----------
    face : Reconstruction
    basis : str
        NEUTRAL takes the photo's expression off the head, PHOTO leaves the head as it is.
    progress : Progress, optional
    """
    level = face.detail_level
    both = balls(load_template(), face.coarse_vertices)
    make = neutral_face if basis == "NEUTRAL" else photo_face
    found = make(face.coarse_vertices, both, level)
    if basis == "NEUTRAL":
        photo = found.coefficients, face.coarse_vertices - found.vertices
        mouth = place_parts(Wearer.without_expression(found.vertices), found.offsets, photo, both)
    else:
        mouth = place_parts(Wearer.as_in_photo(face.coarse_vertices), found.offsets, eyeballs=both)
    matrix = subdivision_matrix(level)
    moved, offsets = _subdivided(matrix, found.offsets, progress)
    return ExpressionSet(
        basis=(matrix @ found.vertices).astype(np.float32),
        registered=(matrix @ face.coarse_vertices).astype(np.float32),
        coefficients=found.coefficients.astype(np.float32),
        names=ARKIT_NAMES,
        moved=moved,
        offsets=offsets,
        wrinkles=(matrix @ wrinkle_share(found.vertices, face.coarse_vertices)).astype(np.float32),
        mouth=mouth,
    )


def _subdivided(
    matrix: sparse.csr_matrix, shapes: NDArray[np.floating], progress: Progress
) -> tuple[tuple[NDArray[np.int32], ...], tuple[NDArray[np.float32], ...]]:
    """Which vertices of the finer mesh shapes (e, n, 3) move, and by how much.

    Some shapes at a time: a sparse matrix times many columns takes a fraction of the time that it takes one by one.
    """
    matrix = matrix.astype(np.float32)
    moved, offsets = [], []
    for first in range(0, len(shapes), TOGETHER):
        progress("expressions", SHARE + (1 - SHARE) * first / len(shapes))
        some = shapes[first : first + TOGETHER].astype(np.float32)
        fine = matrix @ np.moveaxis(some, 0, 1).reshape(some.shape[1], -1)
        large = np.abs(fine) > LEAST
        vectors = fine.reshape(-1, 3)  # of a vertex all shapes, then of the next one
        for shape in range(len(some)):
            x, y, z = large[:, 3 * shape : 3 * shape + 3].T
            rows = np.flatnonzero(x | y | z)
            moved.append(rows.astype(np.int32))
            offsets.append(vectors.take(rows * len(some) + shape, axis=0))
    return tuple(moved), tuple(offsets)
