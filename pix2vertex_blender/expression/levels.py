"""The expressions of a reconstruction, at its subdivision level."""

import numpy as np
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
    moved: list[NDArray[np.int32]] = []
    offsets: list[NDArray[np.float32]] = []
    for number, coarse in enumerate(found.offsets):
        progress("expressions", SHARE + (1 - SHARE) * number / len(ARKIT_NAMES))
        fine = (matrix @ coarse).astype(np.float32)
        rows = np.flatnonzero((np.abs(fine) > LEAST).any(axis=1)).astype(np.int32)
        moved.append(rows)
        offsets.append(fine[rows])
    return ExpressionSet(
        basis=(matrix @ found.vertices).astype(np.float32),
        registered=(matrix @ face.coarse_vertices).astype(np.float32),
        coefficients=found.coefficients.astype(np.float32),
        names=ARKIT_NAMES,
        moved=tuple(moved),
        offsets=tuple(offsets),
        wrinkles=(matrix @ wrinkle_share(found.vertices, face.coarse_vertices)).astype(np.float32),
        mouth=mouth,
    )
