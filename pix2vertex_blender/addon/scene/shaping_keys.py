"""Shape keys that make a face more or less itself: its likeness, and whatever else changes whose head it is.

Eyes and mouth go with such a key: the parts of the mouth have keys of the same name, driven by the face's, and drivers
bring the eyeballs along. Which keys are ours is kept with the mesh. Files for other programs get no such keys but the
face as it is seen: see `export.as_seen`.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import bpy
import numpy as np
from numpy.typing import NDArray

from .axes import from_blender, to_blender
from .mesh_object import EYEBALL, PART, Coordinates, mesh_coordinates, set_mesh_coordinates
from .mouth import follow_key

if TYPE_CHECKING:
    from ...exchange.result import Reconstruction

#: What the likeliest head has added, from -1 to 0, and all in which the head differs from the mean one, from 0 on.
LIKENESS_KEY, CARICATURE_KEY = "Likeness", "Caricature"

#: The highest value of the slider over both keys: 0 is the head as registered, 1 as it ships.
MOST_LIKENESS = 1.5

#: The custom property of a mesh that names the keys that are ours.
SHAPING = "pix2vertex_shaping"

#: Metres by which an eyeball has to move for its driver to know of a key.
_NOTHING = 5e-6


def shaping_keys(item: bpy.types.Object | None) -> dict[str, bpy.types.ShapeKey]:
    """The shaping keys that a face or a part of its mouth has, by name."""
    keys = item.data.shape_keys if item is not None and item.type == "MESH" else None
    if item is None or keys is None:
        return {}
    return {name: keys.key_blocks[name] for name in _made(item.data) if name in keys.key_blocks}


def offset_of(key: bpy.types.ShapeKey) -> Coordinates:
    """What a key at 1 adds (n, 3), in metres."""
    return mesh_coordinates(key.data) - mesh_coordinates(key.relative_key.data)


def add_shaping_key(
    face: bpy.types.Object, name: str, offset: NDArray[np.floating], limits: tuple[float, float]
) -> bpy.types.ShapeKey | None:
    """Give a face a key, or the one that it has another offset; it is at 0.

    Parameters
    ----------
    face : bpy.types.Object
        With the vertices of a level of the template.
    name : str
    offset : (c, 3)
        At level 0, in millimetres in the head's frame.
    limits : tuple of float
        Lowest and highest value.

    Returns
    -------
    bpy.types.ShapeKey or None
        None if the artist has a key of that name, which stays as it is.
    """
    mesh = face.data
    if mesh.shape_keys is None:
        face.shape_key_add(name="Basis", from_mix=False)
    key = shaping_keys(face).get(name)
    if key is None:
        if name in mesh.shape_keys.key_blocks:
            return None
        key = face.shape_key_add(name=name, from_mix=False)
        key.slider_min, key.slider_max = limits
        key.value = 0.0
        mesh[SHAPING] = [*_made(mesh), name]
    set_mesh_coordinates(key.data, mesh_coordinates(key.relative_key.data) + at_level_of(mesh, offset))
    return key


def add_likeness(face: bpy.types.Object, reconstruction: "Reconstruction") -> None:
    """Give a new face the keys of its likeness, if what it was made from tells them."""
    if len(reconstruction.character):
        add_shaping_key(face, LIKENESS_KEY, _likeness(reconstruction), (-1.0, 0.0))
        add_shaping_key(face, CARICATURE_KEY, reconstruction.character, (0.0, MOST_LIKENESS - 1.0))


def changed_likeness(face: bpy.types.Object, reconstruction: "Reconstruction") -> dict[str, Coordinates]:
    """What the keys of a face's likeness add (n, 3), in metres, when it gets another shape; empty if it has none."""
    offsets = {LIKENESS_KEY: _likeness(reconstruction), CARICATURE_KEY: reconstruction.character}
    there = shaping_keys(face)
    return {name: at_level_of(face.data, each) for name, each in offsets.items() if name in there and len(each)}


def likeness_of(face: bpy.types.Object | None) -> float | None:
    """The value of the slider over both keys of a face's likeness; None if it has none."""
    keys = shaping_keys(face)
    there = [keys[name].value for name in (LIKENESS_KEY, CARICATURE_KEY) if name in keys]
    return 1.0 + sum(there) if there else None


def set_likeness(face: bpy.types.Object, value: float) -> None:
    """Show a face with a likeness: 0 as registered, 1 as it ships, beyond that what makes it differ, exaggerated."""
    keys = shaping_keys(face)
    for name, part in ((LIKENESS_KEY, min(value, 1.0)), (CARICATURE_KEY, max(value, 1.0))):
        if name in keys:
            keys[name].value = part - 1.0


def bring_eyes_and_mouth_along(face: bpy.types.Object) -> None:
    """Have the eyeballs and the parts of the mouth follow a face's shaping keys as they are now."""
    from ...shaping.following import ball_moves, mouth_moves
    from ...template import load_template

    keys, count = shaping_keys(face), len(load_template().vertices)
    if not keys or len(face.data.vertices) < count:
        return
    head = from_blender(mesh_coordinates(face.data.shape_keys.reference_key.data)[:count])
    offsets = {name: from_blender(offset_of(key)[:count]) for name, key in keys.items()}
    balls = [to_blender(ball_moves(head, offset)) for offset in offsets.values()]
    parts = {str(child[PART]): child for child in face.children if PART in child and _can_follow(child)}
    points = {name: from_blender(_reference(part)) for name, part in parts.items()}
    moves = {name: mouth_moves(head, offset, points) for name, offset in offsets.items()}
    for name, part in parts.items():
        _give_keys(part, face, {key: to_blender(moves[key][name]) for key in keys})
    for child in face.children:
        if EYEBALL in child and child.is_editable:
            _drive(child, face.data.shape_keys, dict(zip(keys, (each[child[EYEBALL]] for each in balls), strict=True)))


def at_level_of(mesh: bpy.types.Mesh, offset: NDArray[np.floating]) -> Coordinates:
    """An offset (c, 3) of level 0, in millimetres, at the level of a mesh, in metres."""
    from ...template.template import LEVELS, carry_with_numpy

    carried = np.asarray(offset, dtype=np.float64)
    for level in range(1, LEVELS):
        if len(carried) >= len(mesh.vertices):
            break
        carried = carry_with_numpy(carried, level, start=level - 1)
    return to_blender(carried)


def _likeness(reconstruction: "Reconstruction") -> NDArray[np.floating]:
    """What the likeliest head has added (c, 3); zeros where nothing has."""
    known = len(reconstruction.likeness) > 0
    return reconstruction.likeness if known else np.zeros_like(reconstruction.coarse_vertices)


def _made(mesh: bpy.types.Mesh) -> list[str]:
    return [str(name) for name in mesh.get(SHAPING, ())]


def _can_follow(item: bpy.types.Object) -> bool:
    return item.type == "MESH" and item.data.is_editable and item.mode == "OBJECT"


def _reference(item: bpy.types.Object) -> Coordinates:
    """The coordinates of an object's mesh without its keys."""
    keys = item.data.shape_keys
    return mesh_coordinates(item.data.vertices if keys is None else keys.reference_key.data)


def _give_keys(part: bpy.types.Object, face: bpy.types.Object, moves: Mapping[str, Coordinates]) -> None:
    """Give a part of the mouth keys that add moves (n, 3) and follow the face's; those of keys that are gone go too."""
    mesh = part.data
    if mesh.shape_keys is None:
        part.shape_key_add(name="Basis", from_mix=False)
    ours = shaping_keys(part)
    for name in set(ours) - set(moves):
        mesh.shape_keys.driver_remove(f'key_blocks["{name}"].value')
        part.shape_key_remove(ours[name])
    for name, move in moves.items():
        key = mesh.shape_keys.key_blocks.get(name)
        if key is None:
            key = part.shape_key_add(name=name, from_mix=False)
            key.slider_min, key.slider_max = -10.0, 10.0
            mesh[SHAPING] = [*_made(mesh), name]
        set_mesh_coordinates(key.data, _reference(part) + move)
        follow_key(mesh.shape_keys, face.data.shape_keys, name)
    mesh.update()
    part.update_tag()


def _drive(eyeball: bpy.types.Object, keys: bpy.types.Key, moves: Mapping[str, Sequence[float]]) -> None:
    """Have an eyeball shifted by the sum of moves (3,), each times the value of its key; nothing for keys that are 0.

    So simple an expression Blender computes without permission to run scripts; it has at most 255 letters.
    """
    for axis in range(3):
        eyeball.driver_remove("delta_location", axis)
        amounts = {name: float(move[axis]) for name, move in moves.items() if abs(move[axis]) > _NOTHING}
        if not amounts:
            eyeball.delta_location[axis] = 0.0
            continue
        driver = eyeball.driver_add("delta_location", axis).driver
        driver.type = "SCRIPTED"
        terms = []
        for number, (name, amount) in enumerate(amounts.items()):
            variable = driver.variables.new()
            variable.name, variable.type = chr(ord("A") + number), "SINGLE_PROP"
            target = variable.targets[0]
            target.id_type, target.id, target.data_path = "KEY", keys, f'key_blocks["{name}"].value'
            terms.append(f"{variable.name}*{amount:.5f}")
        driver.expression = "+".join(terms)
