"""A face gets a rig, and the rig follows when the face gets another shape."""

import bpy
import numpy as np
from numpy.typing import NDArray

from ...rig.joints import eye_centres, joints
from ...rig.names import NAMINGS
from ..scene.axes import from_blender
from ..scene.mesh_object import EYEBALL, mesh_coordinates
from ..scene.obstacles import is_editable
from .armature import RIG, add_armature, bones_of, place_bones, rename_bones, rig_of
from .binding import bind_face, bind_parts, tongue_on, unbind
from .drivers import drive_bones
from .eyeballs import leave_to_bones
from .gaze import give_gaze_to_bone, is_around_origin, middle_of


def set_rig(face: bpy.types.Object, naming: str, *, with_neck: bool) -> bpy.types.Object:
    """Give a face a rig, or bring the one that it has up to date.

    Parameters
    ----------
    face : bpy.types.Object
        In object mode, with the vertices of a level of the template.
    naming : str
        A key of `NAMINGS`.
    with_neck : bool
        Whether there is a bone in the neck.

    Returns
    -------
    bpy.types.Object
        The armature object.
    """
    rig = rig_of(face) or add_armature(face)
    rig[RIG] = {"naming": naming, "with_neck": with_neck}
    rename_bones(rig, naming)
    _fit(rig, face, naming, with_neck=with_neck)
    return rig


def update_rig(face: bpy.types.Object) -> None:
    """Bring the rig of a face up to date with its shape, its keys and its parts, if it has one; names stay."""
    rig = rig_of(face)
    if rig is None or not is_editable(rig):
        return
    naming, with_neck = settings_of(rig)
    _fit(rig, face, naming, with_neck=with_neck and "neck" in bones_of(rig))


def _fit(rig: bpy.types.Object, face: bpy.types.Object, naming: str, *, with_neck: bool) -> None:
    leave_to_bones(face)
    before = {bone: each.name for bone, each in bones_of(rig).items()}
    bones = joints(face_vertices(face), _eyes(face), with_neck=with_neck, tongue_on=tongue_on(face))
    place_bones(rig, bones, naming)
    if before and before.keys() != bones_of(rig).keys():
        unbind(face, before.values())
    bind_face(face, rig)
    drive_bones(face, rig)
    for item in bind_parts(face, rig):
        if item.get(EYEBALL) in (0, 1) and is_around_origin(item):
            give_gaze_to_bone(item, rig)


def settings_of(rig: bpy.types.Object) -> tuple[str, bool]:
    """The naming of a rig, and whether it has a bone in the neck."""
    stored = rig[RIG]
    stored = stored.to_dict() if hasattr(stored, "to_dict") else {}
    naming = stored.get("naming", "")
    return naming if naming in NAMINGS else next(iter(NAMINGS)), bool(stored.get("with_neck", True))


def face_vertices(face: bpy.types.Object) -> NDArray[np.float64]:
    """The vertices (n, 3) of a face's basis, in millimetres."""
    keys = face.data.shape_keys
    return from_blender(mesh_coordinates(keys.reference_key.data if keys is not None else face.data.vertices))


def _eyes(face: bpy.types.Object) -> NDArray[np.float64]:
    """The centres (2, 3) of a face's eyeballs in millimetres, the left one first; where they would be without them."""
    centres = eye_centres(face_vertices(face))
    for item in face.children:
        if item.get(EYEBALL) in (0, 1) and item.type == "MESH" and len(item.data.vertices):
            middle = np.zeros(3) if is_around_origin(item) else middle_of(item)
            place = item.matrix_parent_inverse @ item.matrix_basis
            centres[item[EYEBALL]] = from_blender(np.array(place)[:3] @ (*middle, 1.0))
    return centres
