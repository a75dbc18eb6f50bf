"""Where an eyeball looks is its bone's pose, so that at rest it looks straight ahead, as bones and engines expect."""

import bpy
import numpy as np
from numpy.typing import NDArray

from ..scene.mesh_object import EYEBALL, mesh_coordinates
from .armature import bones_of

#: Metres from its origin within which the middle of an eyeball lies if the origin is its centre.
_AROUND_ORIGIN = 0.004

#: Radians below which a rotation is none.
_STRAIGHT = 1e-6


def middle_of(eyeball: bpy.types.Object) -> NDArray[np.float32]:
    """The middle (3,) of an eyeball's mesh, in its own coordinates."""
    points = mesh_coordinates(eyeball.data.vertices)
    middle: NDArray[np.float32] = (points.min(axis=0) + points.max(axis=0)) / 2
    return middle


def is_around_origin(eyeball: bpy.types.Object) -> bool:
    """Whether the origin of an eyeball is its centre."""
    return bool(np.linalg.norm(middle_of(eyeball)) < _AROUND_ORIGIN)


def give_gaze_to_bone(eyeball: bpy.types.Object, rig: bpy.types.Object) -> None:
    """Turn the bone of an eyeball, whose origin is its centre, as the eyeball was turned, and the eyeball back.

    It looks as before. A bone that is posed already keeps its pose.
    """
    turn = eyeball.matrix_basis.to_3x3().normalized()
    if turn.to_quaternion().angle < _STRAIGHT:
        return
    bone = rig.pose.bones[bones_of(rig)[("left_eye", "right_eye")[eyeball[EYEBALL]]].name]
    if bone.matrix_basis.to_quaternion().angle < _STRAIGHT:
        rest = bone.bone.matrix_local.to_3x3()
        bone.rotation_euler = (rest.inverted() @ turn @ rest).to_euler(bone.rotation_mode)
    eyeball.rotation_euler = (0.0, 0.0, 0.0)
    eyeball.rotation_quaternion = (1.0, 0.0, 0.0, 0.0)
