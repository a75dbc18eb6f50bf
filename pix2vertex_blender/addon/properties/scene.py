"""What the artist sets for a reconstruction, kept with the scene."""

import bpy

from ..process.photo_search import search_in_background, search_of
from .face import SIZES

DEVICES = (
    ("auto", "Automatic", "Use the graphics card if it works, otherwise the processor"),
    ("cpu", "Processor", "Works everywhere"),
    ("cuda", "NVIDIA", "Use an NVIDIA graphics card"),
    ("mps", "Apple", "Use the graphics processor of an Apple computer"),
    ("xpu", "Intel", "Use an Intel graphics card"),
)

DESTINATIONS = (
    ("AUTO", "Automatic", "Update the active face if it shows the same face of the same photo, otherwise add one"),
    ("NEW", "New Object", "Always add a new face"),
    ("ACTIVE", "Active Face", "Update the active face, also from another photo, and keep what was added to it"),
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
FINISH_TARGETS = (
    ("UNREAL", "Unreal", "An FBX file for each level of detail, to import as LODs of one skeletal mesh"),
    ("UNITY", "Unity", "One FBX file with all levels of detail, of which Unity makes a group"),
    ("GLTF", "glTF, VRM", "A .glb file for each level of detail; programs for VRM begin with one of them"),
    ("CHARACTER_CREATOR", "Character Creator", "An OBJ file in centimetres with the detail, for Headshot"),
    ("SCULPTING", "Blender Sculpting", "An object of level 0 with the detail in the levels of a Multires modifier"),
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


class PIX2VERTEX_PG_finish(bpy.types.PropertyGroup):
    """The settings of Finish."""

    target: bpy.props.EnumProperty(name="Finish For", description="What the face is for", items=FINISH_TARGETS)
    directory: bpy.props.StringProperty(
        name="Folder",
        description="Folder for the files; one beside the saved Blender file if empty",
        subtype="DIR_PATH",
    )
    size: bpy.props.EnumProperty(name="Maps", description="Size of the normal maps", items=SIZES, default="2048")


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


def _photo_changed(settings: "PIX2VERTEX_PG_settings", _context: bpy.types.Context) -> None:
    """Begin anew with another photo: nothing that was chosen in the last one fits."""
    settings.face = 0
    settings.use_face_box = False
    settings.face_box = (0, 0, 0, 0)
    settings.others.clear()
    if settings.photo and not bpy.app.background:
        search_in_background(settings)


def _face_box_switched(settings: "PIX2VERTEX_PG_settings", _context: bpy.types.Context) -> None:
    """Begin with the box that was found, so that it only needs a correction."""
    if settings.use_face_box and not any(settings.face_box):
        settings.face_box = found_box(settings)


def found_box(settings: "PIX2VERTEX_PG_settings") -> tuple[int, int, int, int]:
    """The box of the chosen face as found, or the middle of the photo, in whole pixels; zeros without a photo."""
    search = search_of(settings)
    if search is None or search.size == (0, 0):
        return (0, 0, 0, 0)
    if not search.faces:
        width, height = search.size
        side = min(width, height) // 2
        return ((width - side) // 2, (height - side) // 2, side, side)
    left, top, width, height = search.faces[min(max(settings.face, 1), len(search.faces)) - 1].box
    return (round(left), round(top), round(width), round(height))


class PIX2VERTEX_PG_photo(bpy.types.PropertyGroup):
    """One more photo of the same person; its name is its path."""


class PIX2VERTEX_PG_settings(bpy.types.PropertyGroup):
    """The settings of Reconstruct Face."""

    photo: bpy.props.StringProperty(
        name="Photo",
        description="Portrait photo to reconstruct the face from",
        subtype="FILE_PATH",
        update=_photo_changed,
    )
    others: bpy.props.CollectionProperty(type=PIX2VERTEX_PG_photo)
    face: bpy.props.IntProperty(
        name="Face",
        description="Which of several faces, beginning with 1 for the largest; chosen automatically if zero",
        min=0,
    )
    use_face_box: bpy.props.BoolProperty(
        name="Own Face Box",
        description="Say where the face is instead of having it found",
        update=_face_box_switched,
    )
    face_box: bpy.props.IntVectorProperty(
        name="Face Box",
        description="Left, top, width and height of the face in pixels of the photo",
        size=4,
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
        name="Eyes and Mouth",
        description="Add eyeballs, teeth and tongue as child objects of the face",
        default=True,
    )
    with_texture: bpy.props.BoolProperty(
        name="Texture",
        description="Project the photo onto the face at once, as Project Photo does",
        default=True,
    )
    destination: bpy.props.EnumProperty(
        name="Result",
        description="Which object gets the face",
        items=DESTINATIONS,
    )
    export: bpy.props.PointerProperty(type=PIX2VERTEX_PG_export)
    finish: bpy.props.PointerProperty(type=PIX2VERTEX_PG_finish)
    batch: bpy.props.PointerProperty(type=PIX2VERTEX_PG_batch)


CLASSES = (PIX2VERTEX_PG_export, PIX2VERTEX_PG_finish, PIX2VERTEX_PG_batch, PIX2VERTEX_PG_photo, PIX2VERTEX_PG_settings)


def attach() -> None:
    """Give every scene its settings."""
    bpy.types.Scene.pix2vertex = bpy.props.PointerProperty(type=PIX2VERTEX_PG_settings)


def detach() -> None:
    """Take the settings away from the scenes."""
    del bpy.types.Scene.pix2vertex
