"""The scan's own surface as fine detail of the head that was fitted to it."""

import numpy as np
from numpy.typing import NDArray

from ...exchange.progress import Pause, no_pause
from ...geometry.extension import SmoothExtension
from ...geometry.mesh import vertex_normals
from ...template import Template
from ..registration.matching import TargetIndex
from ..registration.registration import facing

#: Folds deeper than this (mm) are no detail but something that the head does not follow.
DEEPEST = 2.5
#: Degrees by which the normals of head and scan may differ.
LARGEST_ANGLE = 60.0
#: Detail is averaged over the first length (mm), and fades where the scan ends over the second.
SMOOTHING, FADING = 0.2, 4.0


def detail_of_scan(
    vertices: NDArray[np.float64], level: Template, target: TargetIndex, pause: Pause = no_pause
) -> NDArray[np.float64]:
    """Displacement vectors (n, 3) along the normals, from a smooth head at some level to the surface of a scan.

    Parameters
    ----------
    vertices : (n, 3)
        In millimetres, in the scan's axes.
    level : Template
    target : TargetIndex
        Of the scan.
    pause : Pause
    """
    normals = vertex_normals(vertices, level.faces)
    pause()
    found = target.match_positions(vertices, level.groups["face"] > 0.5)
    pause()
    offsets = np.einsum("ij,ij->i", found.points - vertices, normals)
    known = found.inside & (np.linalg.norm(found.points - vertices, axis=1) < DEEPEST)
    known &= facing(normals, found.normals, LARGEST_ANGLE)
    extension = SmoothExtension(vertices, level.faces)
    pause()
    spread = extension.extend_briefly(offsets[:, None], known.astype(np.float64), np.zeros(1), SMOOTHING, FADING, pause)
    return spread * normals
