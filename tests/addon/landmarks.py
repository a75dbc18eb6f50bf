"""Landmarks of faces, pinned as an artist pins them."""

import bpy
import numpy as np

from pix2vertex_blender.addon.scene.face_object import read_provenance
from pix2vertex_blender.addon.scene.face_points import shown_vertices
from pix2vertex_blender.template import load_template

#: A centimetre to the person's right.
ASIDE = (-10.0, 0.0, 0.0)


def landmark_pixel(face: bpy.types.Object, landmark: int, shift: tuple[float, float, float] = (0, 0, 0)) -> np.ndarray:
    """The photo pixel at which a landmark is seen, or would be, moved by some millimetres of the head's frame."""
    provenance = read_provenance(face)
    assert provenance is not None
    place = load_template().landmark_points(shown_vertices(face))[landmark] + shift
    return provenance.frame.to_photo(provenance.frame.to_camera(place[None]))[0]


def move_landmark(face: bpy.types.Object, landmark: int, shift: tuple[float, float, float] = ASIDE) -> np.ndarray:
    """Pin a landmark beside where it is seen; returns its pixel."""
    bpy.context.view_layer.objects.active = face
    pixel = landmark_pixel(face, landmark, shift)
    assert bpy.ops.pix2vertex.pin_landmark(landmark=landmark, pixel=pixel) == {"FINISHED"}
    return pixel
