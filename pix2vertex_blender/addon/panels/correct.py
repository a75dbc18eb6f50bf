"""The panel that corrects a face by its landmarks."""

import bpy

from ..operators.correct import (
    PIX2VERTEX_OT_hide_pins,
    PIX2VERTEX_OT_refit,
    PIX2VERTEX_OT_reset_pins,
    PIX2VERTEX_OT_show_pins,
)
from ..operators.drag_face import PIX2VERTEX_OT_drag_face, is_dragged
from ..scene.face_object import polled_face
from ..scene.landmark_pins import shows_pins
from .sidebar import FacePanel, draw_operator


class PIX2VERTEX_PT_correct(FacePanel, bpy.types.Panel):
    """Landmarks of the active face that the artist puts right"""

    bl_idname = "PIX2VERTEX_PT_correct"
    bl_label = "Correct"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        layout = self.layout
        face = polled_face(context)
        if not shows_pins(face):
            layout.operator(PIX2VERTEX_OT_show_pins.bl_idname, icon="PINNED")
        else:
            layout.operator(PIX2VERTEX_OT_hide_pins.bl_idname, icon="UNPINNED")
        row = layout.row(align=True)
        row.operator(PIX2VERTEX_OT_drag_face.bl_idname, icon="HAND", depress=is_dragged(face))
        row.prop(face.pix2vertex_shape, "symmetric", text="", icon="MOD_MIRROR")
        draw_operator(layout, context, PIX2VERTEX_OT_refit.bl_idname)
        layout.operator(PIX2VERTEX_OT_reset_pins.bl_idname)
