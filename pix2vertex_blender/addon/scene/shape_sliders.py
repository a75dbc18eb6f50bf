"""The shape sliders of a face, and its symmetry."""

import bpy
import numpy as np
from numpy.typing import NDArray

from ...errors import SceneError
from ...shaping.names import SLIDER_NAMES
from .axes import from_blender, to_blender
from .face_update import bring_rig_along
from .mesh_object import EYEBALL, PART, mesh_coordinates, set_mesh_coordinates
from .obstacles import leave_mode, level_of, obstacle_to_update
from .shaping_keys import add_shaping_key, bring_eyes_and_mouth_along, set_likeness, shaping_keys

#: The lowest and the highest value of a slider.
LIMITS = (-1.0, 1.0)


def sliders_of(face: bpy.types.Object | None) -> dict[str, bpy.types.ShapeKey]:
    """The keys of the shape sliders that a face has, by name."""
    return {name: key for name, key in shaping_keys(face).items() if name in SLIDER_NAMES}


def add_sliders(face: bpy.types.Object) -> list[str]:
    """Give a face its shape sliders, or make those that it has anew; their values stay.

    Returns
    -------
    list of str
        Names of sliders that the artist has keys of, which stay as they are.

    Raises
    ------
    SceneError
        If the face cannot be changed or has other vertices.
    """
    from ...shaping.sliders import slider_offsets
    from ...template import load_template

    _check(face)
    head = _basis(face)[: len(load_template().vertices)]
    offsets = slider_offsets(head)
    kept = [name for name, offset in offsets.items() if add_shaping_key(face, name, offset, LIMITS) is None]
    bring_eyes_and_mouth_along(face)
    face.data.update()
    return kept


def reset_shape(face: bpy.types.Object) -> None:
    """Show a face as it was made: all shape sliders at 0, its likeness at 1."""
    for key in sliders_of(face).values():
        key.value = 0.0
    set_likeness(face, 1.0)


def symmetrise(face: bpy.types.Object, strength: float) -> None:
    """Make both sides of a face alike, about the template's mirror; its keys keep what they add.

    Parameters
    ----------
    face : bpy.types.Object
    strength : float
        How far, 0 to 1.

    Raises
    ------
    SceneError
        If the face cannot be changed or has other vertices.
    """
    from ...shaping.symmetry import asymmetry

    _check(face)
    level = level_of(face)
    assert level is not None  # which `_check` has found
    head = _basis(face)
    shift_head(face, -strength * asymmetry(head, level))


def shift_head(face: bpy.types.Object, offset: NDArray[np.floating]) -> None:
    """Add an offset (n, 3), in millimetres in the head's frame, to a face under all of its keys.

    Eyeballs, the parts of the mouth and the rig follow.
    """
    from ...shaping.following import ball_moves, mouth_moves
    from ...template import load_template

    count = len(load_template().vertices)
    before = _basis(face)
    parts = {str(child[PART]): child for child in face.children if PART in child and child.data.is_editable}
    points = {name: _basis(part) for name, part in parts.items()}
    moves = mouth_moves(before[:count], offset[:count], points)
    balls = to_blender(ball_moves(before[:count], offset[:count]))
    _shift(face, offset)
    for name, part in parts.items():
        _shift(part, moves[name])
    for child in face.children:
        if EYEBALL in child and child.is_editable:
            for axis in range(3):
                child.location[axis] += float(balls[child[EYEBALL]][axis])
    bring_eyes_and_mouth_along(face)
    bring_rig_along(face)


def _shift(item: bpy.types.Object, offset: NDArray[np.floating]) -> None:
    """Add an offset (n, 3) to an object's mesh and to all of its keys."""
    mesh, shift = item.data, to_blender(offset)
    for key in mesh.shape_keys.key_blocks if mesh.shape_keys is not None else ():
        set_mesh_coordinates(key.data, mesh_coordinates(key.data) + shift)
    set_mesh_coordinates(mesh.vertices, mesh_coordinates(mesh.vertices) + shift)
    mesh.update()
    item.update_tag()


def _check(face: bpy.types.Object) -> None:
    """Have a face in object mode.

    Raises
    ------
    SceneError
        If it cannot be changed or has other vertices.
    """
    leave_mode(face, bpy.context)
    if obstacle := obstacle_to_update(face, level_of(face)):
        raise SceneError(obstacle)


def _basis(item: bpy.types.Object) -> NDArray[np.float64]:
    """The coordinates (n, 3) of an object without its keys, in millimetres."""
    keys = item.data.shape_keys
    return from_blender(mesh_coordinates(item.data.vertices if keys is None else keys.reference_key.data))
