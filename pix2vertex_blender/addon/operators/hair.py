"""Brows, a beard or a cap of hair for a face."""

import bpy

from ...errors import Pix2VertexError
from ..scene.face_object import active_face
from ..translations import translate
from .texture import poll_face

KINDS = (
    ("BROWS", "Brows", "Strands on the brows"),
    ("BEARD", "Beard", "Strands on jaw and chin"),
    ("SCALP", "Hair Cap", "Short hair on the scalp"),
)
ADDED = "{name} added: curves to comb, or to delete"


class PIX2VERTEX_OT_add_hair(bpy.types.Operator):
    """Grow hair curves on the face in the colour of its texture, as an object that can be combed or deleted"""

    bl_idname = "pix2vertex.add_hair"
    bl_label = "Add Hair"
    bl_options = {"REGISTER", "UNDO"}

    kind: bpy.props.EnumProperty(name="Kind", description="Where hair grows", items=KINDS)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for faces that can be changed."""
        return poll_face(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Grow it."""
        from ..scene.hair_curves import add_hair

        face = active_face(context)
        assert face is not None  # as `poll` says
        try:
            hair = add_hair(face, self.kind)
        except Pix2VertexError as error:
            self.report({"ERROR"}, translate(str(error)))
            return {"CANCELLED"}
        self.report({"INFO"}, translate(ADDED.format(name=hair.name)))
        return {"FINISHED"}


CLASSES = (PIX2VERTEX_OT_add_hair,)
