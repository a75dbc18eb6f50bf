"""Brows, a beard or a cap of hair for a face."""

import bpy

from .face_operator import FaceOperator

KINDS = (
    ("BROWS", "Brows", "Strands on the brows"),
    ("BEARD", "Beard", "Strands on jaw and chin"),
    ("SCALP", "Hair Cap", "Short hair on the scalp"),
)
ADDED = "{name} added: curves to comb, or to delete"


class PIX2VERTEX_OT_add_hair(FaceOperator, bpy.types.Operator):
    """Grow hair curves on the face in the colour of its texture, as an object that can be combed or deleted"""

    bl_idname = "pix2vertex.add_hair"
    bl_label = "Add Hair"

    kind: bpy.props.EnumProperty(name="Kind", description="Where hair grows", items=KINDS)

    def change(self, face: bpy.types.Object, _context: bpy.types.Context) -> str:
        """Grow it."""
        from ..scene.hair_curves import add_hair

        return ADDED.format(name=add_hair(face, self.kind).name)


CLASSES = (PIX2VERTEX_OT_add_hair,)
