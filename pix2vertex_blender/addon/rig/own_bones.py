"""The bones of a head of the artist's own move with its surface."""

import json

import bpy
import numpy as np
from mathutils import Vector
from numpy.typing import NDArray

from ...errors import SceneError
from ..scene.obstacles import is_editable
from .armature import edited_bones

NO_BONES = "{name} has no armature of this file: give it an Armature modifier, or untick Move Bones."
#: The custom property of an armature with the ends of its bones before they were moved, and after.
_MOVED = "pix2vertex_moved_bones"
#: Bones that lie no farther (in the armature's units) from where they were put have not been touched since.
_SAME = 1e-4


def armature_of(head: bpy.types.Object) -> bpy.types.Object:
    """The armature object that deforms a mesh object.

    Raises
    ------
    SceneError
        If there is none whose bones can be changed.
    """
    rig = head.find_armature()
    if rig is None or not is_editable(rig):
        raise SceneError(NO_BONES.format(name=head.name))
    return rig


def bone_ends(rig: bpy.types.Object) -> NDArray[np.float64]:
    """Heads and tails (2 b, 3) in the world of the bones at rest, as they were before `move_bones`."""
    world = np.array(rig.matrix_world, dtype=np.float64)
    placed: NDArray[np.float64] = _original_ends(rig.data).reshape(-1, 3) @ world[:3, :3].T + world[:3, 3]
    return placed


def move_bones(rig: bpy.types.Object, places: NDArray[np.floating]) -> None:
    """Put the heads and tails of the bones at places (2 b, 3) in the world; which way is up for them stays.

    Done again, it starts from where the bones were before the first time, unless somebody has moved them since.
    """
    back = np.linalg.inv(np.array(rig.matrix_world, dtype=np.float64))
    ends = (np.asarray(places, dtype=np.float64) @ back[:3, :3].T + back[:3, 3]).reshape(-1, 2, 3)
    before = _original_ends(rig.data)
    names = [bone.name for bone in rig.data.bones]
    upwards = {bone.name: Vector(bone.matrix_local.col[2][:3]) for bone in rig.data.bones}
    with edited_bones(rig.data) as bones:
        for name, (head, tail) in zip(names, ends, strict=True):
            bones[name].head, bones[name].tail = head, tail
        for name in names:
            bones[name].align_roll(upwards[name])
    stored = {
        name: [*start.ravel().tolist(), *end.ravel().tolist()]
        for name, start, end in zip(names, before, ends, strict=True)
    }
    rig.data[_MOVED] = json.dumps(stored)


def _original_ends(armature: bpy.types.Armature) -> NDArray[np.float64]:
    """Heads and tails (b, 2, 3) of the bones before they were moved, in the armature's coordinates."""
    stored = json.loads(armature.get(_MOVED, "{}"))
    result = np.empty((len(armature.bones), 2, 3))
    for number, bone in enumerate(armature.bones):
        now = np.array([bone.head_local, bone.tail_local], dtype=np.float64)
        before, after = np.reshape(stored.get(bone.name, [now, now]), (2, 2, 3))
        result[number] = before if np.abs(after - now).max() < _SAME else now
    return result
