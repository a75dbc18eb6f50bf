"""What the artist sets for a face's texture, maps and detail."""

import bpy

from ...exchange.detail_readings import DEFAULT_READING
from ...exchange.uv_layouts import FACE_FIRST, WHOLE_HEAD
from ..process.faults import ends_quietly
from ..process.session import SESSION
from ..scene.reference import Reference

SIZES = (
    ("1024", "1k", "1024 texels along each side"),
    ("2048", "2k", "2048 texels along each side"),
    ("4096", "4k", "4096 texels along each side"),
)
TEXTURE_SIZES = (
    ("AUTO", "Automatic", "As large as it takes to hold the photo's pixels on the face"),
    *SIZES,
)
STORAGES = (
    ("PACKED", "Packed", "Inside the Blender file"),
    ("BESIDE", "Beside the File", "In the folder 'textures' beside the saved Blender file"),
)
FORMATS = (
    ("png", "PNG", "16 bits, half the size"),
    ("exr", "OpenEXR", "32-bit floating point, displacement in millimetres"),
)
WIRINGS = (
    ("NONE", "None", "Leave the material as it is"),
    ("NORMAL", "Normal Map", "Bump the face's material with the normal map, and take the Detail key back"),
    ("DISPLACEMENT", "Displacement", "Displace the face's material, and take the Detail key back"),
)
LAYOUTS = (
    (WHOLE_HEAD, "Whole Head", "The template's own UVs, in which all of the head is at about the same scale"),
    (
        FACE_FIRST,
        "Face First",
        "UVs in which the face has twice the area, and scalp and neck an eighth, for photos with many pixels",
    ),
)
LAYOUT_TEXT = "How much of the texture each part of the head gets; the face's UV map becomes that layout"
KEEP_LIGHT = "Leave the photo's light and highlights in the texture; otherwise they are taken out"
#: By what wrinkles and folds are told from the photo; `exchange.detail_readings` has the names.
DETAIL_READINGS = (
    (
        "NETWORK",
        "Network",
        "A network that has learnt to tell relief from paint, such as moles, stubble and frames",
    ),
    ("SHADING", "Shading", "All that is darker than the skin around it is deeper, unless it has another hue"),
)
#: Of which level the detail is that maps are made of, at least: the own one of a mesh that is finer.
MAPS_LEVELS = (
    ("0", "The Face's Own", "The detail as the face has it, however coarse its mesh is"),
    ("2", "Level 2", "The detail of level 2, computed for coarser faces; wrinkles and folds"),
    ("3", "Level 3", "The detail of level 3, computed for coarser faces; slower, and finer where the photo is sharp"),
)
MAPS_KINDS = (
    ("WHOLE", "This Mesh", "All that this mesh lacks of the finer one; for use as it is, in games for instance"),
    (
        "DETAIL",
        "Any Level",
        "The detail alone; for use on meshes of all levels, also with Subdivision Surface modifiers",
    ),
)

#: Seconds after the last move of a slider before the detail is computed.
_SETTLED_SECONDS = 0.35


class PIX2VERTEX_PG_texture(bpy.types.PropertyGroup):
    """The settings of Project Photo and Bake Maps."""

    size: bpy.props.EnumProperty(name="Size", description="Size of the texture", items=TEXTURE_SIZES)
    storage: bpy.props.EnumProperty(name="Images", description="Where the images are kept", items=STORAGES)
    layout: bpy.props.EnumProperty(name="UV Layout", description=LAYOUT_TEXT, items=LAYOUTS)
    keep_light: bpy.props.BoolProperty(name="Keep Light", description=KEEP_LIGHT)
    maps_size: bpy.props.EnumProperty(name="Size", description="Size of the maps", items=SIZES, default="2048")
    maps_format: bpy.props.EnumProperty(name="Format", description="The kind of image files", items=FORMATS)
    maps_level: bpy.props.EnumProperty(
        name="Detail Of", description="How fine the detail is that the maps show", items=MAPS_LEVELS, default="2"
    )
    maps_kind: bpy.props.EnumProperty(name="Maps For", description="Where the maps are to be used", items=MAPS_KINDS)
    maps_wiring: bpy.props.EnumProperty(
        name="Use in Material",
        description="What the face's material does with the maps",
        items=WIRINGS,
        default="NORMAL",
    )


#: The faces whose sliders have been moved, until their detail is computed.
_moved: list[Reference] = []


def _update_detail(settings: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    """Compute the detail when the slider has come to rest; a script calls the operator when it has set everything."""
    if bpy.app.background or not isinstance(settings.id_data, bpy.types.Object):
        return
    reference = Reference.to(settings.id_data)
    if reference not in _moved:
        _moved.append(reference)
    if bpy.app.timers.is_registered(_run_update):
        bpy.app.timers.unregister(_run_update)
    bpy.app.timers.register(_run_update, first_interval=_SETTLED_SECONDS)


@ends_quietly
def _run_update() -> float | None:
    """Compute the detail of one face whose sliders were moved; called again while there are others or work goes on."""
    if SESSION.operator:
        return _SETTLED_SECONDS
    face = _moved.pop(0).find() if _moved else None
    window = next(iter(bpy.context.window_manager.windows), None)
    if face is not None and window is not None:
        with bpy.context.temp_override(window=window, active_object=face, object=face):
            if bpy.ops.pix2vertex.update_detail.poll():
                bpy.ops.pix2vertex.update_detail("INVOKE_DEFAULT")
    return _SETTLED_SECONDS if _moved else None


class PIX2VERTEX_PG_detail(bpy.types.PropertyGroup):
    """The settings of one face's detail."""

    reading: bpy.props.EnumProperty(
        name="Read By",
        description="How wrinkles and folds are told from the photo",
        items=DETAIL_READINGS,
        default=DEFAULT_READING,
        update=_update_detail,
        options=set(),
    )
    scale: bpy.props.FloatProperty(
        name="Scale",
        description="Size of the wrinkles and folds that count as detail",
        default=1.0,
        min=0.2,
        max=4.0,
        soft_max=2.0,
        update=_update_detail,
        options=set(),
    )
    smoothing: bpy.props.FloatProperty(
        name="Smoothing",
        description="Millimetres over which the detail is averaged",
        default=0.0,
        min=0.0,
        max=10.0,
        soft_max=5.0,
        update=_update_detail,
        options=set(),
    )


CLASSES = (PIX2VERTEX_PG_texture, PIX2VERTEX_PG_detail)


def attach() -> None:
    """Give every scene and object their settings."""
    bpy.types.Scene.pix2vertex_texture = bpy.props.PointerProperty(type=PIX2VERTEX_PG_texture)
    bpy.types.Object.pix2vertex_detail = bpy.props.PointerProperty(type=PIX2VERTEX_PG_detail)


def detach() -> None:
    """Take the settings away again."""
    if bpy.app.timers.is_registered(_run_update):
        bpy.app.timers.unregister(_run_update)
    _moved.clear()
    del bpy.types.Scene.pix2vertex_texture
    del bpy.types.Object.pix2vertex_detail
