"""Operators that look at a face in other ways."""

import bpy

from ...errors import Pix2VertexError
from ..scene.face_object import read_provenance
from ..scene.photo_view import show_over_photo


class PIX2VERTEX_OT_show_over_photo(bpy.types.Operator):
    """Look at the active face through a camera that matches its photo, with the photo behind it"""

    bl_idname = "pix2vertex.show_over_photo"
    bl_label = "Show over Photo"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for faces made from a photo."""
        if read_provenance(context.active_object) is None:
            cls.poll_message_set("Select a face that was reconstructed from a photo")
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Add the camera and look through it."""
        provenance = read_provenance(context.active_object)
        assert provenance is not None
        try:
            show_over_photo(context.active_object, provenance, context)
        except Pix2VertexError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if context.space_data is not None and context.space_data.type == "VIEW_3D":
            context.space_data.region_3d.view_perspective = "CAMERA"
        return {"FINISHED"}


CLASSES = (PIX2VERTEX_OT_show_over_photo,)
