"""What the artist sets for a face's expressions, and sliders that move both sides of the face."""

from collections.abc import Callable
from typing import Any

import bpy

from ...expression.names import ARKIT_NAMES
from ..scene.expressions import BASES, own_keys

#: Shapes that both sides have, without their side. `jaw` and `mouth` to the left and right are no pairs.
PAIRS = tuple(
    name.removesuffix("Left") for name in ARKIT_NAMES if name.endswith("Left") and name not in ("jawLeft", "mouthLeft")
)


class PIX2VERTEX_PG_expression(bpy.types.PropertyGroup):
    """The settings of Add Expressions."""

    basis: bpy.props.EnumProperty(name="Basis", description="What the shape key Basis is", items=BASES)
    symmetric: bpy.props.BoolProperty(
        name="Symmetric", description="Sliders move both sides of the face", default=False, options=set()
    )


def _read_both(name: str) -> Callable[[Any], float]:
    def read(sliders: bpy.types.PropertyGroup) -> float:
        keys = own_keys(sliders.id_data)
        return max((keys[each].value for each in (f"{name}Left", f"{name}Right") if each in keys), default=0.0)

    return read


def _write_both(name: str) -> Callable[[Any, float], None]:
    def write(sliders: bpy.types.PropertyGroup, value: float) -> None:
        keys = own_keys(sliders.id_data)
        for each in (f"{name}Left", f"{name}Right"):
            if each in keys:
                keys[each].value = value

    return write


class PIX2VERTEX_PG_both_sides(bpy.types.PropertyGroup):
    """The values of the expressions that both sides of a face have; the larger one is shown, both are set."""

    __annotations__ = {
        name: bpy.props.FloatProperty(
            name=name, min=0.0, max=1.0, subtype="FACTOR", get=_read_both(name), set=_write_both(name), options=set()
        )
        for name in PAIRS
    }


CLASSES = (PIX2VERTEX_PG_expression, PIX2VERTEX_PG_both_sides)


def attach() -> None:
    """Give every scene its settings, and every object its sliders."""
    bpy.types.Scene.pix2vertex_expression = bpy.props.PointerProperty(type=PIX2VERTEX_PG_expression)
    bpy.types.Object.pix2vertex_both_sides = bpy.props.PointerProperty(type=PIX2VERTEX_PG_both_sides)


def detach() -> None:
    """Take the settings away again."""
    del bpy.types.Object.pix2vertex_both_sides
    del bpy.types.Scene.pix2vertex_expression
