"""The panel that writes files for other programs."""

import bpy

from ..operators.export import PIX2VERTEX_OT_export
from ..operators.finish import PIX2VERTEX_OT_finish
from ..translations import translate
from .sidebar import BUTTON_HEIGHT, FacePanel, draw_operator


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


class PIX2VERTEX_PT_finish(FacePanel, bpy.types.Panel):
    """The face with levels of detail and maps, ready for a game engine or for sculpting"""

    bl_idname = "PIX2VERTEX_PT_finish"
    bl_label = "Finish"
    bl_parent_id = PIX2VERTEX_PT_export.bl_idname
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        settings = context.scene.pix2vertex.finish
        column = self.layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "target")
        if settings.target != "SCULPTING":
            place = translate("Beside the File") if bpy.data.filepath else ""
            column.prop(settings, "directory", placeholder=place)
            if settings.target != "CHARACTER_CREATOR":
                column.prop(settings, "size")
        draw_operator(self.layout, context, PIX2VERTEX_OT_finish.bl_idname, icon="CHECKMARK")
