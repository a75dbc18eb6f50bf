"""The panel of the expressions."""

import bpy

from ...expression.names import REGIONS
from ..operators.expressions import (
    PIX2VERTEX_OT_add_expressions,
    PIX2VERTEX_OT_expression_preset,
    PIX2VERTEX_OT_mirror_expression,
    PIX2VERTEX_OT_random_expression,
    PIX2VERTEX_OT_reset_expression,
)
from ..operators.rig import PIX2VERTEX_OT_add_metarig, PIX2VERTEX_OT_add_rig, PIX2VERTEX_OT_import_take
from ..properties.expression import PAIRS
from ..rig.armature import rig_of
from ..scene.expression_presets import PRESETS, VISEMES
from ..scene.expressions import PHOTO_KEY, own_keys
from ..scene.face_object import active_face, polled_face
from ..translations import translate
from .sidebar import FacePanel, Sidebar, draw_operator

_REGION_LABELS = {
    "eyes": "Eyes",
    "jaw": "Jaw",
    "mouth": "Mouth",
    "brows": "Brows",
    "cheeks": "Cheeks",
    "nose": "Nose",
    "tongue": "Tongue",
}


class PIX2VERTEX_PT_expression(FacePanel, bpy.types.Panel):
    """Expressions of the active face"""

    bl_idname = "PIX2VERTEX_PT_expression"
    bl_label = "Expression"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        layout = self.layout
        layout.row().prop(context.scene.pix2vertex_expression, "basis", expand=True)
        draw_operator(layout, context, PIX2VERTEX_OT_add_expressions.bl_idname, icon="SHAPEKEY_DATA")
        keys = own_keys(active_face(context))
        if not keys:
            return
        if PHOTO_KEY in keys:
            layout.prop(keys[PHOTO_KEY], "value", text=PHOTO_KEY, slider=True)
        grid = layout.grid_flow(columns=2, even_columns=True, align=True)
        for identifier, label, _ in PRESETS:
            if identifier != "PHOTO" or PHOTO_KEY in keys:
                grid.operator(PIX2VERTEX_OT_expression_preset.bl_idname, text=label).preset = identifier
        row = layout.row(align=True)
        row.operator(PIX2VERTEX_OT_random_expression.bl_idname, text="Random", icon="FILE_REFRESH")
        row.operator(PIX2VERTEX_OT_mirror_expression.bl_idname, text="Mirror", icon="MOD_MIRROR")
        row.operator(PIX2VERTEX_OT_reset_expression.bl_idname, text="Reset", icon="LOOP_BACK")


class _ExpressionsPanel(Sidebar):
    """Mixed into a panel about the expressions of the active face."""

    bl_parent_id = "PIX2VERTEX_PT_expression"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for a face with expressions."""
        return bool(own_keys(active_face(context)))


class PIX2VERTEX_PT_expression_sliders(_ExpressionsPanel, bpy.types.Panel):
    """The values of the expressions, by region of the face"""

    bl_idname = "PIX2VERTEX_PT_expression_sliders"
    bl_label = "Sliders"

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the regions that are open."""
        face = polled_face(context)
        keys = own_keys(face)
        settings = context.scene.pix2vertex_expression
        self.layout.prop(settings, "symmetric")
        for region, names in REGIONS.items():
            header, body = self.layout.panel(f"pix2vertex_expression_{region}", default_closed=True)
            header.label(text=translate(_REGION_LABELS[region]), translate=False)
            if body is None:
                continue
            column = body.column(align=True)
            for name in names:
                pair = name.removesuffix("Left").removesuffix("Right")
                if name not in keys:
                    continue
                if settings.symmetric and pair in PAIRS:
                    if name.endswith("Left"):
                        column.prop(face.pix2vertex_both_sides, pair, text=pair, slider=True, translate=False)
                else:
                    column.prop(keys[name], "value", text=name, slider=True, translate=False)


class PIX2VERTEX_PT_visemes(_ExpressionsPanel, bpy.types.Panel):
    """Shapes of the mouth for speech"""

    bl_idname = "PIX2VERTEX_PT_visemes"
    bl_label = "Visemes"

    def draw(self, _context: bpy.types.Context) -> None:
        """Draw a button for each."""
        grid = self.layout.grid_flow(columns=5, even_columns=True, align=True)
        for identifier, label, _ in VISEMES:
            grid.operator(PIX2VERTEX_OT_expression_preset.bl_idname, text=label, translate=False).preset = identifier


class PIX2VERTEX_PT_rig(Sidebar, bpy.types.Panel):
    """A skeleton for the face, and motion capture"""

    bl_idname = "PIX2VERTEX_PT_rig"
    bl_parent_id = "PIX2VERTEX_PT_expression"
    bl_label = "Rig and Motion Capture"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the buttons."""
        layout = self.layout
        add, icon = PIX2VERTEX_OT_add_rig.bl_idname, "ARMATURE_DATA"
        if rig_of(active_face(context)) is None:
            layout.operator_menu_enum(add, "naming", text="Add Rig", icon=icon)
        else:
            layout.operator_menu_enum(add, "naming", text="Update Rig", icon=icon)
        layout.operator(PIX2VERTEX_OT_add_metarig.bl_idname, icon="OUTLINER_OB_ARMATURE")
        layout.operator(PIX2VERTEX_OT_import_take.bl_idname, icon="IMPORT")


CLASSES = (
    PIX2VERTEX_PT_expression,
    PIX2VERTEX_PT_expression_sliders,
    PIX2VERTEX_PT_visemes,
    PIX2VERTEX_PT_rig,
)
