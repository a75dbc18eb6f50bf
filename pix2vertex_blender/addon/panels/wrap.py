"""The panel that lays our head over a scan."""

import bpy

from ..operators.wrap import PIX2VERTEX_OT_wrap
from .sidebar import Sidebar, draw_operator


class PIX2VERTEX_PT_wrap(Sidebar, bpy.types.Panel):
    """A scan or a depth photo as a head with our topology"""

    bl_idname = "PIX2VERTEX_PT_wrap"
    bl_label = "Wrap"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        layout, settings = self.layout, context.scene.pix2vertex_wrap
        layout.row().prop(settings, "source", expand=True)
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        if settings.source == "MESH":
            column.prop(settings, "target")
            column.prop(settings, "unit")
        else:
            column.prop(settings, "colour")
            column.prop(settings, "depth")
            column.prop(settings, "intrinsics")
        draw_operator(layout, context, PIX2VERTEX_OT_wrap.bl_idname, icon="MOD_SHRINKWRAP")


CLASSES = (PIX2VERTEX_PT_wrap,)
