"""The panel of the texture."""

import bpy

from ..operators.texture import PIX2VERTEX_OT_project_photo
from .sidebar import Sidebar, draw_operator


class PIX2VERTEX_PT_texture(Sidebar, bpy.types.Panel):
    """A texture from the photo"""

    bl_idname = "PIX2VERTEX_PT_texture"
    bl_label = "Texture"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        settings = context.scene.pix2vertex_texture
        column = self.layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "size")
        column.prop(settings, "storage")
        draw_operator(self.layout, context, PIX2VERTEX_OT_project_photo.bl_idname, icon="TEXTURE")
