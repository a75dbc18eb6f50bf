"""The panel of the head template."""

import bpy

from ..operators.template import PIX2VERTEX_OT_add_template_head
from .sidebar import Sidebar


class PIX2VERTEX_PT_template(Sidebar, bpy.types.Panel):
    """The head template"""

    bl_idname = "PIX2VERTEX_PT_template"
    bl_label = "Template"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the panel."""
        self.layout.operator(PIX2VERTEX_OT_add_template_head.bl_idname, icon="MESH_MONKEY")
