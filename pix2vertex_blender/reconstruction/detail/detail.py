"""Wrinkles and pores from a photo's shading: what it shows of the surface, and what the solver makes of that."""

import numpy as np
from numpy.typing import NDArray

from ...exchange.progress import Pause, no_pause
from ...geometry.mesh import vertex_areas, vertex_normals
from ...template import Template
from ..photo.sampling import sample_intensity, visibility
from .paint import shape_share
from .shown_face import ShownFace
from .solver import DetailParameters, DetailSolver, Shading

Array = NDArray[np.float64]

#: What is narrower than about this many of the photo's own pixels is noise and compression, not skin.
GRAIN = 2.0

#: How much of the detail remains where intensity tells more of hair and colour than of shape.
KEPT_SHARES = {"brow": 0.15, "eyelids": 0.3, "upper_lip": 0.4, "lower_lip": 0.4}


def add_detail(
    vertices: NDArray[np.floating],
    level: Template,
    shown: ShownFace,
    parameters: DetailParameters | None = None,
    pause: Pause = no_pause,
) -> Array:
    """Displacement vectors (n, 3) in millimetres that carry the photo's shading onto the subdivided template.

    Parameters
    ----------
    vertices : (n, 3)
        Registered, at the template level `level`, in the camera's axes.
    level : Template
    shown : ShownFace
    parameters : DetailParameters, optional
    pause : Pause
    """
    vertices, parameters = np.asarray(vertices, dtype=np.float64), parameters or DetailParameters()
    shading = read_shading(vertices, level, shown, parameters, pause)
    pause()
    solver = DetailSolver(vertices, level.faces, shading.visibility, pause=pause)
    pause()
    return solver.displacement(shading.intensity, parameters, pause)[:, None] * solver.normals


def read_shading(
    vertices: Array,
    level: Template,
    shown: ShownFace,
    parameters: DetailParameters,
    pause: Pause = no_pause,
) -> Shading:
    """What a photo shows of the subdivided template; the parameters are those of `add_detail`."""
    normals = vertex_normals(vertices, level.faces)
    pause()
    pixels, camera = shown.pixels, shown.camera
    seen = visibility(vertices, normals, level.faces, camera, (pixels.shape[0], pixels.shape[1]), shown.mask, pause)
    pause()
    footprint = camera.scale * np.sqrt(vertex_areas(vertices, level.faces))
    footprint = np.maximum(footprint, GRAIN * shown.photo_pixel)
    points = camera.project(vertices)
    shape = shape_share(points, pixels, camera.scale, seen, parameters.largest_hue)
    pause()
    kept = seen * level.groups["face"] * kept_share(level) * shape
    return Shading(sample_intensity(pixels, points, footprint), kept)


def kept_share(level: Template) -> Array:
    """Share (n,) of the detail that is kept on each part of the face."""
    kept = np.ones(len(level.vertices))
    for name, share in KEPT_SHARES.items():
        if name in level.groups:
            kept *= 1 - (1 - share) * level.groups[name]
    # Where lips turn inwards and touch, the least displacement makes them cross.
    if "mouth_interior" in level.groups:
        kept[level.groups["mouth_interior"] > 0] = 0.0
    return kept
