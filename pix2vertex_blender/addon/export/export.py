"""Files for other programs. Shape keys survive because modifiers are never applied."""

import os
import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import addon_utils
import bpy
from bpy_extras.io_utils import axis_conversion
from mathutils import Matrix

from ...errors import OutputError
from ...files import NOT_WRITABLE, hidden_folder, replacing
from ..rig.armature import rig_of
from ..scene.mesh_object import belongs_to_face
from .as_seen import as_seen, eyeballs_that_follow
from .copies import free_copies
from .preparation import clean_names, muted_keys_at_zero, selected_alone, textures_in_files, textures_packed
from .skeleton import bake_into_data, point_to_copy, skeleton_first

NO_END = "the file has no end."
NOT_EXPORTED = "Blender could not make {path}: {reason}"

#: How Python's errors of files and disks show themselves in the text into which Blender turns them.
_ERROR_NUMBER = re.compile(r"\[(?:Errno|WinError) (\d+)\]")

#: How a compressed Blender file ends: the mark of a seekable file of Zstandard.
_COMPRESSED_END = bytes.fromhex("b1ea928f")

#: A disk on which so many bytes find no room is the reason that a file could not be written.
_TRIAL_BYTES = 1 << 20


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

    def matrix(self) -> Matrix:
        """What the exporter multiplies Blender's metres with."""
        centimetres = self.apply_scale_options == "FBX_SCALE_NONE"
        axes = axis_conversion(to_forward="-Z", to_up="Y").to_4x4()
        return Matrix.Scale(100.0 if centimetres else 1.0, 4) @ axes


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
    _write(path, _save_copy)


def export_fbx(path: Path, objects: Sequence[bpy.types.Object], space: FbxSpace = BLENDER) -> None:
    """Write objects with shape keys as FBX: -Z forward, Y up, no leaf bones, textures inside the file.

    Where a skeleton is among them, the space is baked into their data, which therefore nobody else may use: Blender's
    exporter bakes it into meshes only.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    addon_utils.enable("io_scene_fbx")
    if space.bake_space_transform and any(item.type == "ARMATURE" for item in objects):
        bake_into_data(objects, space.matrix())
        space = replace(space, bake_space_transform=False)
    _write_fbx(path, objects, space, bake_anim=False)


def export_moving_fbx(path: Path, objects: Sequence[bpy.types.Object]) -> None:
    """Write objects with shape keys and the Actions that they play as FBX, as `export_fbx` does for Blender.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    addon_utils.enable("io_scene_fbx")
    _write_fbx(
        path,
        objects,
        BLENDER,
        bake_anim=True,
        bake_anim_use_all_actions=False,
        bake_anim_use_nla_strips=False,
        bake_anim_force_startend_keying=False,
    )


def _write_fbx(path: Path, objects: Sequence[bpy.types.Object], space: FbxSpace, **animation: bool) -> None:
    with selected_alone(objects), muted_keys_at_zero(objects), textures_in_files(objects):
        _write(
            path,
            bpy.ops.export_scene.fbx,
            use_selection=True,
            object_types={"MESH", "ARMATURE"},
            use_mesh_modifiers=False,
            mesh_smooth_type="FACE",
            add_leaf_bones=False,
            axis_forward="-Z",
            axis_up="Y",
            path_mode="COPY",
            embed_textures=True,
            check_existing=False,
            **asdict(space),
            **animation,
        )


def export_glb(path: Path, objects: Sequence[bpy.types.Object]) -> None:
    """Write objects with shape keys as one binary glTF file, textures inside; glTF prescribes metres and Y up.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    _write_glb(path, objects, export_animations=False)


def export_moving_glb(path: Path, objects: Sequence[bpy.types.Object]) -> None:
    """Write objects with shape keys and the Actions that they play as glTF, as `export_glb`; each frame is sampled.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    _write_glb(path, objects, export_animations=True, export_animation_mode="ACTIVE_ACTIONS")


def _write_glb(path: Path, objects: Sequence[bpy.types.Object], **animation: Any) -> None:
    addon_utils.enable("io_scene_gltf2")
    with selected_alone(objects), muted_keys_at_zero(objects):
        _write(
            path,
            bpy.ops.export_scene.gltf,
            export_format="GLB",
            use_selection=True,
            export_apply=False,
            export_morph=True,
            export_yup=True,
            check_existing=False,
            **animation,
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
        for item in reversed(objects):  # Blender begins with the last, and must meet a mesh before drivers by its keys
            scene.collection.objects.link(item)
        scene.view_layers[0].update()  # Blender 5.2 crashes when it writes a view layer that was never up to date
        with textures_packed(objects):
            _write(path, _write_library, scene=scene)
    finally:
        bpy.data.scenes.remove(scene)


def export_face(
    path: Path,
    face: bpy.types.Object,
    write: Callable[[Path, Sequence[bpy.types.Object]], None],
    *,
    with_eyeballs: bool = True,
    move_to_origin: bool = True,
    for_blender: bool = False,
) -> list[bpy.types.Object]:
    """Write a face and its rig for another program, under names that every program takes; nothing in the scene changes.

    Parameters
    ----------
    path : Path
        The file.
    face : bpy.types.Object
        The face.
    write : callable
        Writes the objects of a list to a path, whole or not at all, like `export_glb`.
    with_eyeballs : bool
        Whether its visible eyeballs and the parts of its mouth go with it.
    move_to_origin : bool
        Whether the face stands at the world's origin in the file, wherever it stands in the scene.
    for_blender : bool
        Whether the rig hangs on the face and has its drivers, as in Blender, rather than the face on the rig.

    Returns
    -------
    list of bpy.types.Object
        What was written: the face, what belongs to it, and its rig.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    eyeballs, rig = eyeballs_of(face) if with_eyeballs else [], rig_of(face)
    others = eyeballs if rig is None else [*eyeballs, rig]
    with ExitStack() as stack:
        copies = stack.enter_context(free_copies(face, others, move_to_origin=move_to_origin))
        if rig is not None:
            point_to_copy(copies, rig, copies[-1])
            if not for_blender:
                copies = stack.enter_context(skeleton_first(copies))
        if for_blender:
            eyeballs_that_follow(face, copies)
        else:
            stack.enter_context(as_seen(face, copies))
        stack.enter_context(clean_names(copies))
        write(path, copies)
    return [face, *others]


def export_levels(
    path: Path,
    levels: Sequence[bpy.types.Object],
    parts: Sequence[bpy.types.Object],
    rig: bpy.types.Object | None,
    write: Callable[[Path, Sequence[bpy.types.Object]], None],
) -> None:
    """Write levels of detail of one face side by side at the origin, with what belongs to it, for another program.

    Parameters
    ----------
    path : Path
        The file.
    levels : sequence of bpy.types.Object
        The face at one place, the finest first.
    parts : sequence of bpy.types.Object
        Eyeballs and the parts of the mouth.
    rig : bpy.types.Object, optional
        The face's rig, to which all levels are skinned.
    write : callable
        As for `export_face`.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    head, *others = levels
    everything = [*others, *parts] if rig is None else [*others, *parts, rig]
    with ExitStack() as stack:
        copies = stack.enter_context(free_copies(head, everything, move_to_origin=True))
        if rig is not None:
            point_to_copy(copies, rig, copies[-1])
            copies = stack.enter_context(skeleton_first(copies))
        else:
            for copy in copies[1 : len(levels)]:  # which belong beside the head, not below it
                copy.parent, copy.matrix_basis = None, copies[0].matrix_basis.copy()
            bpy.context.view_layer.update()
        stack.enter_context(clean_names(copies))
        write(path, copies)


def face_with_children(face: bpy.types.Object) -> list[bpy.types.Object]:
    """The face and the objects parented to it, such as its eyeballs."""
    return [face, *face.children_recursive]


def eyeballs_of(face: bpy.types.Object) -> list[bpy.types.Object]:
    """The visible eyeballs of a face, and the visible parts of its mouth."""
    return [item for item in face.children if belongs_to_face(item) and item.visible_get()]


def _write(path: Path, operator: Callable[..., object], **settings: Any) -> None:
    """Have something of Blender's write a file, which appears whole or not at all.

    Raises
    ------
    OutputError
        If the disk or the folder is the reason that it cannot.
    RuntimeError
        If anything else is.
    """
    try:
        with replacing(path) as partial:
            try:
                operator(filepath=str(partial), **settings)
            except RuntimeError as error:
                raise _reason(error, partial) from error
    except OSError as error:
        raise OutputError(NOT_WRITABLE.format(path=path, reason=error.strerror)) from error


def _save_copy(filepath: str) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=filepath, copy=True, compress=True, check_existing=False)
    _check_end(filepath)


def _write_library(filepath: str, scene: bpy.types.Scene) -> None:
    bpy.data.libraries.write(filepath, {scene}, path_remap="ABSOLUTE", compress=True)
    _check_end(filepath)


def _check_end(filepath: str) -> None:
    """Blender does not notice when the disk has no room for the last part of a compressed file."""
    if not Path(filepath).read_bytes().endswith(_COMPRESSED_END):
        raise RuntimeError(NO_END)


def _reason(error: RuntimeError, path: Path) -> Exception:
    """What lies behind an error of Blender's, which is a text only."""
    numbers = _ERROR_NUMBER.findall(str(error))
    if numbers:
        return OSError(int(numbers[-1]), os.strerror(int(numbers[-1])))
    try:
        with hidden_folder(path.parent) as folder:
            (folder / path.name).write_bytes(bytes(_TRIAL_BYTES))
    except OSError as trouble:
        return trouble
    lines = [line for line in str(error).splitlines() if line.strip() and not line.startswith("Location:")]
    return RuntimeError(NOT_EXPORTED.format(path=path.name, reason=lines[-1].strip() if lines else "no reason given"))
