"""A face's shaping keys in files: other programs get the head as it is seen, Blender gets the keys themselves."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import bpy
import numpy as np

from ..rig.armature import rig_of
from ..scene.mesh_object import EYEBALL, Coordinates, mesh_coordinates, set_mesh_coordinates
from ..scene.shaping_keys import bring_eyes_and_mouth_along, offset_of, shaping_keys


@contextmanager
def as_seen(face: bpy.types.Object, copies: Sequence[bpy.types.Object]) -> Iterator[None]:
    """Have the copies of a face and of what belongs to it in their shape as seen, without shaping keys.

    All other keys add what they did. The meshes of the scene stay as they are: the copies get meshes of their own.
    """
    values = {name: 0.0 if key.mute else key.value for name, key in shaping_keys(face).items()}
    changed = [(item, item.data) for item in copies if shaping_keys(item)]
    try:
        for item, mesh in changed:
            item.data = mesh.copy()
            _apply(item, values)
        yield
    finally:
        for item, mesh in changed:
            own, item.data = item.data, mesh
            if own != mesh:
                bpy.data.meshes.remove(own)


def eyeballs_that_follow(face: bpy.types.Object, copies: Sequence[bpy.types.Object]) -> None:
    """Have the copies of eyeballs, which stand where they are seen, follow the keys of the face's copy from now on."""
    from ..rig.eyeballs import turn_with_keys  # which knows the template, that Blender's start does not need

    seen = {child[EYEBALL]: child for child in face.children if EYEBALL in child}
    for item in copies:
        if EYEBALL in item and item[EYEBALL] in seen:
            child = seen[item[EYEBALL]]
            item.location -= child.delta_location
            if any(child.delta_rotation_euler):
                back = child.delta_rotation_euler.to_matrix().inverted()
                item.rotation_euler = (back @ item.rotation_euler.to_matrix()).to_euler(item.rotation_mode)
    for item in copies:
        if item.data == face.data:
            if shaping_keys(item):
                bring_eyes_and_mouth_along(item)
            if rig_of(face) is None:
                turn_with_keys(item)


def _apply(item: bpy.types.Object, values: Mapping[str, float]) -> None:
    """Move all keys by what the shaping ones add at values, and remove these."""
    mesh, ours = item.data, shaping_keys(item)
    shift: Coordinates = np.zeros((len(mesh.vertices), 3), dtype=np.float32)
    for name, key in ours.items():
        if value := values.get(name, 0.0):
            shift += value * _weights(item, key.vertex_group)[:, None] * offset_of(key)
    for key in mesh.shape_keys.key_blocks:
        set_mesh_coordinates(key.data, mesh_coordinates(key.data) + shift)
    for name, key in ours.items():
        mesh.shape_keys.driver_remove(f'key_blocks["{name}"].value')
        item.shape_key_remove(key)
    set_mesh_coordinates(mesh.vertices, mesh_coordinates(mesh.shape_keys.reference_key.data))


def _weights(item: bpy.types.Object, group: str) -> Coordinates:
    """The weights (n,) by which a key counts: those of its vertex group, if it has one."""
    weights = np.ones(len(item.data.vertices), dtype=np.float32)
    if group in item.vertex_groups:
        index = item.vertex_groups[group].index
        for vertex in item.data.vertices:
            weights[vertex.index] = next((each.weight for each in vertex.groups if each.group == index), 0.0)
    return weights
