"""The panel of the face that was made: what is used most, with its settings folded below."""

import bpy

from ..operators.detail import PIX2VERTEX_OT_update_detail
from ..operators.hair import KINDS, PIX2VERTEX_OT_add_hair
from ..operators.maps import PIX2VERTEX_OT_bake_maps
from ..operators.texture import (
    IMAGE_PROPERTIES,
    IMAGES,
    PIX2VERTEX_OT_project_photo,
    PIX2VERTEX_OT_show_image,
)
from ..process.session import SESSION
from ..scene.face_object import active_face, detail_key
from ..scene.record import has_record
from ..scene.shaping_keys import likeness_of
from ..scene.texture_material import image_on_head
from ..translations import translate
from .sidebar import Sidebar, draw_operator, draw_sentence


class PIX2VERTEX_PT_result(Sidebar, bpy.types.Panel):
    """The active face"""

    bl_idname = "PIX2VERTEX_PT_result"
    bl_label = "Face"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for a face made from a photo, or what is left of one."""
        return _face(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        layout, face = self.layout, _face(context)
        assert face is not None
        if (key := detail_key(face)) is not None:
            layout.prop(key, "value", text="Detail Strength", slider=True)
        if likeness_of(face) is not None:
            layout.prop(face.pix2vertex_shape, "likeness", slider=True)
        draw_operator(layout, context, PIX2VERTEX_OT_project_photo.bl_idname, icon="TEXTURE")


class PIX2VERTEX_PT_texture(Sidebar, bpy.types.Panel):
    """A texture from the photo"""

    bl_idname = "PIX2VERTEX_PT_texture"
    bl_parent_id = PIX2VERTEX_PT_result.bl_idname
    bl_label = "Texture"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        settings = context.scene.pix2vertex_texture
        column = self.layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "size")
        column.prop(settings, "layout")
        column.prop(settings, "storage")
        column.prop(settings, "keep_light")
        _draw_images(self.layout, _face(context))
        self.layout.label(text="Hair Curves")
        row = self.layout.row(align=True)
        for kind, label, _text in KINDS:
            row.operator(PIX2VERTEX_OT_add_hair.bl_idname, text=label).kind = kind


class PIX2VERTEX_PT_detail(Sidebar, bpy.types.Panel):
    """The fine detail, and maps of it"""

    bl_idname = "PIX2VERTEX_PT_detail"
    bl_parent_id = PIX2VERTEX_PT_result.bl_idname
    bl_label = "Detail"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for a face with detail."""
        return detail_key(_face(context)) is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        layout, face = self.layout, _face(context)
        assert face is not None
        settings = context.scene.pix2vertex_texture
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        sliders = column.column()
        sliders.active = has_record(face)
        sliders.prop(face.pix2vertex_detail, "reading")
        sliders.prop(face.pix2vertex_detail, "scale")
        sliders.prop(face.pix2vertex_detail, "smoothing")
        if SESSION.operator == PIX2VERTEX_OT_update_detail.bl_idname:
            layout.progress(factor=SESSION.fraction, text=translate(SESSION.text or "Starting"), translate=False)
        elif SESSION.error and SESSION.last_operator == PIX2VERTEX_OT_update_detail.bl_idname:
            draw_sentence(layout, context, SESSION.error)
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "maps_size", text="Maps")
        column.prop(settings, "maps_format")
        column.prop(settings, "maps_level")
        column.prop(settings, "maps_kind")
        column.prop(settings, "maps_wiring")
        draw_operator(layout, context, PIX2VERTEX_OT_bake_maps.bl_idname, icon="RENDER_STILL")
        _draw_images(layout, face)


def _face(context: bpy.types.Context) -> bpy.types.Object | None:
    """The active face, or another mesh that still has its detail."""
    face = active_face(context) or context.active_object
    return face if has_record(face) or detail_key(face) is not None else None


def _draw_images(layout: bpy.types.UILayout, face: bpy.types.Object | None) -> None:
    """A button for each image of the face that there is, if there are several."""
    made = [item for item in IMAGES if face is not None and face.get(IMAGE_PROPERTIES[item[0]]) is not None]
    if face is None or len(made) < 2:
        return
    shown = image_on_head(face)
    layout.label(text="Show on Head")
    grid = layout.grid_flow(row_major=True, columns=2, even_columns=True, align=True)
    for name, label, _text in made:
        is_shown = face[IMAGE_PROPERTIES[name]] == shown
        grid.operator(PIX2VERTEX_OT_show_image.bl_idname, text=label, depress=is_shown).image = name
