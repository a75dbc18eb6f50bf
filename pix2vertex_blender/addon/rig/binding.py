"""Meshes follow the bones: vertex groups and one Armature modifier, in front of all others."""

from collections.abc import Iterable, Mapping

import bpy
import numpy as np
from numpy.typing import NDArray

from ...rig.joints import JAW_AXIS, head_place, jaw_motion, template_jaw_motion
from ...rig.weights import jaw_share, skin_weights
from ..scene.axes import from_blender, to_blender
from ..scene.face_level import carried
from ..scene.landmark_pins import LANDMARK
from ..scene.mesh_object import EYEBALL, PART, add_vertex_group, mesh_coordinates
from .armature import RIG, bones_of

#: The custom property of a part of the mouth that says which it is, such as `teeth_lower`.

MODIFIER_NAME = "Rig"
JAW_OPEN = "jawOpen"
_EYES = ("left_eye", "right_eye")

#: What parts are called that have no property of ours.
_BONES_BY_NAME = {
    "eye.l": _EYES[0],
    "eye.r": _EYES[1],
    "teeth upper": "head",
    "teeth lower": "jaw",
    "tongue": "tongue",
}


def bind_face(face: bpy.types.Object, rig: bpy.types.Object) -> None:
    """Have a face of any level follow its rig; weights that the artist has painted stay."""
    names = _names(rig)
    if all(name in face.vertex_groups for bone, name in names.items() if bone in skin_weights()):
        _follow(face, rig)
        return
    corners = np.empty(len(face.data.loops), dtype=np.int32)
    face.data.loops.foreach_get("vertex_index", corners)
    coarse = dict(skin_weights())
    if "neck" not in names:
        coarse["head"] = coarse["head"] + coarse.pop("neck")
    levels, count = 0, len(face.data.vertices)
    while _count(corners, levels) > len(coarse["head"]):
        levels += 1
    weights = {bone: carried(each, levels, corners.reshape(-1, 4)) for bone, each in coarse.items()}
    assert all(len(each) == count for each in weights.values())
    _bind(face, rig, weights)


def bind_parts(face: bpy.types.Object, rig: bpy.types.Object) -> list[bpy.types.Object]:
    """Have the eyeballs, teeth, tongue and whatever else belongs to a face follow its rig; returns what does.

    A part with a key of its own for `jawOpen` follows that key by itself, as the skin does, and so the bone that has
    only what is done with the jaw by hand. One without goes with the jaw itself.
    """
    parts = [item for item in face.children if item.type == "MESH" and bone_of(item) and len(item.data.vertices)]
    for item in parts:
        bone, points = bone_of(item), mesh_coordinates(item.data.vertices)
        opening = has_key(item, JAW_OPEN)
        share = _own_share(face, item) if opening else np.ones(len(points))
        if bone == "tongue":
            front = share * _along(points)
            carried_by = {"jaw_skin" if opening else "jaw": share - front, "tongue": front, "head": 1 - share}
        elif opening:
            carried_by = {"jaw_skin": share, "head": 1 - share}
        else:
            carried_by = {bone: share}
        carried_by = {name: each for name, each in carried_by.items() if each.any()}
        names = _names(rig)
        if {name for name in names.values() if name in item.vertex_groups} == {names[each] for each in carried_by}:
            _follow(item, rig)  # with the weights that it has, which may be the artist's
            continue
        unbind(item, names.values())
        _bind(item, rig, carried_by)
    return parts


def has_key(item: bpy.types.Object, name: str) -> bool:
    """Whether an object has a shape key of a name."""
    return item.data.shape_keys is not None and name in item.data.shape_keys.key_blocks


def tongue_on(face: bpy.types.Object) -> str:
    """The bone that carries the tongue's: the jaw, unless the tongue follows `jawOpen` by itself."""
    tongues = [item for item in face.children if item.type == "MESH" and bone_of(item) == "tongue"]
    return "jaw_skin" if all(has_key(item, JAW_OPEN) for item in tongues) else "jaw"


def _own_share(face: bpy.types.Object, item: bpy.types.Object) -> NDArray[np.float64]:
    """How much (n,) of the jaw's motion the vertices of a part have, by its own key and that of its face."""
    onto_face = np.array(item.matrix_parent_inverse @ item.matrix_basis)

    def of(holder: bpy.types.Object, key: str) -> NDArray[np.float64]:
        return from_blender(mesh_coordinates(holder.data.shape_keys.key_blocks[key].data))

    basis = item.data.shape_keys.reference_key.name
    points = from_blender(
        mesh_coordinates(item.data.shape_keys.reference_key.data) @ onto_face[:3, :3].T + onto_face[:3, 3]
    )
    turn = from_blender(to_blender(np.eye(3)) @ onto_face[:3, :3].T)
    added = (of(item, JAW_OPEN) - of(item, basis)) @ turn
    head = of(face, face.data.shape_keys.reference_key.name)
    axis = head_place(head).apply(np.array([JAW_AXIS]))[0]
    motion = jaw_motion(JAW_OPEN, head, of(face, JAW_OPEN) - head) if has_key(face, JAW_OPEN) else None
    return jaw_share(points, added, motion or template_jaw_motion(JAW_OPEN), axis)


def unbind(item: bpy.types.Object, bones: Iterable[str]) -> None:
    """Take the weights for bones of these names off an object."""
    for name in bones:
        if (group := item.vertex_groups.get(name)) is not None:
            item.vertex_groups.remove(group)


def bone_of(item: bpy.types.Object) -> str:
    """The bone that a part of a face follows, by its custom property or its name; empty for what is none of ours."""
    if EYEBALL in item:
        return _EYES[item[EYEBALL]]
    name = str(item.get(PART, item.name)).lower().replace("_", " ")
    known = next((bone for start, bone in _BONES_BY_NAME.items() if name.startswith(start)), "")
    if known or LANDMARK in item:
        return known
    made = any(key.startswith("pix2vertex") for holder in (item, item.data) for key in holder.keys())  # noqa: SIM118
    return "head" if made else ""


def _count(corners: NDArray[np.int32], levels: int) -> int:
    """How many vertices a mesh of quads has some levels coarser."""
    faces = corners.reshape(-1, 4)
    for _ in range(levels):
        faces = faces.reshape(-1, 4, 4)[:, :, 0]
    return int(faces.max()) + 1


def _bind(item: bpy.types.Object, rig: bpy.types.Object, weights: Mapping[str, NDArray[np.floating]]) -> None:
    names = _names(rig)
    for bone, each in weights.items():
        unbind(item, [names[bone]])
        add_vertex_group(item, names[bone], each)
    _follow(item, rig)


def _follow(item: bpy.types.Object, rig: bpy.types.Object) -> None:
    """Give an object its modifier, unless it has it; that of the face that it was copied from becomes its own."""
    for modifier in item.modifiers:
        if modifier.type == "ARMATURE" and modifier.object is not None and RIG in modifier.object:
            modifier.object = rig
            return
    modifier = item.modifiers.new(MODIFIER_NAME, "ARMATURE")
    modifier.object = rig
    item.modifiers.move(len(item.modifiers) - 1, 0)


def _names(rig: bpy.types.Object) -> dict[str, str]:
    return {bone: each.name for bone, each in bones_of(rig).items()}


def _along(coordinates: NDArray[np.float32]) -> NDArray[np.float64]:
    """From 0 at the back to 1 at the front, evenly in the beginning and at the end."""
    forward = -coordinates[:, 1].astype(np.float64)
    share = (forward - forward.min()) / max(np.ptp(forward), 1e-9)
    return share * share * (3 - 2 * share)
