"""A face object gets a new shape in place, and keeps what the artist has added to it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
import numpy as np
from mathutils import Vector
from numpy.typing import NDArray

from ...errors import SceneError
from ..rig.armature import rig_of
from .axes import to_blender
from .detail_split import split_detail, wrinkles_key
from .expressions import at_level, changes
from .face_level import carried, change_level
from .face_object import DETAIL_KEY, store_origin
from .mesh_object import (
    EYEBALL,
    EYEBALL_PLACE,
    PART,
    add_eyeballs,
    belongs_to_face,
    eyeball_mesh,
    eyeball_place,
    set_mesh_coordinates,
)
from .mouth import GIVEN, add_mouth, set_mouth
from .obstacles import REMODELLED, leave_mode, level_of, obstacle_to_update, same_topology
from .shape_keys import Change, change_keys
from .shaping_keys import bring_eyes_and_mouth_along, changed_likeness
from .texture_material import PAINTED_SLOTS

if TYPE_CHECKING:
    from ...exchange.expressions import ExpressionSet
    from ...exchange.mouth import MouthPart
    from ...exchange.result import Reconstruction

#: How many vertices the eyeballs of earlier versions have.
FORMER_EYEBALL = 458


def update_face_object(
    face: bpy.types.Object,
    reconstruction: "Reconstruction",
    previous_vertices: NDArray[np.floating],
    context: bpy.types.Context,
    *,
    photo: Path | None = None,
    expressions: "tuple[ExpressionSet, ExpressionSet] | None" = None,
) -> None:
    """Give a face the shape of another reconstruction.

    The `Basis` and the `Detail` key change, and every other key keeps what it adds to the key it is relative to. What
    the artist has moved on the `Basis` stays moved as far. Nothing else of the object and its mesh is touched; its
    eyeballs, landmark pins and rig follow. If the artist has removed the shape keys, the mesh takes the shape with its
    detail.

    Parameters
    ----------
    face : bpy.types.Object
        It leaves edit, sculpt or paint mode.
    reconstruction : Reconstruction
        Where it has another level of subdivision than the face, the face gets that one.
    previous_vertices : (n, 3)
        The registered vertices in millimetres, at the face's level, before anything was changed by hand.
    context : bpy.types.Context
    photo : Path, optional
        Where the photo is.
    expressions : (before, after), optional
        Of the face as it was made and as it is to be, if it has expressions.

    Raises
    ------
    SceneError
        If the object cannot be changed or has other vertices.
    """
    from .face_points import rest_on_landmarks  # which needs this module

    for item in (face, *(child for child in face.children if belongs_to_face(child))):
        leave_mode(item, context)
    level = level_of(face)
    if obstacle := obstacle_to_update(face, level):
        raise SceneError(obstacle)
    assert level is not None  # which is an obstacle
    levels = reconstruction.detail_level - level
    if len(previous_vertices) != len(face.data.vertices) or not same_topology(face.data, reconstruction.faces, levels):
        raise SceneError(REMODELLED.format(name=face.name))
    if levels:
        change_level(face, levels, reconstruction)
        previous_vertices = carried(previous_vertices, levels, reconstruction.faces)
        if expressions is not None:
            before, after = expressions
            expressions = at_level(before, lambda values: carried(values, levels, reconstruction.faces)), after
    _change_shape(face, reconstruction, previous_vertices, expressions)
    face.data.update()
    former, mouth = ((), reconstruction.mouth) if expressions is None else (each.mouth for each in expressions)
    renew_eyes_and_mouth(face, reconstruction, mouth)
    _update_eyeballs(face, reconstruction)
    set_mouth(face, mouth, former)
    bring_eyes_and_mouth_along(face)
    store_origin(face, reconstruction, photo)
    rest_on_landmarks(face)
    bring_rig_along(face)


def _change_shape(
    face: bpy.types.Object,
    reconstruction: "Reconstruction",
    previous_vertices: NDArray[np.floating],
    expressions: "tuple[ExpressionSet, ExpressionSet] | None",
) -> None:
    """Give the mesh, which has the reconstruction's level now, its shape in all keys, as `update_face_object` says."""
    registered, detail = to_blender(reconstruction.vertices), to_blender(reconstruction.detail)
    known: dict[str, Change] = {name: (None, each) for name, each in changed_likeness(face, reconstruction).items()}
    known[DETAIL_KEY] = None, detail
    if face.data.shape_keys is None:
        set_mesh_coordinates(face.data.vertices, registered + detail)
        return
    if expressions is None:
        change_keys(face.data, registered, to_blender(previous_vertices), known.get)
        return
    before, after = expressions
    of_expression = changes(face, after, before)
    change_keys(
        face.data,
        to_blender(after.basis),
        to_blender(before.basis),
        lambda name: known[name] if name in known else of_expression(name),
    )
    if wrinkles_key(face) is not None:
        split_detail(face, after.wrinkles, detail)


def add_missing_eyeballs(face: bpy.types.Object, reconstruction: "Reconstruction") -> list[bpy.types.Object]:
    """Give a face its eyeballs and its mouth, in its collections, unless it has any; returns what was added."""
    created: list[bpy.types.Object] = []
    if not any(EYEBALL in child for child in face.children):
        add_eyeballs(reconstruction.eyeballs, face, created, reconstruction.eye_look)
    if not any(PART in child for child in face.children):
        add_mouth(reconstruction.mouth, face, created)
    _link_beside(face, created)
    bring_eyes_and_mouth_along(face)
    bring_rig_along(face)
    return created


def renew_eyes_and_mouth(
    face: bpy.types.Object, reconstruction: "Reconstruction", mouth: "Sequence[MouthPart]"
) -> None:
    """Give a face of an earlier version eyeballs of now, whose origin is not the head's, and the parts that it lacked.

    Their materials stay. Other faces are left as they are, also those of whose parts the artist has deleted some.
    """
    from ...template.parts import MOUTH_PARTS

    former = [child for child in face.children if EYEBALL in child and EYEBALL_PLACE not in child]
    renewed = [child for child in former if _renew_eyeball(child, reconstruction)]
    there = {child[PART] for child in face.children if PART in child}
    given = there if renewed else {*there, *face.data.get(GIVEN, MOUTH_PARTS)}
    missing = [part for part in mouth if part.name not in given]
    if missing and (renewed or there):
        created: list[bpy.types.Object] = []
        add_mouth(missing, face, created)
        _link_beside(face, created)


def _link_beside(face: bpy.types.Object, items: list[bpy.types.Object]) -> None:
    """Have objects in all of a face's collections."""
    for item in items:
        for collection in face.users_collection:
            if collection.is_editable:
                collection.objects.link(item)


def bring_rig_along(face: bpy.types.Object) -> None:
    """Bring the rig of a face up to date, if it has one; without one the eyeballs follow the face's keys."""
    if rig_of(face) is not None:
        from ..rig.rig import update_rig

        update_rig(face)
    else:
        from ..rig.eyeballs import turn_with_keys

        turn_with_keys(face)


def _update_eyeballs(face: bpy.types.Object, reconstruction: "Reconstruction") -> None:
    """Move a face's eyeballs; those that an artist has put elsewhere move as far."""
    for child in face.children:
        index = child.get(EYEBALL)
        if EYEBALL_PLACE in child and index is not None and index < len(reconstruction.eyeballs) and child.is_editable:
            place = Vector(eyeball_place(reconstruction.eyeballs[index]))
            child.location += place - Vector(child[EYEBALL_PLACE])
            child[EYEBALL_PLACE] = place


def _renew_eyeball(eyeball: bpy.types.Object, reconstruction: "Reconstruction") -> bool:
    """Give an eyeball of an earlier version the shape and the origin of now; False if it was remodelled."""
    mesh, index = eyeball.data, int(eyeball[EYEBALL])
    remodelled = eyeball.type != "MESH" or mesh.shape_keys is not None or len(mesh.vertices) != FORMER_EYEBALL
    if remodelled or not mesh.is_editable or eyeball.mode != "OBJECT" or index >= len(reconstruction.eyeballs):
        return False
    arrays = reconstruction.eyeballs[index]
    materials = list(mesh.materials)
    eyeball.data = eyeball_mesh(eyeball.name, arrays)
    for slot, material in enumerate(materials[:1] * PAINTED_SLOTS):
        eyeball.data.materials[slot] = material
    if mesh.users == 0:
        bpy.data.meshes.remove(mesh)
    place = Vector(eyeball_place(arrays))
    eyeball.location += place
    eyeball[EYEBALL_PLACE] = place
    return True
