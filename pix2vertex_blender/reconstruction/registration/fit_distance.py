"""How far a registered mesh lies from what it was fitted to."""

import numpy as np
from numpy.typing import NDArray

from ...exchange.progress import Pause, no_pause
from ...exchange.result import Reconstruction
from ...geometry.mesh import triangulate, vertex_normals
from ...template.template import level_with
from .matching import TargetIndex
from .target import TargetMesh, build_target

#: Vertices farther away than this (mm) have nothing to do with the target.
FARTHEST = 20.0

#: Vertices that are measured between two pauses.
_AT_ONCE = 50_000


def target_of(face: Reconstruction) -> TargetMesh:
    """The target mesh of a face, in the camera's frame.

    Raises
    ------
    RegistrationError
        If its maps show no surface.
    PhotoError
        If its crop cannot be read.
    """
    return build_target(face.view.maps)


def distances_from_target(
    vertices: NDArray[np.floating], target: TargetMesh, pause: Pause = no_pause
) -> NDArray[np.float64]:
    """Distance (n,) of each vertex from the nearest point of the target, NaN where the target does not show it.

    Vertices that face away from the camera, those nearest to the target's border and inner ones have no distance.

    Parameters
    ----------
    vertices : (n, 3)
        In the camera's frame. If it is a level of the template, its parts are known.
    target : TargetMesh
    pause : Pause
    """
    index = TargetIndex(target)
    parts = []
    for start in range(0, len(vertices), _AT_ONCE):
        pause()
        parts.append(index.match_positions(vertices[start : start + _AT_ONCE]))
    inside, distances, seen = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("inside", "distances", "normals")
    )
    known = inside & (distances < FARTHEST)
    level = level_with(len(vertices))
    if level is not None:
        normals = vertex_normals(vertices, triangulate(level.faces))
        known &= (level.groups["face"] > 0.5) & (np.einsum("ij,ij->i", normals, seen) > 0)
    return np.where(known, distances, np.nan)
