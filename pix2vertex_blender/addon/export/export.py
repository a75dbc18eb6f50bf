"""Files for other programs. Shape keys survive because modifiers are never applied."""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import addon_utils
import bpy

from ...errors import OutputError
from ..scene.mesh_object import EYEBALL
from .copies import free_copies
from .preparation import clean_names, muted_keys_at_zero, selected_alone, textures_in_files, textures_packed

NOT_WRITABLE = "{path} cannot be written; choose another folder."


@dataclass(frozen=True)
class FbxSpace:
    """How an FBX file brings Blender's metres and axes to those of FBX, which has Y up and -Z in front.

    Attributes
    ----------
    apply_scale_options : str
        `FBX_SCALE_NONE` writes centimetres, the unit that every program assumes; `FBX_SCALE_ALL` writes metres and
        says so in the file's header.
    bake_space_transform : bool
        Whether the change of axes and unit goes into the vertices, so that objects arrive without rotation and scale,
        rather than into the objects.
    """

    apply_scale_options: str
    bake_space_transform: bool


#: Unreal does not read the header's unit unless it is told to, so the vertices are in centimetres.
UNREAL = FbxSpace("FBX_SCALE_NONE", bake_space_transform=True)
#: Unity reads the header's unit, and shows a scale of 1 only for files in metres.
UNITY = FbxSpace("FBX_SCALE_ALL", bake_space_transform=True)
#: Blender's importer undoes what its exporter does to the objects, and so leaves the vertices as they were.
BLENDER = FbxSpace("FBX_SCALE_ALL", bake_space_transform=False)


def save_blend(path: Path) -> None:
    """Save a copy of the open file, compressed, with images packed into it.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    bpy.ops.file.pack_all()
    _write(path, bpy.ops.wm.save_as_mainfile, copy=True, compress=True, check_existing=False)


def export_fbx(path: Path, objects: Sequence[bpy.types.Object], space: FbxSpace = BLENDER) -> None:
    """Write objects with shape keys as FBX: -Z forward, Y up, no leaf bones, textures inside the file.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    addon_utils.enable("io_scene_fbx")
    with selected_alone(objects), muted_keys_at_zero(objects), textures_in_files(objects):
        _write(
            path,
            bpy.ops.export_scene.fbx,
            use_selection=True,
            object_types={"MESH"},
            use_mesh_modifiers=False,
            mesh_smooth_type="FACE",
            add_leaf_bones=False,
            bake_anim=False,
            axis_forward="-Z",
            axis_up="Y",
            path_mode="COPY",
            embed_textures=True,
            check_existing=False,
            **asdict(space),
        )


def export_glb(path: Path, objects: Sequence[bpy.types.Object]) -> None:
    """Write objects with shape keys as one binary glTF file, textures inside; glTF prescribes metres and Y up.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    addon_utils.enable("io_scene_gltf2")
    with selected_alone(objects), muted_keys_at_zero(objects):
        _write(
            path,
            bpy.ops.export_scene.gltf,
            export_format="GLB",
            use_selection=True,
            export_apply=False,
            export_morph=True,
            export_animations=False,
            export_yup=True,
            check_existing=False,
        )


def export_blend(path: Path, objects: Sequence[bpy.types.Object]) -> None:
    """Write a Blender file with a scene that holds these objects and all they need, images packed into it.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    scene = bpy.data.scenes.new(objects[0].name)
    try:
        for item in objects:
            scene.collection.objects.link(item)
        scene.view_layers[0].update()  # Blender 5.2 crashes when it writes a view layer that was never up to date
        with textures_packed(objects):
            bpy.data.libraries.write(str(path), {scene}, path_remap="ABSOLUTE", compress=True)
    except (RuntimeError, OSError) as error:
        raise OutputError(NOT_WRITABLE.format(path=path)) from error
    finally:
        bpy.data.scenes.remove(scene)


def export_face(
    path: Path,
    face: bpy.types.Object,
    write: Callable[[Path, Sequence[bpy.types.Object]], None],
    *,
    with_eyeballs: bool = True,
    move_to_origin: bool = True,
) -> list[bpy.types.Object]:
    """Write a face for another program, under names that every program takes; nothing in the scene changes.

    Parameters
    ----------
    path : Path
        The file. It appears whole or not at all, so that an earlier one is not lost to a failure.
    face : bpy.types.Object
        The face.
    write : callable
        Writes the objects of a list to a path, like `export_glb`.
    with_eyeballs : bool
        Whether its visible eyeballs go with it.
    move_to_origin : bool
        Whether the face stands at the world's origin in the file, wherever it stands in the scene.

    Returns
    -------
    list of bpy.types.Object
        What was written: the face and its eyeballs.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    eyeballs = eyeballs_of(face) if with_eyeballs else []
    with ExitStack() as stack:
        partial = stack.enter_context(_beside(path))
        copies = stack.enter_context(free_copies(face, eyeballs, move_to_origin=move_to_origin))
        stack.enter_context(clean_names(copies))
        write(partial, copies)
        try:
            partial.replace(path)
        except OSError as error:
            raise OutputError(NOT_WRITABLE.format(path=path)) from error
    return [face, *eyeballs]


def face_with_children(face: bpy.types.Object) -> list[bpy.types.Object]:
    """The face and the objects parented to it, such as its eyeballs."""
    return [face, *face.children_recursive]


def eyeballs_of(face: bpy.types.Object) -> list[bpy.types.Object]:
    """The visible eyeballs of a face."""
    return [item for item in face.children if EYEBALL in item and item.visible_get()]


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    """A path of the same name in a temporary folder beside `path`."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=".pix2vertex.", dir=path.parent))
    except OSError as error:
        raise OutputError(NOT_WRITABLE.format(path=path)) from error
    try:
        yield folder / path.name
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(path: Path, operator: Callable[..., set[str]], **settings: Any) -> None:
    try:
        operator(filepath=str(path), **settings)
    except (RuntimeError, OSError) as error:
        raise OutputError(NOT_WRITABLE.format(path=path)) from error
