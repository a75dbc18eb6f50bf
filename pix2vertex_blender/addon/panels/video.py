"""The panel that makes and moves a face from a movie."""

import bpy

from ..operators.video import PIX2VERTEX_OT_face_from_video
from ..translations import translate
from .sidebar import Sidebar, draw_operator


class PIX2VERTEX_PT_video(Sidebar, bpy.types.Panel):
    """A movie of one face becomes its animation"""

    bl_idname = "PIX2VERTEX_PT_video"
    bl_label = "Video"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        """Draw the panel."""
        layout, settings = self.layout, context.scene.pix2vertex_video
        layout.prop(settings, "movie", text="", placeholder=translate("Movie"))
        layout.row().prop(settings, "actor", expand=True)
        draw_operator(layout, context, PIX2VERTEX_OT_face_from_video.bl_idname, icon="FILE_MOVIE")


CLASSES = (PIX2VERTEX_PT_video,)
