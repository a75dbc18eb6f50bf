"""The panel of the fine detail."""

import bpy

from ..scene.face_object import detail_key
from .sidebar import Sidebar


class PIX2VERTEX_PT_detail(Sidebar, bpy.types.Panel):
    """The fine detail of the active face"""

    bl_idname = "PIX2VERTEX_PT_detail"
    bl_label = "Detail"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for a face with detail."""
        return detail_key(context.active_object) is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        self.layout.use_property_split = True
        self.layout.prop(detail_key(context.active_object), "value", text="Strength")
