"""The panel that starts and follows a reconstruction."""

import bpy

from ..operators.reconstruct import PIX2VERTEX_OT_cancel, PIX2VERTEX_OT_reconstruct, job_text
from ..session import SESSION
from .sidebar import BUTTON_HEIGHT, Sidebar, draw_sentence


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
        if job := SESSION.running_job:
            row = layout.row(align=True)
            row.scale_y = BUTTON_HEIGHT
            row.progress(factor=job.fraction, text=job_text(job))
            row.operator(PIX2VERTEX_OT_cancel.bl_idname, text="", icon="X")
        else:
            row = layout.row()
            row.scale_y = BUTTON_HEIGHT
            row.operator(PIX2VERTEX_OT_reconstruct.bl_idname)
        if SESSION.error:
            draw_sentence(layout, context, SESSION.error)
