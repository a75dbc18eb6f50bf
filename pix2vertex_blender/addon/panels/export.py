"""The panel that writes files for other programs."""

import bpy

from ..operators.export import PIX2VERTEX_OT_export
from .sidebar import BUTTON_HEIGHT, FacePanel


class PIX2VERTEX_PT_export(FacePanel, bpy.types.Panel):
    """Files for other programs"""

    bl_idname = "PIX2VERTEX_PT_export"
    bl_label = "Export"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        settings = context.scene.pix2vertex.export
        column = self.layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "preset")
        column.prop(settings, "file_format")
        row = self.layout.row()
        row.scale_y = BUTTON_HEIGHT
        button = row.operator(PIX2VERTEX_OT_export.bl_idname, icon="EXPORT")
        button.preset, button.file_format = settings.preset, settings.file_format
