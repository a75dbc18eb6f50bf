"""Files for other programs. Shape keys survive because modifiers are never applied."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import addon_utils
import bpy

from ...errors import OutputError


def save_blend(path: Path) -> None:
    """Save a copy of the open file, compressed, with images packed into it.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    bpy.ops.file.pack_all()
    _write(path, bpy.ops.wm.save_as_mainfile, copy=True, compress=True, check_existing=False)


def export_fbx(path: Path, objects: Sequence[bpy.types.Object]) -> None:
    """Write objects with shape keys as FBX: -Z forward, Y up, no leaf bones, textures inside the file.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    addon_utils.enable("io_scene_fbx")
    with _only_selected(objects):
        _write(
            path,
            bpy.ops.export_scene.fbx,
            use_selection=True,
            object_types={"MESH"},
            use_mesh_modifiers=False,
            mesh_smooth_type="FACE",
            add_leaf_bones=False,
            axis_forward="-Z",
            axis_up="Y",
            path_mode="COPY",
            embed_textures=True,
            check_existing=False,
        )


def export_glb(path: Path, objects: Sequence[bpy.types.Object]) -> None:
    """Write objects with shape keys as one binary glTF file, textures inside.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    addon_utils.enable("io_scene_gltf2")
    with _only_selected(objects):
        _write(
            path,
            bpy.ops.export_scene.gltf,
            export_format="GLB",
            use_selection=True,
            export_apply=False,
            export_morph=True,
            export_yup=True,
            check_existing=False,
        )


def face_with_children(face: bpy.types.Object) -> list[bpy.types.Object]:
    """The face and the objects parented to it, such as its eyeballs."""
    return [face, *face.children_recursive]


def _write(path: Path, operator: Callable[..., set[str]], **settings: Any) -> None:
    try:
        operator(filepath=str(path), **settings)
    except (RuntimeError, OSError) as error:
        raise OutputError(f"{path} cannot be written; choose another folder.") from error


@contextmanager
def _only_selected(objects: Sequence[bpy.types.Object]) -> Iterator[None]:
    """Have exactly these objects selected, which is how Blender's exporters are told what to write."""
    layer = bpy.context.view_layer
    before = list(layer.objects.selected)
    active = layer.objects.active
    try:
        _select(before, objects)
        layer.objects.active = objects[0]
        yield
    finally:
        _select(objects, before)
        layer.objects.active = active


def _select(deselected: Sequence[bpy.types.Object], selected: Sequence[bpy.types.Object]) -> None:
    for item in deselected:
        item.select_set(False)
    for item in selected:
        item.select_set(True)
