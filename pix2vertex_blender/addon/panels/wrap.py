"""The panel that lays our head over a scan."""

import bpy

from ..operators.own_head import PIX2VERTEX_OT_own_head_expressions, PIX2VERTEX_OT_shape_own_head
from ..operators.wrap import PIX2VERTEX_OT_wrap
from ..scene.own_head import SHAPES, made_keys
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
        row = layout.row()
        row.prop(context.scene.pix2vertex, "with_texture")
        row.prop(context.scene.pix2vertex, "with_eyeballs")
        draw_operator(layout, context, PIX2VERTEX_OT_wrap.bl_idname, icon="MOD_SHRINKWRAP")


class PIX2VERTEX_PT_own_head(Sidebar, bpy.types.Panel):
    """The active face onto a head of another topology"""

    bl_idname = "PIX2VERTEX_PT_own_head"
    bl_parent_id = PIX2VERTEX_PT_wrap.bl_idname
    bl_label = "Own Head"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        column = self.layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        settings = context.scene.pix2vertex_wrap
        column.prop(settings, "head")
        row = self.layout.row()
        row.prop(settings, "as_basis")
        regions = row.row()
        regions.active = not settings.as_basis
        regions.prop(settings, "by_region")
        row = self.layout.row()
        row.prop(settings, "with_parts")
        row.prop(settings, "with_bones")
        draw_operator(self.layout, context, PIX2VERTEX_OT_shape_own_head.bl_idname, icon="MOD_MESHDEFORM")
        draw_operator(self.layout, context, PIX2VERTEX_OT_own_head_expressions.bl_idname, icon="SHAPEKEY_DATA")
        if settings.head is not None:
            for key in made_keys(settings.head, SHAPES):
                self.layout.prop(key, "value", text=key.name, slider=True, translate=False)


CLASSES = (PIX2VERTEX_PT_wrap, PIX2VERTEX_PT_own_head)
