"""What keeps an object from being changed: another file, other vertices, a locked shape key, a mode."""

from collections.abc import Iterable

import bpy
import numpy as np
from numpy.typing import NDArray

from ...errors import SceneError
from .face_level import coarser

LINKED = "{name} belongs to another Blender file: make it local to change it."
REMODELLED = "{name} no longer has the vertices of a reconstructed face, so its shape cannot be updated."
LOCKED = "The shape key {key} of {name} is locked, so its shape cannot be updated: unlock it in the list of shape keys."
IN_A_MODE = "{name} cannot be changed in this mode: go back to Object Mode and try again."


def is_editable(item: bpy.types.Object) -> bool:
    """Whether an object and its data belong to this file."""
    return item.is_editable and item.data.is_editable


def level_of(face: bpy.types.Object) -> int | None:
    """The level of subdivision that a face's mesh has as many faces as; None if there is none."""
    from ...template import load_template

    count, level = len(load_template().faces), 0
    while count < len(face.data.polygons):
        count, level = 4 * count, level + 1
    return level if count == len(face.data.polygons) else None


def obstacle_to_update(face: bpy.types.Object, detail_level: int | None) -> str:
    """Why a face cannot get a shape of a subdivision level, as a sentence; empty if it can."""
    if not is_editable(face):
        return LINKED.format(name=face.name)
    if detail_level is None or level_of(face) != detail_level:
        return REMODELLED.format(name=face.name)
    if face.data.shape_keys and (locked := locked_key(face.data.shape_keys.key_blocks)):
        return LOCKED.format(key=locked, name=face.name)
    return ""


def is_remodelled(face: bpy.types.Object) -> bool:
    """Whether a face has other vertices than a level of the template."""
    from ...template import load_template

    level = level_of(face)
    return level is None or not same_topology(face.data, load_template().faces, -level)


def locked_key(keys: Iterable[bpy.types.ShapeKey]) -> str:
    """The name of a shape key that the artist has locked; empty if there is none."""
    return next((key.name for key in keys if key.lock_shape), "")


def leave_mode(face: bpy.types.Object, context: bpy.types.Context) -> None:
    """Bring an object back to object mode, with what has been edited.

    Raises
    ------
    SceneError
        If Blender does not allow it, for instance because the object is edited in the window of another scene.
    """
    if face.mode == "OBJECT":
        return
    try:
        with context.temp_override(active_object=face, object=face):
            bpy.ops.object.mode_set(mode="OBJECT")
    except RuntimeError as error:
        raise SceneError(IN_A_MODE.format(name=face.name)) from error
    if face.mode != "OBJECT":
        raise SceneError(IN_A_MODE.format(name=face.name))


def same_topology(mesh: bpy.types.Mesh, faces: NDArray[np.integer], levels: int) -> bool:
    """Whether a mesh has these faces (m, 4), or those from which they are some levels finer, or coarser if negative."""
    if len(mesh.loops) != 4 * len(mesh.polygons):
        return False
    corners = np.empty(len(mesh.loops), dtype=np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    return np.array_equal(coarser(corners.reshape(-1, 4), max(0, -levels)), coarser(faces, max(0, levels)))
