"""The panel that starts and follows a reconstruction."""

import bpy

from ..operators.reconstruct import PIX2VERTEX_OT_reconstruct
from ..scene.face_object import active_face
from .sidebar import Sidebar, draw_operator


class PIX2VERTEX_PT_reconstruct(Sidebar, bpy.types.Panel):
    """The settings, the button and what happens after it was pressed"""

    bl_idname = "PIX2VERTEX_PT_reconstruct"
    bl_label = "Reconstruct Face"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        layout = self.layout
        settings = context.scene.pix2vertex
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "device")
        column.prop(settings, "detail_level")
        column.prop(settings, "with_eyeballs")
        if active_face(context) is not None:
            column.prop(settings, "destination")
        draw_operator(layout, context, PIX2VERTEX_OT_reconstruct.bl_idname)
