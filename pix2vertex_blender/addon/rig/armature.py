"""The armature of a face: it is a child of the face, and each of its bones knows what it is."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import bpy
import numpy as np
from mathutils import Vector

from ...rig.names import bone_name
from ..scene.axes import to_blender
from ..scene.record import has_record

if TYPE_CHECKING:
    from ...rig.joints import Joint

#: The custom property of an armature object that says that it is the rig of the face that it hangs on.
RIG = "pix2vertex_rig"

#: Those of a bone: what it is, and where its ends (6,) were put.
BONE, REST = "pix2vertex_bone", "pix2vertex_rest"

RIG_NAME = "{face} Rig"


def rig_of(face: bpy.types.Object | None) -> bpy.types.Object | None:
    """The rig of a face; None if it has none. A copy of a face without its rig follows that of another face."""
    if face is None:
        return None
    deforming = [modifier.object for modifier in face.modifiers if modifier.type == "ARMATURE" and modifier.object]
    own = [item for item in deforming if item.parent == face or not has_record(item.parent)]
    return next((item for item in [*own, *face.children] if item.type == "ARMATURE" and RIG in item), None)


def bones_of(rig: bpy.types.Object) -> dict[str, bpy.types.Bone]:
    """The bones that were made and are still there, by what they are."""
    return {bone[BONE]: bone for bone in rig.data.bones if BONE in bone}


def add_armature(face: bpy.types.Object) -> bpy.types.Object:
    """An armature without bones, as a child of a face and in its collections."""
    name = RIG_NAME.format(face=face.name)
    rig = bpy.data.objects.new(name, bpy.data.armatures.new(name))
    rig[RIG] = True
    rig.parent = face
    rig.show_in_front = True
    rig.data.display_type = "STICK"
    for collection in face.users_collection:
        if collection.is_editable:
            collection.objects.link(rig)
    return rig


def place_bones(rig: bpy.types.Object, joints: Mapping[str, "Joint"], naming: str) -> None:
    """Make the bones that are missing, and move the others with the face.

    What the artist has moved of a bone stays moved as far; bones that the artist has added hang on where they did.

    Parameters
    ----------
    rig : bpy.types.Object
    joints : mapping of str to Joint
        In millimetres, each after its parent.
    naming : str
        A key of `NAMINGS`.
    """
    before = bones_of(rig)
    there = {bone: each.name for bone, each in before.items()}
    moved = {bone: _moved(each) for bone, each in before.items()}
    with edited_bones(rig.data) as bones:
        for obsolete in set(there) - set(joints):
            bones.remove(bones[there.pop(obsolete)])
        for name, joint in joints.items():
            if name in there:
                bone = bones[there[name]]
            else:
                bone = bones.new(bone_name(name, naming))
                bone[BONE] = name
            there[name] = bone.name
            ends = to_blender(np.stack([joint.head, joint.tail]))
            bone[REST] = ends.ravel().tolist()
            bone.head, bone.tail = ends + moved.get(name, 0.0)
            bone.align_roll(Vector(to_blender(joint.up[None])[0]))
            if bone.parent is None or bone.parent.get(BONE):
                bone.parent = bones[there[joint.parent]] if joint.parent else None
    if (skin := bones_of(rig).get("jaw_skin")) is not None:
        skin.hide = True
        if "hide" in bpy.types.PoseBone.bl_rna.properties:  # Blender 5 hides bones by pose
            rig.pose.bones[skin.name].hide = True


def rename_bones(rig: bpy.types.Object, naming: str) -> None:
    """Give the bones the names of one of `NAMINGS`; vertex groups, drivers and animation follow."""
    for bone, each in bones_of(rig).items():
        each.name = bone_name(bone, naming)


@contextmanager
def edited_bones(armature: bpy.types.Armature) -> Iterator[bpy.types.ArmatureEditBones]:
    """The bones of an armature in edit mode, wherever its object is hidden and whatever is being edited.

    Blender shows them only in edit mode, and only an object that can be seen gets there: one that is here for as long.
    """
    layer = bpy.context.view_layer
    stand_in = bpy.data.objects.new(armature.name, armature)
    active = layer.objects.active
    bpy.context.scene.collection.objects.link(stand_in)
    try:
        layer.objects.active = stand_in
        with bpy.context.temp_override(active_object=stand_in, object=stand_in, edit_object=None):
            bpy.ops.object.mode_set(mode="EDIT")
            try:
                yield armature.edit_bones
            finally:
                bpy.ops.object.mode_set(mode="OBJECT")
    finally:
        bpy.data.objects.remove(stand_in)
        layer.objects.active = active


def _moved(bone: bpy.types.Bone) -> np.ndarray:
    """By how much (2, 3) the artist has moved the ends of a bone, in metres."""
    ends = np.array([bone.head_local, bone.tail_local])
    moved = ends - np.reshape(np.array(bone[REST]), (2, 3)) if REST in bone else np.zeros((2, 3))
    return np.where(np.abs(moved) > 1e-5, moved, 0.0)
