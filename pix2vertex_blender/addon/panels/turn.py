"""The panel of the photo drawn again: from another side, or with the face's shape of now."""

import bpy

from ..operators.turn import PIX2VERTEX_OT_shape_on_photo, PIX2VERTEX_OT_turn_photo
from .inspect import PIX2VERTEX_PT_inspect
from .sidebar import Sidebar, draw_operator


class PIX2VERTEX_PT_turn(Sidebar, bpy.types.Panel):
    """The photo from another side, or with another shape"""

    bl_idname = "PIX2VERTEX_PT_turn"
    bl_parent_id = PIX2VERTEX_PT_inspect.bl_idname
    bl_label = "Turn Photo"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        settings = context.scene.pix2vertex_turn
        column = self.layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "yaw", slider=True)
        column.prop(settings, "pitch", slider=True)
        draw_operator(self.layout, context, PIX2VERTEX_OT_turn_photo.bl_idname, icon="ORIENTATION_GIMBAL")
        draw_operator(self.layout, context, PIX2VERTEX_OT_shape_on_photo.bl_idname, icon="SHAPEKEY_DATA")
