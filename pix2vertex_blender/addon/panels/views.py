"""The panel of the photos that a face is made from."""

import bpy

from ..operators.views import PIX2VERTEX_OT_change_photos, PIX2VERTEX_OT_choose_view
from ..process.session import SESSION
from ..scene.face_object import active_face, view_summaries
from .result import PIX2VERTEX_PT_result
from .sidebar import FacePanel, draw_operator, draw_sentence


class PIX2VERTEX_PT_views(FacePanel, bpy.types.Panel):
    """The photos of the face: which is shown, which are used"""

    bl_idname = "PIX2VERTEX_PT_views"
    bl_parent_id = PIX2VERTEX_PT_result.bl_idname
    bl_label = "Photos of Face"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        layout, summaries = self.layout, view_summaries(active_face(context))
        for index, view in enumerate(summaries):
            row = layout.row(align=True)
            row.operator(
                PIX2VERTEX_OT_choose_view.bl_idname,
                text=view.photo,
                icon="RADIOBUT_ON" if index == 0 else "RADIOBUT_OFF",
                depress=index == 0,
                translate=False,
            ).index = index
            for change, icon in (("SWITCH", "CHECKBOX_HLT" if view.used else "CHECKBOX_DEHLT"), ("REMOVE", "X")):
                button = row.operator(PIX2VERTEX_OT_change_photos.bl_idname, text="", icon=icon)
                button.change, button.index = change, index
            if view.sentence:
                draw_sentence(layout, context, view.sentence)
        if SESSION.operator == PIX2VERTEX_OT_change_photos.bl_idname:
            draw_operator(layout, context, PIX2VERTEX_OT_change_photos.bl_idname)
            return
        layout.operator(PIX2VERTEX_OT_change_photos.bl_idname, text="Add Photos", icon="ADD").change = "ADD"
        if SESSION.error and SESSION.last_operator == PIX2VERTEX_OT_change_photos.bl_idname:
            draw_sentence(layout, context, SESSION.error)
