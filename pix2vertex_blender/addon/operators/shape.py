"""Operators that shape a face: its sliders, and its symmetry."""

import bpy

from ..scene.shape_sliders import add_sliders, reset_shape, symmetrise
from .face_operator import FaceOperator

ADDED = "Shape sliders added to {face}"
SOME_ADDED = "Shape sliders added to {face}, but for {names}, since these are keys of your own"
SYMMETRISED = "{face} made symmetric by {share:.0%}"


class PIX2VERTEX_OT_add_shape_sliders(FaceOperator, bpy.types.Operator):
    """Give the face sliders by region, from the width of the nose to age and asymmetry, as shape keys"""

    bl_idname = "pix2vertex.add_shape_sliders"
    bl_label = "Add Shape Sliders"

    def change(self, face: bpy.types.Object, _context: bpy.types.Context) -> str:
        """Add them."""
        kept = add_sliders(face)
        return SOME_ADDED.format(face=face.name, names=", ".join(kept)) if kept else ADDED.format(face=face.name)


class PIX2VERTEX_OT_reset_shape(FaceOperator, bpy.types.Operator):
    """Put all shape sliders back to 0 and the likeness to 1"""

    bl_idname = "pix2vertex.reset_shape"
    bl_label = "Reset Shape"

    def change(self, face: bpy.types.Object, _context: bpy.types.Context) -> str:
        """Set the values."""
        reset_shape(face)
        return ""


class PIX2VERTEX_OT_symmetrise(FaceOperator, bpy.types.Operator):
    """Make both sides of the face alike; what is sculpted counts, and shape keys keep what they add"""

    bl_idname = "pix2vertex.symmetrise"
    bl_label = "Symmetrise"

    strength: bpy.props.FloatProperty(
        name="Strength",
        description="How far: 1 makes both sides the same",
        default=1.0,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        options={"SKIP_SAVE"},
    )

    def change(self, face: bpy.types.Object, _context: bpy.types.Context) -> str:
        """Move the vertices."""
        symmetrise(face, self.strength)
        return SYMMETRISED.format(face=face.name, share=self.strength)


CLASSES = (PIX2VERTEX_OT_add_shape_sliders, PIX2VERTEX_OT_reset_shape, PIX2VERTEX_OT_symmetrise)
