"""What the artist sets for a reconstruction, kept with the scene."""

import bpy

DEVICES = (
    ("auto", "Automatic", "Use the graphics card if it works, otherwise the processor"),
    ("cpu", "Processor", "Works everywhere"),
    ("cuda", "NVIDIA", "Use an NVIDIA graphics card"),
    ("mps", "Apple", "Use the graphics processor of an Apple computer"),
    ("xpu", "Intel", "Use an Intel graphics card"),
)

EXPORT_PRESETS = (
    ("UNREAL", "Unreal", "Centimetres, without rotation and scale on the objects"),
    ("UNITY", "Unity", "Metres, without rotation and scale on the objects"),
    ("BLENDER", "Blender", "For another Blender file, with nothing lost"),
)
EXPORT_FORMATS = (
    ("FBX", "FBX", "Shape keys, quads, embedded textures"),
    ("GLB", "glTF", "Shape keys, triangles, textures and material in one binary file"),
    ("BLEND", "Blender File", "Everything, to open in Blender or to append from"),
)
BATCH_TARGETS = (
    ("SCENE", "Scene", "A collection with the faces side by side"),
    ("FILES", "Files", "A file for each photo, for another program"),
)


def usual_export_format(preset: str) -> str:
    """The format that a program reads best."""
    return "BLEND" if preset == "BLENDER" else "FBX"


def _choose_usual_format(settings: "PIX2VERTEX_PG_export | PIX2VERTEX_PG_batch", _context: bpy.types.Context) -> None:
    settings.file_format = usual_export_format(settings.preset)


class PIX2VERTEX_PG_export(bpy.types.PropertyGroup):
    """The settings of Export Face."""

    preset: bpy.props.EnumProperty(
        name="For", description="The program that the file is for", items=EXPORT_PRESETS, update=_choose_usual_format
    )
    file_format: bpy.props.EnumProperty(name="Format", description="The kind of file", items=EXPORT_FORMATS)


class PIX2VERTEX_PG_batch(bpy.types.PropertyGroup):
    """The settings of Reconstruct Folder."""

    directory: bpy.props.StringProperty(name="Photos", description="Folder with the photos", subtype="DIR_PATH")
    target: bpy.props.EnumProperty(name="Into", description="Where the faces go", items=BATCH_TARGETS)
    output: bpy.props.StringProperty(
        name="Output",
        description="Folder for the files; the folder 'faces' among the photos if empty",
        subtype="DIR_PATH",
    )
    preset: bpy.props.EnumProperty(
        name="For", description="The program that the files are for", items=EXPORT_PRESETS, update=_choose_usual_format
    )
    file_format: bpy.props.EnumProperty(name="Format", description="The kind of files", items=EXPORT_FORMATS)
    again: bpy.props.BoolProperty(
        name="Finished Ones Again",
        description="Reconstruct also the photos whose files an earlier run has written",
        default=False,
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
    export: bpy.props.PointerProperty(type=PIX2VERTEX_PG_export)
    batch: bpy.props.PointerProperty(type=PIX2VERTEX_PG_batch)


CLASSES = (PIX2VERTEX_PG_export, PIX2VERTEX_PG_batch, PIX2VERTEX_PG_settings)


def attach() -> None:
    """Give every scene its settings."""
    bpy.types.Scene.pix2vertex = bpy.props.PointerProperty(type=PIX2VERTEX_PG_settings)


def detach() -> None:
    """Take the settings away from the scenes."""
    del bpy.types.Scene.pix2vertex
