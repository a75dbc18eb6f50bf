"""Eyeballs look where their face's keys say, also without a rig.

What a driver reads from the `eyeLook...` keys goes into the delta rotation, so that the rotation stays the artist's and
that of the photo. A rig turns its bones instead, and with them the eyeballs.
"""

import bpy

from ...rig.joints import GAZE
from ..scene.mesh_object import EYEBALL
from .drivers import drive, gaze_keys
from .gaze import is_around_origin

_DELTA = "delta_rotation_euler"
_UP, _LEFT = 0, 2


def turn_with_keys(face: bpy.types.Object) -> None:
    """Have the eyeballs of a face, if they turn about their own centres, follow the keys that it has."""
    leave_to_bones(face)
    keys = face.data.shape_keys
    if keys is None:
        return
    for eyeball in _own_eyeballs(face):
        if eyeball.rotation_mode in ("QUATERNION", "AXIS_ANGLE") or not is_around_origin(eyeball):
            continue
        up, left = gaze_keys(eyeball[EYEBALL])
        # The face looks along -Y, so that looking up turns the other way about X.
        for axis, sign, amounts in ((_UP, -GAZE, up), (_LEFT, GAZE, left)):
            there = {name: sign * amount for name, amount in amounts.items() if name in keys.key_blocks}
            if there and _driver(eyeball, axis) is None:  # an artist's own driver stays
                drive(eyeball.driver_add(_DELTA, axis), keys, there)


def leave_to_bones(face: bpy.types.Object) -> None:
    """Take the drivers of `turn_with_keys` off again."""
    for eyeball in _own_eyeballs(face):
        for axis in (_UP, _LEFT):
            curve = _driver(eyeball, axis)
            if curve is not None and all(each.name.startswith("eyeLook") for each in curve.driver.variables):
                eyeball.driver_remove(_DELTA, axis)
                eyeball.delta_rotation_euler[axis] = 0.0


def _own_eyeballs(face: bpy.types.Object) -> list[bpy.types.Object]:
    return [item for item in face.children if item.get(EYEBALL) in (0, 1) and item.type == "MESH" and item.is_editable]


def _driver(eyeball: bpy.types.Object, axis: int) -> bpy.types.FCurve | None:
    data = eyeball.animation_data
    return None if data is None else data.drivers.find(_DELTA, index=axis)
