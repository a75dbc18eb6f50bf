"""The panel of the shape sliders."""

import bpy

from ...shaping.names import REGIONS
from ..operators.shape import (
    PIX2VERTEX_OT_add_shape_sliders,
    PIX2VERTEX_OT_reset_shape,
    PIX2VERTEX_OT_symmetrise,
)
from ..scene.face_object import active_face
from ..scene.shape_sliders import sliders_of
from ..translations import translate
from .result import PIX2VERTEX_PT_result
from .sidebar import FacePanel


class PIX2VERTEX_PT_shape(FacePanel, bpy.types.Panel):
    """What the artist changes about whose face it is"""

    bl_idname = "PIX2VERTEX_PT_shape"
    bl_parent_id = PIX2VERTEX_PT_result.bl_idname
    bl_label = "Shape"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the regions that the face has sliders of."""
        layout, sliders = self.layout, sliders_of(active_face(context))
        if not sliders:
            layout.operator(PIX2VERTEX_OT_add_shape_sliders.bl_idname, icon="SHAPEKEY_DATA")
        for region, names in REGIONS:
            there = [name for name in names if name in sliders]
            if not there:
                continue
            column = layout.column(align=True)
            column.label(text=translate(region), translate=False)
            for name in there:
                column.prop(sliders[name], "value", text=translate(name), slider=True, translate=False)
        row = layout.row(align=True)
        row.operator(PIX2VERTEX_OT_symmetrise.bl_idname, icon="MOD_MIRROR")
        row.operator(PIX2VERTEX_OT_reset_shape.bl_idname, text="Reset", icon="LOOP_BACK")


CLASSES = (PIX2VERTEX_PT_shape,)
