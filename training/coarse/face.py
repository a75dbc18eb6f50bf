"""The part of the template that is regressed and drawn: its face, as a mesh of its own."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.reconstruction.likeness.model import face_vertices
from pix2vertex_blender.template import load_template

from ..arrays import Floats, Integers


@dataclass(frozen=True)
class Face:
    """A mesh.

    Attributes
    ----------
    vertices : (n,) int64
        Which of the template's it has.
    mean : (n, 3) float64
        Their places in the rest shape, in millimetres.
    triangles : (m, 3) int64
    landmarks : (68,) int64
        Vertices of its own at which the morphable model has the landmarks.
    """

    vertices: Integers
    mean: Floats
    triangles: Integers
    landmarks: Integers


@cache
def load_face() -> Face:
    """The face, the landmarks of its outline included."""
    template = load_template()
    chosen = face_vertices(template)
    chosen[template.landmarks_68] = True
    triangles = triangulate(template.faces)
    triangles = triangles[chosen[triangles].all(axis=1)]
    own = np.cumsum(chosen) - 1
    vertices = np.flatnonzero(chosen)
    return Face(vertices, template.vertices[vertices], own[triangles], own[template.landmarks_68])
