"""The sidebar tab of the 3D view."""

import textwrap

import bpy

from .operators.inspect import PIX2VERTEX_OT_show_over_photo
from .operators.reconstruct import PIX2VERTEX_OT_cancel, PIX2VERTEX_OT_reconstruct, job_text
from .operators.template import PIX2VERTEX_OT_add_template_head
from .scene.face_object import detail_key
from .session import SESSION

_CATEGORY = "pix2vertex"
_PIXELS_PER_CHARACTER = 7.0
_BUTTON_HEIGHT = 1.5


class _Sidebar:
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = _CATEGORY


class PIX2VERTEX_PT_photo(_Sidebar, bpy.types.Panel):
    """The photo to work from"""

    bl_idname = "PIX2VERTEX_PT_photo"
    bl_label = "Photo"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        self.layout.prop(context.scene.pix2vertex, "photo", text="")


class PIX2VERTEX_PT_reconstruct(_Sidebar, bpy.types.Panel):
    """The settings, the button and what happens after it was pressed"""

    bl_idname = "PIX2VERTEX_PT_reconstruct"
    bl_label = "Reconstruct Face"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        layout = self.layout
        settings = context.scene.pix2vertex
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "device")
        column.prop(settings, "detail_level")
        column.prop(settings, "with_eyeballs")
        if job := SESSION.running_job:
            row = layout.row(align=True)
            row.scale_y = _BUTTON_HEIGHT
            row.progress(factor=job.fraction, text=job_text(job))
            row.operator(PIX2VERTEX_OT_cancel.bl_idname, text="", icon="X")
        else:
            row = layout.row()
            row.scale_y = _BUTTON_HEIGHT
            row.operator(PIX2VERTEX_OT_reconstruct.bl_idname)
        if SESSION.error:
            _draw_sentence(layout, context, SESSION.error)


class PIX2VERTEX_PT_inspect(_Sidebar, bpy.types.Panel):
    """Other ways to look at the active face"""

    bl_idname = "PIX2VERTEX_PT_inspect"
    bl_label = "Inspect"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the panel."""
        self.layout.operator(PIX2VERTEX_OT_show_over_photo.bl_idname, icon="CAMERA_DATA")


class PIX2VERTEX_PT_detail(_Sidebar, bpy.types.Panel):
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


class PIX2VERTEX_PT_template(_Sidebar, bpy.types.Panel):
    """The head template"""

    bl_idname = "PIX2VERTEX_PT_template"
    bl_label = "Template"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw the panel."""
        self.layout.operator(PIX2VERTEX_OT_add_template_head.bl_idname, icon="MESH_MONKEY")


def _draw_sentence(layout: bpy.types.UILayout, context: bpy.types.Context, sentence: str) -> None:
    """Draw a sentence over as many lines as the sidebar's width needs."""
    scale = context.preferences.system.ui_scale
    characters = max(16, int(context.region.width / (_PIXELS_PER_CHARACTER * scale)) - 4)
    column = layout.column(align=True)
    for number, line in enumerate(textwrap.wrap(sentence, characters)):
        column.label(text=line, icon="NONE" if number else "ERROR")


CLASSES = (
    PIX2VERTEX_PT_photo,
    PIX2VERTEX_PT_reconstruct,
    PIX2VERTEX_PT_inspect,
    PIX2VERTEX_PT_detail,
    PIX2VERTEX_PT_template,
)
