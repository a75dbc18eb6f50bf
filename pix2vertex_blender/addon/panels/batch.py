"""The panel that reconstructs whole folders."""

import bpy

from ..operators.batch import DEFAULT_OUTPUT, PIX2VERTEX_OT_reconstruct_folder, summary
from ..translations import translate
from .sidebar import Sidebar, draw_operator, draw_sentence

_MOST_FAILURES = 6


class PIX2VERTEX_PT_batch(Sidebar, bpy.types.Panel):
    """Whole folders of photos"""

    bl_idname = "PIX2VERTEX_PT_batch"
    bl_label = "Batch"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        from ..batch.names import encodable, printable
        from ..batch.table import BATCH

        settings = context.scene.pix2vertex.batch
        column = self.layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "directory")
        column.row().prop(settings, "target", expand=True)
        if settings.target == "FILES":
            column.prop(settings, "output", placeholder=DEFAULT_OUTPUT)
            column.prop(settings, "preset")
            column.prop(settings, "file_format")
            column.prop(settings, "again")
        draw_operator(self.layout, context, PIX2VERTEX_OT_reconstruct_folder.bl_idname)
        if BATCH.outcomes:
            self.layout.label(text=translate(summary()))
        for outcome in BATCH.failures[:_MOST_FAILURES]:
            self.layout.label(text=printable(outcome.photo.name), icon="IMAGE_DATA", translate=False)
            draw_sentence(self.layout, context, encodable(outcome.sentence))
        if BATCH.left_out:
            draw_sentence(self.layout, context, encodable(BATCH.left_out))
