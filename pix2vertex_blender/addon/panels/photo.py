"""The panel of the photo."""

import bpy

from .sidebar import Sidebar


class PIX2VERTEX_PT_photo(Sidebar, bpy.types.Panel):
    """The photo to work from"""

    bl_idname = "PIX2VERTEX_PT_photo"
    bl_label = "Photo"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        self.layout.prop(context.scene.pix2vertex, "photo", text="")
