"""What the artist sets for wrapping a scan."""

import bpy

SOURCES = (
    ("MESH", "Mesh", "A mesh object of the scene"),
    ("DEPTH", "Depth Photo", "A colour photo with the depths of its pixels"),
)
#: The names are those of `exchange.wrap_report.UNITS`.
SCAN_UNITS = (
    ("auto", "Automatic", "Found from the head's size"),
    ("mm", "Millimetres", "One unit of the scan is a millimetre"),
    ("cm", "Centimetres", "One unit of the scan is a centimetre"),
    ("m", "Metres", "One unit of the scan is a metre"),
    ("inch", "Inches", "One unit of the scan is an inch"),
)

BASIS_NAME = "New Basis"
BASIS_DESCRIPTION = "Change the head itself instead of adding a shape key; its other shape keys keep what they add"
PARTS_NAME = "Move Parts"
PARTS_DESCRIPTION = "Move eyes, teeth and lashes that are objects of their own, on the head or its parent or armature"


def _is_mesh(_settings: bpy.types.PropertyGroup, item: bpy.types.Object) -> bool:
    return item.type == "MESH"


class PIX2VERTEX_PG_wrap(bpy.types.PropertyGroup):
    """The settings of Wrap Scan."""

    source: bpy.props.EnumProperty(name="Scan", description="What is wrapped", items=SOURCES)
    target: bpy.props.PointerProperty(
        name="Scan",
        description="The mesh object to wrap; the active object if empty",
        type=bpy.types.Object,
        poll=_is_mesh,
    )
    head: bpy.props.PointerProperty(
        name="Own Head",
        description="The mesh object that gets the active face's shape",
        type=bpy.types.Object,
        poll=_is_mesh,
    )
    by_region: bpy.props.BoolProperty(
        name="By Region",
        description="A shape key for each region, so that their strengths can be set apart",
    )
    as_basis: bpy.props.BoolProperty(name=BASIS_NAME, description=BASIS_DESCRIPTION)
    with_parts: bpy.props.BoolProperty(name=PARTS_NAME, description=PARTS_DESCRIPTION, default=True)
    with_bones: bpy.props.BoolProperty(
        name="Move Bones",
        description="Move the bones of the head's armature with its surface",
    )
    unit: bpy.props.EnumProperty(name="Unit", description="The scan's unit of length", items=SCAN_UNITS)
    colour: bpy.props.StringProperty(name="Colour Photo", description="Colours of the depth photo", subtype="FILE_PATH")
    depth: bpy.props.StringProperty(
        name="Depth Image",
        description="Depths of the depth photo: 16-bit PNG in millimetres or OpenEXR; empty if the photo carries them",
        subtype="FILE_PATH",
    )
    intrinsics: bpy.props.FloatVectorProperty(
        name="Intrinsics",
        description="Focal lengths and principal point of the depth image's camera in pixels",
        size=4,
    )


CLASSES = (PIX2VERTEX_PG_wrap,)


def attach() -> None:
    """Give every scene its settings."""
    bpy.types.Scene.pix2vertex_wrap = bpy.props.PointerProperty(type=PIX2VERTEX_PG_wrap)


def detach() -> None:
    """Take the settings away again."""
    del bpy.types.Scene.pix2vertex_wrap
