"""How much of a face something hides: a hand, a hat, another head.

What turns away from the camera, or lies beyond the photo's edge, is not hidden by anything.
"""

import numpy as np
from numpy.typing import NDArray

from ..geometry.mesh import triangulate, vertex_normals
from ..template import load_template
from .seen_face import SeenFace

#: Cosine of the angle to the line of sight, from which a vertex faces the camera.
FACING = 0.4


def hidden_share(seen: SeenFace, registered: NDArray[np.float64]) -> float:
    """The share of the face's vertices before the camera where the maps show no face; 0 if none faces it.

    Parameters
    ----------
    seen : SeenFace
    registered : (n, 3)
        The registered template, in the camera's axes.
    """
    template, maps = load_template(), seen.maps
    normals = vertex_normals(registered, triangulate(template.faces))
    pixels = maps.camera.project(registered)
    in_photo = seen.frame.to_photo(registered)
    inside = ((in_photo > 0) & (in_photo < seen.photo_size)).all(axis=1)
    inside &= ((pixels > 0) & (pixels < len(maps.mask))).all(axis=1)
    before = (template.groups["face"] > 0.5) & (normals[:, 2] > FACING) & inside
    if not before.any():
        return 0.0
    columns, rows = pixels[before].astype(int).T
    return float(1 - maps.mask[rows, columns].mean())
