"""A take becomes an Action: curves on the expressions' keys, and on the bones of head and eyes."""

from collections.abc import Mapping
from typing import Any

import bpy
import numpy as np
from mathutils import Euler
from numpy.typing import NDArray

from ...animation.take import Take
from ...rig.joints import GAZE
from .armature import bones_of, rig_of

#: The rotations of ARKit, pitch, yaw and roll, on the axes of the bones: of the head, which points upwards, and of
#: eyes, which point forwards. Down, to the person's left and towards the right shoulder are positive.
_HEAD_AXES = ((0, 1.0), (1, 1.0), (2, 1.0))
_EYE_AXES = ((0, -1.0), (2, 1.0), (1, 1.0))

_LINEAR = 1

Array = NDArray[np.float64]


def apply_take(face: bpy.types.Object, take: Take, start: int) -> tuple[bpy.types.Action, int]:
    """Put a take on a face and its rig, as an Action of its own; earlier ones stay in the file.

    Parameters
    ----------
    face : bpy.types.Object
        With expressions.
    take : Take
        With a frame for each of the scene.
    start : int
        The scene's frame of its first one.

    Returns
    -------
    action : bpy.types.Action
        That of the keys; in Blender 4.4 and later also that of the bones.
    count : int
        How many expressions move.
    """
    keys = face.data.shape_keys
    frames = start + np.arange(len(take.times), dtype=np.float64)
    action = bpy.data.actions.new(take.name)
    played = {name: values for name, values in take.values.items() if name in keys.key_blocks}
    paths = {(f'key_blocks["{name}"].value', 0): values for name, values in played.items()}
    _play(action, keys, frames, paths)
    rig = rig_of(face)
    rotations = bone_rotations(rig, take) if rig is not None else {}
    if rig is not None and rotations:
        paths = {
            (f'pose.bones["{bone}"].rotation_euler', axis): values[:, axis]
            for bone, values in rotations.items()
            for axis in range(3)
        }
        _play(action if _layered() else bpy.data.actions.new(f"{take.name} Rig"), rig, frames, paths)
    return action, len(played)


def bone_rotations(rig: bpy.types.Object, take: Take) -> dict[str, Array]:
    """The rotations (f, 3) that a take has for bones, by their names, each in the order of the bone's mode.

    Eyes are turned by the expressions already. Theirs is what is left, so that they look where the take says.
    """
    bones = bones_of(rig)
    found: dict[str, Array] = {}
    for part, rotation in take.rotations.items():
        if part not in bones:
            continue
        axes = _HEAD_AXES if part == "head" else _EYE_AXES
        values = np.zeros_like(rotation)
        for column, (axis, sign) in enumerate(axes):
            values[:, axis] = sign * rotation[:, column]
        if part != "head":
            values = _beyond(values, _turned_by_keys(part, take), rig.pose.bones[bones[part].name].rotation_mode)
        found[bones[part].name] = values
    return found


def _turned_by_keys(eye: str, take: Take) -> Array:
    """The rotations (f, 3) that the drivers give the bone of an eye in a take."""
    side, sign = ("Left", 1.0) if eye == "left_eye" else ("Right", -1.0)
    look = {name: take.values.get(f"eyeLook{name}{side}", 0.0) for name in ("Up", "Down", "In", "Out")}
    turned = np.zeros((len(take.times), 3))
    turned[:, 0] = GAZE * (look["Up"] - look["Down"])
    turned[:, 2] = sign * GAZE * (look["Out"] - look["In"])
    return turned


def _beyond(wanted: Array, given: Array, order: str) -> Array:
    """The rotations (f, 3) that, after those that are given, make the wanted ones."""
    rest = np.zeros_like(wanted)
    previous = Euler((0.0, 0.0, 0.0), order)
    for frame, (one, other) in enumerate(zip(wanted, given, strict=True)):
        matrix = Euler(other, order).to_matrix().transposed() @ Euler(one, order).to_matrix()
        previous = matrix.to_euler(order, previous)
        rest[frame] = previous[:]
    return rest


def _layered() -> bool:
    """Whether an Action has slots for several data blocks, as from Blender 4.4 on."""
    return hasattr(bpy.types, "ActionSlot")


def _play(action: bpy.types.Action, owner: bpy.types.ID, frames: Array, paths: Mapping[tuple[str, int], Array]) -> None:
    """Give an Action curves for a data block, by path and index, and have the data block play it."""
    data = owner.animation_data_create()
    if data.action is not None:
        data.action.use_fake_user = True
    action.use_fake_user = True
    slot = action.slots.new(id_type=owner.id_type, name=owner.name) if _layered() else None
    curves = _curves_of(action, slot)
    for (path, index), values in paths.items():
        _write(curves, path, index, frames, values)
    data.action = action
    if slot is not None:
        data.action_slot = slot


def _curves_of(action: bpy.types.Action, slot: Any) -> Any:
    """Where an Action has the curves of one of its slots; all of them in Blender before slots."""
    if slot is None:
        return action.fcurves
    layer = action.layers[0] if action.layers else action.layers.new("Take")
    strip = layer.strips[0] if layer.strips else layer.strips.new(type="KEYFRAME")
    return strip.channelbag(slot, ensure=True).fcurves


def _write(curves: Any, path: str, index: int, frames: Array, values: Array) -> None:
    points = curves.new(path, index=index).keyframe_points
    points.add(len(frames))
    points.foreach_set("co", np.stack([frames, values], axis=1).astype(np.float32).ravel())
    points.foreach_set("interpolation", np.full(len(frames), _LINEAR, dtype=np.int32))
