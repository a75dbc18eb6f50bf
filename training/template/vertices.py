"""Where the template's vertices lie on a head of the face model."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.geometry.mesh import triangulate, vertex_normals
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.canonical import to_millimetres

from ..face_model import HEAD
from ..renderer.surface import head_surface
from .surface import Surface


def template_vertices(head: NDArray[np.floating]) -> NDArray[np.float64]:
    """The template's vertices (n, 3) on a head (h, 3) with the model's topology.

    They move with the points of the surface where they lie, so that what turns inwards, as the lips do, still does.
    """
    corners, weights = _places()
    moved = (np.asarray(head, dtype=np.float64) - head_surface().model.neutral)[corners]
    vertices: NDArray[np.float64] = load_template().vertices + np.einsum("nk,nkc->nc", weights, moved)
    return vertices


@cache
def _places() -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Corners (n, 3) of the model's triangles that hold the vertices on the mean face, and weights (n, 3) in them.

    A vertex goes to a triangle that faces as it does: from one lip not to the other, which touches it.
    """
    model, template = head_surface().model, load_template()
    triangles = model.triangles[(model.triangles < HEAD.stop).all(axis=1)].astype(np.int64)
    rest = to_millimetres(template.canonical)
    normals = vertex_normals(rest, triangulate(template.faces))
    found, weights = Surface(model.neutral.astype(np.float64), triangles).locate(rest, normals)
    return triangles[found], weights
