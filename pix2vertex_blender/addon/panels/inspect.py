"""The panel of other ways to look at a face."""

import bpy

from ..operators.inspect import (
    VIEWS,
    PIX2VERTEX_OT_hide_photo,
    PIX2VERTEX_OT_show_distances,
    PIX2VERTEX_OT_show_map,
    PIX2VERTEX_OT_show_over_photo,
    PIX2VERTEX_OT_show_target,
)
from ..scene.face_object import active_face, detail_key
from ..views.fit_view import shown_target, shows_distances
from ..views.photo_view import shows_photo
from .sidebar import FacePanel, Sidebar, draw_operator


class PIX2VERTEX_PT_inspect(FacePanel, bpy.types.Panel):
    """Other ways to look at the active face"""

    bl_idname = "PIX2VERTEX_PT_inspect"
    bl_label = "Inspect"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        layout, face = self.layout, active_face(context)
        if shows_photo(context.scene):
            layout.operator(PIX2VERTEX_OT_hide_photo.bl_idname, icon="X")
        else:
            layout.operator(PIX2VERTEX_OT_show_over_photo.bl_idname, icon="CAMERA_DATA")
        shown = shows_distances(face)
        draw_operator(
            layout,
            context,
            PIX2VERTEX_OT_show_distances.bl_idname,
            text="Hide Distance" if shown else "Distance from the Photo",
            icon="X" if shown else "COLOR",
        )


class PIX2VERTEX_PT_inspect_advanced(Sidebar, bpy.types.Panel):
    """What the head was made from"""

    bl_idname = "PIX2VERTEX_PT_inspect_advanced"
    bl_parent_id = PIX2VERTEX_PT_inspect.bl_idname
    bl_label = "Advanced"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        layout, face = self.layout, active_face(context)
        layout.label(text="Show Map")
        grid = layout.grid_flow(row_major=True, columns=2, even_columns=True, align=True)
        for name, label, _text in VIEWS:
            grid.operator(PIX2VERTEX_OT_show_map.bl_idname, text=label).view = name
        if (key := detail_key(face)) is not None:
            layout.prop(key, "mute", text="Head without Detail", toggle=True, icon="MESH_DATA")
        target = face is not None and shown_target(face) is not None
        draw_operator(
            layout,
            context,
            PIX2VERTEX_OT_show_target.bl_idname,
            text="Delete Seen Surface" if target else "Seen Surface",
            icon="X" if target else "OUTLINER_OB_MESH",
        )
