"""Which of the template's UV layouts a face's mesh has."""

import bpy

from ...exchange.uv_layouts import LAYOUTS, WHOLE_HEAD

#: The custom property of meshes; without it they have the template's own layout.
LAYOUT = "pix2vertex_layout"


def layout_of(face: bpy.types.Object) -> str:
    """The layout of a face's first UV map, one of `exchange.uv_layouts.LAYOUTS`."""
    layout = face.data.get(LAYOUT)
    return layout if layout in LAYOUTS else WHOLE_HEAD
