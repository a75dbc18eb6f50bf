"""What the artist sets for a face's expressions."""

import bpy

from ..scene.expressions import BASES


class PIX2VERTEX_PG_expression(bpy.types.PropertyGroup):
    """The settings of Add Expressions."""

    basis: bpy.props.EnumProperty(name="Basis", description="What the shape key Basis is", items=BASES)


CLASSES = (PIX2VERTEX_PG_expression,)


def attach() -> None:
    """Give every scene its settings."""
    bpy.types.Scene.pix2vertex_expression = bpy.props.PointerProperty(type=PIX2VERTEX_PG_expression)


def detach() -> None:
    """Take the settings away again."""
    del bpy.types.Scene.pix2vertex_expression
