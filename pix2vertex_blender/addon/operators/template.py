"""Operators about the head template."""

import bpy

from ...errors import Pix2VertexError
from ..scene.template_object import build_template_object
from ..translations import translate
from .polling import poll_mode


class PIX2VERTEX_OT_add_template_head(bpy.types.Operator):
    """Add the head that every face is fitted with, to model on"""

    bl_idname = "pix2vertex.add_template_head"
    bl_label = "Add Template Head"
    bl_options = {"REGISTER", "UNDO"}

    with_eyeballs: bpy.props.BoolProperty(
        name="Eyes and Mouth", description="Add eyeballs, teeth and tongue as child objects", default=True
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only in object mode, like Blender's own Add operators for objects."""
        return poll_mode(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Add it at the 3D cursor."""
        try:
            build_template_object(context, with_eyeballs=self.with_eyeballs)
        except Pix2VertexError as error:
            self.report({"ERROR"}, translate(str(error)))
            return {"CANCELLED"}
        return {"FINISHED"}


CLASSES = (PIX2VERTEX_OT_add_template_head,)
