"""The panel of the fine detail."""

import bpy

from ..operators.detail import PIX2VERTEX_OT_update_detail
from ..operators.texture import PIX2VERTEX_OT_bake_maps
from ..process.session import SESSION
from ..scene.face_object import active_face, detail_key
from ..scene.record import has_record
from ..translations import translate
from .sidebar import Sidebar, draw_operator, draw_sentence


class PIX2VERTEX_PT_detail(Sidebar, bpy.types.Panel):
    """The fine detail of the active face"""

    bl_idname = "PIX2VERTEX_PT_detail"
    bl_label = "Detail"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for a face with detail."""
        return detail_key(active_face(context) or context.active_object) is not None

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        layout, face = self.layout, active_face(context) or context.active_object
        settings = context.scene.pix2vertex_texture
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(detail_key(face), "value", text="Strength")
        sliders = column.column()
        sliders.active = has_record(face)
        sliders.prop(face.pix2vertex_detail, "scale")
        sliders.prop(face.pix2vertex_detail, "smoothing")
        if SESSION.operator == PIX2VERTEX_OT_update_detail.bl_idname:
            layout.progress(factor=SESSION.fraction, text=translate(SESSION.text or "Starting"))
        elif SESSION.error and SESSION.last_operator == PIX2VERTEX_OT_update_detail.bl_idname:
            draw_sentence(layout, context, SESSION.error)
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(settings, "maps_size")
        column.prop(settings, "maps_format")
        column.prop(settings, "maps_wiring")
        draw_operator(layout, context, PIX2VERTEX_OT_bake_maps.bl_idname, icon="RENDER_STILL")
