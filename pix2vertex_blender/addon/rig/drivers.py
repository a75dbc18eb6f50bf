"""Bones turn with the face's expressions, and can be turned by hand besides.

The keys lead: programs for motion capture, presets and sliders set them. A constraint on the bone adds what a driver
reads from them, so that the bone's own rotation and location stay the artist's.

The jaw has two bones in one place. The jaw itself carries teeth and tongue, and turns with the keys and by hand. The
skin follows the second one, which has only what was done by hand: what `jawOpen` does to the skin is in the key, and
would be there twice.
"""

from collections.abc import Mapping

import bpy
from mathutils import Vector

from ...rig.joints import GAZE, JAW_EXPRESSIONS, jaw_motion
from ..scene.axes import from_blender, to_blender
from ..scene.mesh_object import mesh_coordinates
from .armature import bones_of

#: Names of the constraints that add what the keys say.
TURNED, SHIFTED = "Turned by Expressions", "Shifted by Expressions"

#: The order of each bone's rotations: what ARKit calls yaw comes last, and turns all of it.
_ORDERS = {"head": "ZXY", "neck": "ZXY", "left_eye": "YXZ", "right_eye": "YXZ", "jaw": "XYZ"}

_AXES = "xyz"
#: Metres and radians that nobody sees.
_NOTHING = 1e-6


def drive_bones(face: bpy.types.Object, rig: bpy.types.Object) -> None:
    """Drive the jaw and the eyes by the keys that a face has, replacing earlier drivers of ours."""
    bones = bones_of(rig)
    for bone, order in _ORDERS.items():
        if bone in bones:
            rig.pose.bones[bones[bone].name].rotation_mode = order
    for each in ("jaw", "left_eye", "right_eye"):
        if each in bones:
            _take_off(rig, rig.pose.bones[bones[each].name])
    if "jaw" in bones and "jaw_skin" in bones:
        _follow_by_hand(rig, bones["jaw_skin"].name, bones["jaw"].name)
    keys = face.data.shape_keys
    if keys is None:
        return
    if "jaw" in bones:
        _drive_jaw(keys, rig, bones["jaw"])
    for side, eye in enumerate(("left_eye", "right_eye")):
        if eye not in bones:
            continue
        up, left = ({name: GAZE * share for name, share in each.items()} for each in gaze_keys(side))
        _constrain(keys, rig, rig.pose.bones[bones[eye].name], TURNED, (up, {}, left))


def gaze_keys(side: int) -> tuple[dict[str, float], dict[str, float]]:
    """Which keys turn the left (0) or the right eye (1) up, and which to the person's left: 1, or -1 the other way."""
    name, outwards = (("Left", 1.0), ("Right", -1.0))[side]
    up = {f"eyeLookUp{name}": 1.0, f"eyeLookDown{name}": -1.0}
    return up, {f"eyeLookOut{name}": outwards, f"eyeLookIn{name}": -outwards}


def _drive_jaw(keys: bpy.types.Key, rig: bpy.types.Object, bone: bpy.types.Bone) -> None:
    basis = mesh_coordinates(keys.reference_key.data)
    to_bone = bone.matrix_local.to_3x3().inverted()
    turns: tuple[dict[str, float], ...] = ({}, {}, {})
    shifts: tuple[dict[str, float], ...] = ({}, {}, {})
    for name in JAW_EXPRESSIONS:
        if name not in keys.key_blocks:
            continue
        offsets = mesh_coordinates(keys.key_blocks[name].data) - basis
        motion = jaw_motion(name, from_blender(basis), from_blender(offsets))
        turn = to_bone @ Vector((motion.angle, 0.0, 0.0))
        shift = to_bone @ Vector(to_blender(motion.shift[None])[0])
        for axis in range(3):
            turns[axis][name], shifts[axis][name] = turn[axis], shift[axis]
    pose = rig.pose.bones[bone.name]
    _constrain(keys, rig, pose, TURNED, turns)
    _constrain(keys, rig, pose, SHIFTED, shifts)


def _constrain(
    keys: bpy.types.Key,
    rig: bpy.types.Object,
    bone: bpy.types.PoseBone,
    name: str,
    amounts: tuple[Mapping[str, float], ...],
) -> None:
    """Add a constraint to a bone that adds, along each of its axes, the keys' values times amounts."""
    there = [
        {key: amount for key, amount in each.items() if key in keys.key_blocks and abs(amount) > _NOTHING}
        for each in amounts
    ]
    if not any(there):
        return
    constraint = bone.constraints.new("TRANSFORM")
    constraint.name = name
    constraint.target, constraint.subtarget = rig, bone.parent.name
    constraint.owner_space = constraint.target_space = "LOCAL"
    turning = name == TURNED
    constraint.map_to = "ROTATION" if turning else "LOCATION"
    if turning:
        constraint.mix_mode_rot, constraint.to_euler_order = "BEFORE", bone.rotation_mode
    else:
        constraint.mix_mode = "ADD"
    for axis, parts in zip(_AXES, there, strict=True):
        if parts:  # with both ends of its range at 0 the constraint gives the least that it maps to, whatever it reads
            drive(constraint.driver_add(f"to_min_{axis}_rot" if turning else f"to_min_{axis}"), keys, parts)


def drive(curve: bpy.types.FCurve, keys: bpy.types.Key, amounts: Mapping[str, float]) -> None:
    """Have a driver add up the values of keys; of so simple an expression Blender needs no script."""
    driver = curve.driver
    driver.type = "SCRIPTED"
    for name in amounts:
        variable = driver.variables.new()
        variable.name, variable.type = name, "SINGLE_PROP"
        target = variable.targets[0]
        target.id_type, target.id = "KEY", keys
        target.data_path = f'key_blocks["{name}"].value'
    driver.expression = " + ".join(f"{name} * {amount:.7f}" for name, amount in amounts.items())


def _follow_by_hand(rig: bpy.types.Object, follower: str, leader: str) -> None:
    """Have a bone do what is done with another one by hand, and not what constraints do with it."""
    bone = rig.pose.bones[follower]
    bone.rotation_mode = "XYZ"
    for path, kind in (("location", "LOC"), ("rotation_euler", "ROT"), ("scale", "SCALE")):
        for axis in range(3):
            bone.driver_remove(path, axis)
            driver = bone.driver_add(path, axis).driver
            driver.type = "SUM"
            variable = driver.variables.new()
            variable.type = "TRANSFORMS"
            target = variable.targets[0]
            target.id, target.bone_target = rig, leader
            target.transform_type = f"{kind}_{_AXES[axis].upper()}"
            target.transform_space = "TRANSFORM_SPACE"
            target.rotation_mode = "XYZ"


def _take_off(rig: bpy.types.Object, bone: bpy.types.PoseBone) -> None:
    """Remove the constraints of ours from a bone, and their drivers."""
    for constraint in [each for each in bone.constraints if each.name in (TURNED, SHIFTED)]:
        path = constraint.path_from_id()
        for curve in list(rig.animation_data.drivers) if rig.animation_data else []:
            if curve.data_path.startswith(path):
                rig.animation_data.drivers.remove(curve)
        bone.constraints.remove(constraint)
