"""The panel that starts and follows a reconstruction."""

import bpy

from ..operators.reconstruct import PIX2VERTEX_OT_reconstruct
from .sidebar import Sidebar, draw_operator


class PIX2VERTEX_PT_reconstruct(Sidebar, bpy.types.Panel):
    """The button, what it makes, and what happens after it was pressed"""

    bl_idname = "PIX2VERTEX_PT_reconstruct"
    bl_label = "Reconstruct Face"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        layout = self.layout
        settings = context.scene.pix2vertex
        row = layout.row()
        row.prop(settings, "with_texture")
        row.prop(settings, "with_eyeballs")
        draw_operator(layout, context, PIX2VERTEX_OT_reconstruct.bl_idname)


class PIX2VERTEX_PT_reconstruct_options(Sidebar, bpy.types.Panel):
    """How it is done"""

    bl_idname = "PIX2VERTEX_PT_reconstruct_options"
    bl_parent_id = PIX2VERTEX_PT_reconstruct.bl_idname
    bl_label = "Options"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        settings = context.scene.pix2vertex
        column = self.layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "detail_level")
        column.prop(settings, "device")
        column.prop(settings, "destination")
