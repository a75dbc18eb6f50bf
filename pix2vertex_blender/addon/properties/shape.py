"""The slider over the keys of a face's likeness, and how its pins are dragged."""

import bpy

from ..scene.shaping_keys import MOST_LIKENESS, likeness_of, set_likeness


def _read(sliders: bpy.types.PropertyGroup) -> float:
    likeness = likeness_of(sliders.id_data)
    return 1.0 if likeness is None else likeness


def _write(sliders: bpy.types.PropertyGroup, value: float) -> None:
    set_likeness(sliders.id_data, value)


class PIX2VERTEX_PG_shape(bpy.types.PropertyGroup):
    """What makes one face more or less itself; the values are those of its shape keys."""

    likeness: bpy.props.FloatProperty(
        name="Likeness",
        description="0 is the head as the photo's maps have it, 1 brought nearer to the likeliest head, "
        "beyond that all that makes it differ from the mean face is exaggerated",
        default=1.0,
        min=0.0,
        max=MOST_LIKENESS,
        get=_read,
        set=_write,
        options=set(),
    )
    symmetric: bpy.props.BoolProperty(
        name="Symmetric", description="Dragging a pin moves the other side of the face likewise", options=set()
    )


CLASSES = (PIX2VERTEX_PG_shape,)


def attach() -> None:
    """Give every object its sliders."""
    bpy.types.Object.pix2vertex_shape = bpy.props.PointerProperty(type=PIX2VERTEX_PG_shape)


def detach() -> None:
    """Take them away again."""
    del bpy.types.Object.pix2vertex_shape
