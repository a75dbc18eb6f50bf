"""The panel of other ways to look at a face."""

import bpy

from ..operators.inspect import PIX2VERTEX_OT_show_over_photo
from .sidebar import Sidebar


class PIX2VERTEX_PT_inspect(Sidebar, bpy.types.Panel):
    """Other ways to look at the active face"""

    bl_idname = "PIX2VERTEX_PT_inspect"
    bl_label = "Inspect"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the panel."""
        self.layout.operator(PIX2VERTEX_OT_show_over_photo.bl_idname, icon="CAMERA_DATA")
