"""The face in a photo with another shape (Beyond 3DMM, section 6.3)."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from ...exchange.progress import Progress, silent
from ...geometry.mesh import vertex_normals
from ...template import load_template
from .anchors import extended
from .image_mesh import Drawn, ImageMesh
from .light import towards_camera

Array = NDArray[np.float64]

#: How much brighter or darker another direction makes the skin at most.
MOST_GAIN = 2.0


def reshaped(mesh: ImageMesh, vertices: Array, progress: Progress = silent) -> Drawn:
    """Give the face in a photo another shape: the background follows (eq. 16) and the shading changes (eq. 17).

    Anchors on the head move with it, the photo's border stays, and all others follow as smoothly as they can. The paper
    replaces the face's pixels by the model's colours under the new normals; here the photo's own are multiplied by how
    much those change, so that pores and moles stay.

    Parameters
    ----------
    mesh : ImageMesh
    vertices : (n, 3)
        The head's new shape at level 0 in the camera's axes, in the place of the old one.
    progress : Progress
    """
    progress("reshape", 0.05)
    steps = mesh.moved_by(vertices)
    known = mesh.on_head | ~mesh.anchors.inside(mesh.size)
    steps = extended(steps, known, mesh.anchors.edges)
    progress("reshape", 0.4)
    places = np.column_stack([mesh.anchors.pixels + steps, mesh.anchor_points[:, 2]])
    gain = shading_gain(mesh, vertices)
    progress("reshape", 0.6)
    drawn = mesh.drawn(vertices, places, gain, partial(progress, "reshape", 0.6))
    progress("reshape", 1.0)
    return drawn


def shading_gain(mesh: ImageMesh, vertices: Array) -> Array:
    """By what the light on the skin at each vertex changes, (n, 3), when the head has another shape: eq. 17."""
    skin, inverse = mesh.skin, mesh.frame.camera.inverse_distance
    normals = vertex_normals(vertices, load_template().faces)
    before = skin.light.shade(skin.texture, mesh.normals, towards_camera(mesh.vertices, inverse))
    after = skin.light.shade(skin.texture, normals, towards_camera(vertices, inverse))
    gain: Array = np.clip(after / np.maximum(before, 1e-4), 1 / MOST_GAIN, MOST_GAIN)
    return gain
