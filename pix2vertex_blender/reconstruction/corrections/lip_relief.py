"""Lips stand out as far as they are high.

Where the photo shows that lips end nearer to each other or farther apart (`lip_borders.py`), the skin slides in the
picture and keeps its depth: thin lips would be as thick as full ones.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ...geometry.mesh import normalise, vertex_normals
from ...template import load_template
from ..relief import coarse_forms, smoothing
from .pins import landmark_matrix

Array = NDArray[np.float64]

#: Millimetres: what is finer stands out from the face, and over what length a lip goes over into the skin around it.
FINE, SOFT = 6.0, 5.0
#: Landmarks along the outer edge of each lip and across from them along the inner one.
LIPS = {"upper_lip": ((50, 51, 52), (61, 62, 63)), "lower_lip": ((58, 57, 56), (67, 66, 65))}
#: Lips that become this much thinner or fuller are none: their relief changes no further.
THINNEST, FULLEST = 0.5, 1.8


def in_proportion(vertices: Array, before: Array) -> Array:
    """Let lips stand out as much more as they have become higher.

    Parameters
    ----------
    vertices : (n, 3)
        The fitted template at level 0, in millimetres in the camera's axes.
    before : (n, 3)
        With lips whose height and relief belong together.

    Returns
    -------
    (n, 3)
    """
    if np.array_equal(vertices, before):
        return vertices
    grown = np.clip(lip_heights(vertices) / lip_heights(before), THINNEST, FULLEST) - 1
    outwards = normalise(coarse_forms()(vertex_normals(vertices, load_template().faces)))
    relief = np.einsum("nc,nc->n", vertices - smoothing(FINE)(vertices), outwards)
    changed: Array = vertices + ((soft_lips() @ grown) * relief)[:, None] * outwards
    return changed


def lip_heights(vertices: Array) -> Array:
    """Mean millimetres (2,) across the line of sight from the outer to the inner edge of upper and lower lip."""
    places = (landmark_matrix(0) @ vertices)[:, :2]
    across = [places[list(outer)] - places[list(inner)] for outer, inner in LIPS.values()]
    return np.array([np.linalg.norm(each, axis=1).mean() for each in across])


@cache
def soft_lips() -> Array:
    """How much each vertex (n, 2) belongs to the upper and to the lower lip."""
    lips = np.stack([load_template().groups[name] > 0.5 for name in LIPS], axis=1)
    return smoothing(SOFT)(lips.astype(np.float64))
