"""A face for Blender's sculpting: the mesh of level 0 with a Multiresolution modifier that has the detail."""

from typing import TYPE_CHECKING, Any

import bpy
import numpy as np
from mathutils import kdtree
from numpy.typing import NDArray

from ...errors import SceneError
from .axes import to_blender
from .coarse_copies import coarse_copy
from .mesh_object import Coordinates, set_mesh_coordinates

if TYPE_CHECKING:
    from collections.abc import Mapping

SCULPT_NAME = "{face} Sculpt"
MODIFIER = "Multires"

NOT_RESHAPED = "Blender could not give {name} its levels: {reason}"


def build_sculpt_object(
    face: bpy.types.Object, own_level: int, level: int, arrays: "Mapping[str, NDArray[Any]]"
) -> bpy.types.Object:
    """Add a copy of a face with a Multiresolution modifier, in its place.

    The copy has level 0 with the face's keys but `Detail`, its groups, materials, and rig; the modifier's levels hold
    the detail.

    Parameters
    ----------
    face : bpy.types.Object
        In object mode.
    own_level : int
        The face's level of subdivision.
    level : int
        How many levels the modifier gets.
    arrays : mapping
        What the worker's job `shape_levels` gives, in millimetres.

    Raises
    ------
    SceneError
        If Blender does not take the levels.
    """
    copy = coarse_copy(face, own_level, SCULPT_NAME.format(face=face.name))
    try:
        _set_cage(copy, arrays["cage"], arrays["keys"])
        for modifier in [each for each in copy.modifiers if each.type != "ARMATURE"]:
            copy.modifiers.remove(modifier)
        with_levels = copy.modifiers.new(MODIFIER, "MULTIRES")
        with_levels.uv_smooth = "NONE"
        copy.modifiers.move(len(copy.modifiers) - 1, 0)
        others = [(each, each.show_viewport) for each in copy.modifiers if each != with_levels]
        values = _silent_keys(copy)
        for each, _shown in others:
            each.show_viewport = False
        _add_levels(copy, level)
        _reshape(copy, to_blender(arrays["vertices"]), arrays["uvs"], arrays["corners"])
        for key, value in values:
            key.value = value
        for each, shown in others:
            each.show_viewport = shown
    except BaseException:
        mesh = copy.data
        bpy.data.objects.remove(copy)
        bpy.data.meshes.remove(mesh)
        raise
    return copy


def added_keys(face: bpy.types.Object) -> list[bpy.types.ShapeKey]:
    """The keys that a sculpted copy keeps, but for the basis: all except `Detail` and `Expression Detail`."""
    from .detail_split import wrinkles_key
    from .face_object import detail_key

    keys = face.data.shape_keys
    left_out = (keys.reference_key, detail_key(face), wrinkles_key(face)) if keys is not None else ()
    return [key for key in keys.key_blocks if key not in left_out] if keys is not None else []


def _set_cage(copy: bpy.types.Object, cage: NDArray[np.floating], offsets: NDArray[np.floating]) -> None:
    """Put the vertices and the keys of a mesh of level 0 where subdivision gives the face's."""
    basis = to_blender(cage)
    set_mesh_coordinates(copy.data.vertices, basis)
    if copy.data.shape_keys is not None:
        set_mesh_coordinates(copy.data.shape_keys.reference_key.data, basis)
        for key, offset in zip(added_keys(copy), offsets, strict=True):
            set_mesh_coordinates(key.data, to_blender(cage + offset))
    copy.data.update()


def _silent_keys(copy: bpy.types.Object) -> list[tuple[bpy.types.ShapeKey, float]]:
    """Set all keys to zero; returns what they were."""
    keys = copy.data.shape_keys
    values = [(key, key.value) for key in keys.key_blocks] if keys is not None else []
    for key, _value in values:
        key.value = 0.0
    return values


def _add_levels(copy: bpy.types.Object, level: int) -> None:
    with bpy.context.temp_override(object=copy, active_object=copy):
        for _step in range(level):
            bpy.ops.object.multires_subdivide(modifier=MODIFIER, mode="CATMULL_CLARK")
    modifier = copy.modifiers[MODIFIER]
    modifier.levels = modifier.sculpt_levels = modifier.render_levels = level


def _reshape(
    copy: bpy.types.Object, points: Coordinates, uvs: NDArray[np.floating], corners: NDArray[np.integer]
) -> None:
    """Move the vertices of the finest level to points (n, 3), found by their places on the UVs."""
    evaluated = copy.evaluated_get(bpy.context.evaluated_depsgraph_get())
    mesh = bpy.data.meshes.new_from_object(evaluated)
    target = bpy.data.objects.new(mesh.name, mesh)
    bpy.context.scene.collection.objects.link(target)
    try:
        set_mesh_coordinates(mesh.vertices, points[_same_places(mesh, uvs, corners)])
        mesh.update()
        with bpy.context.temp_override(
            object=copy, active_object=copy, selected_objects=[copy, target], selected_editable_objects=[copy, target]
        ):
            bpy.ops.object.multires_reshape(modifier=MODIFIER)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1]
        raise SceneError(NOT_RESHAPED.format(name=copy.name, reason=reason)) from error
    finally:
        bpy.data.objects.remove(target)
        bpy.data.meshes.remove(mesh)


def _same_places(mesh: bpy.types.Mesh, uvs: NDArray[np.floating], corners: NDArray[np.integer]) -> NDArray[np.integer]:
    """For each vertex of a mesh, which of the corners' vertices lies at its place on the UVs.

    Blender numbers the vertices of a subdivided mesh in an order of its own.
    """
    tree = kdtree.KDTree(len(uvs))
    for index, (u, v) in enumerate(uvs.tolist()):
        tree.insert((u, v, 0.0), index)
    tree.balance()
    own = np.empty((len(mesh.loops), 2), dtype=np.float32)
    mesh.uv_layers[0].uv.foreach_get("vector", own.ravel())
    vertex_of = np.empty(len(mesh.loops), dtype=np.int32)
    mesh.loops.foreach_get("vertex_index", vertex_of)
    first = np.unique(vertex_of, return_index=True)[1]
    found = [tree.find((u, v, 0.0))[1] for u, v in own[first].tolist()]
    return corners[np.array(found)]
