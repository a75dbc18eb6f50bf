"""What the artist sets for a reconstruction, kept with the scene."""

import bpy

DEVICES = (
    ("auto", "Automatic", "Use the graphics card if it works, otherwise the processor"),
    ("cpu", "Processor", "Works everywhere"),
    ("cuda", "NVIDIA", "Use an NVIDIA graphics card"),
    ("mps", "Apple", "Use the graphics processor of an Apple computer"),
    ("xpu", "Intel", "Use an Intel graphics card"),
)


class PIX2VERTEX_PG_settings(bpy.types.PropertyGroup):
    """The settings of Reconstruct Face."""

    photo: bpy.props.StringProperty(
        name="Photo",
        description="Portrait photo to reconstruct the face from",
        subtype="FILE_PATH",
    )
    device: bpy.props.EnumProperty(
        name="Device",
        description="Where the network is computed",
        items=DEVICES,
        default="auto",
    )
    detail_level: bpy.props.IntProperty(
        name="Detail Level",
        description="How often the head's faces are divided into four, for finer detail",
        min=0,
        max=3,
        default=2,
    )
    with_eyeballs: bpy.props.BoolProperty(
        name="Eyeballs",
        description="Add the eyeballs as child objects of the face",
        default=False,
    )


CLASSES = (PIX2VERTEX_PG_settings,)


def attach() -> None:
    """Give every scene its settings."""
    bpy.types.Scene.pix2vertex = bpy.props.PointerProperty(type=PIX2VERTEX_PG_settings)


def detach() -> None:
    """Take the settings away from the scenes."""
    del bpy.types.Scene.pix2vertex
