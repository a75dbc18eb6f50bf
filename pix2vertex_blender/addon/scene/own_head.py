"""Shape keys of a head of the artist's own topology: the shape of a face, whole or by region, and expressions."""

from collections.abc import Mapping

import bpy
import numpy as np
from numpy.typing import NDArray

from .mesh_object import mesh_coordinates, set_mesh_coordinates

#: What the worker calls the face's whole shape, beside its regions.
WHOLE = "whole"
#: The custom properties of a mesh that name the keys made for it: of faces' shapes, and of expressions.
SHAPES, EXPRESSIONS = "pix2vertex_own_shapes", "pix2vertex_own_expressions"


def set_face_keys(head: bpy.types.Object, name: str, moves: Mapping[str, NDArray[np.floating]]) -> list[str]:
    """Give a mesh object shape keys with the shape of a face, at value 1.

    Keys that are there get the new shape and keep their values. A whole shape and one by region are never both shown:
    the other's keys go to 0. Everything else of the object stays as it is.

    Parameters
    ----------
    head : bpy.types.Object
    name : str
        Of the key; those of regions begin with it.
    moves : mapping of str to (n, 3)
        How far the vertices move in the world for `WHOLE`, and for each region, which count if there are some.

    Returns
    -------
    list of str
        The keys' names.
    """
    wanted = face_keys(name, moves)
    before = [key for key in made_keys(head, SHAPES) if key.name == name or key.name.startswith(f"{name} ")]
    for key in before:
        if key.name not in wanted:
            key.value = 0.0
    _set_keys(head, wanted, SHAPES, value=1.0, lowest=-1.0)
    return list(wanted)


def set_basis(head: bpy.types.Object, name: str, move: NDArray[np.floating]) -> None:
    """Give a mesh object itself the shape of a face; its shape keys keep what they add.

    Keys that were made of that face before go to 0: they would add it again.

    Parameters
    ----------
    head : bpy.types.Object
    name : str
        Of the face.
    move : (n, 3)
        How far the vertices move in the world.
    """
    for key in made_keys(head, SHAPES):
        if key.name == name or key.name.startswith(f"{name} "):
            key.value = 0.0
    own = _in_object(head, move)
    keys = head.data.shape_keys.key_blocks if head.data.shape_keys is not None else []
    for places in (head.data.vertices, *(key.data for key in keys)):
        set_mesh_coordinates(places, mesh_coordinates(places) + own)
    head.data.update()


def set_driven_keys(
    part: bpy.types.Object, head: bpy.types.Object, moves: Mapping[str, NDArray[np.floating]], purpose: str
) -> None:
    """Give an object beside a head the shape keys that it needs; those of the same names of the head set their values.

    Keys of those names that were not made for it stay as they are.

    Parameters
    ----------
    part, head : bpy.types.Object
    moves : mapping of str to (n, 3)
        How far the part's vertices move in the world with each key of the head.
    purpose : str
        `SHAPES` or `EXPRESSIONS`.
    """
    own = _own_keys(part, moves, purpose)
    wanted = {name: move for name, move in moves.items() if name not in own}
    if not wanted:
        return
    _set_keys(part, wanted, purpose, value=0.0, lowest=-1.0)
    for name in wanted:
        key = part.data.shape_keys.key_blocks[name]
        key.driver_remove("value")
        driver = key.driver_add("value").driver
        driver.type = "SUM"
        target = driver.variables.new().targets[0]
        target.id_type, target.id = "KEY", head.data.shape_keys
        target.data_path = f'key_blocks["{bpy.utils.escape_identifier(name)}"].value'


def face_keys(name: str, moves: Mapping[str, NDArray[np.floating]]) -> dict[str, NDArray[np.floating]]:
    """The motions (n, 3) by the names of the keys that `set_face_keys` makes of them."""
    regions = {f"{name} {region.capitalize()}": move for region, move in moves.items() if region != WHOLE}
    return regions or {name: moves[WHOLE]}


def set_expression_keys(head: bpy.types.Object, moves: Mapping[str, NDArray[np.floating]]) -> list[str]:
    """Give a mesh object shape keys of expressions, at value 0.

    Parameters
    ----------
    head : bpy.types.Object
    moves : mapping of str to (n, 3)
        How far the vertices move in the world with each.

    Returns
    -------
    list of str
        Those that it has keys of its own for, which stay as they are.
    """
    own = _own_keys(head, moves, EXPRESSIONS)
    wanted = {name: move for name, move in moves.items() if name not in own}
    _set_keys(head, wanted, EXPRESSIONS, value=0.0, lowest=0.0)
    return own


def made_keys(head: bpy.types.Object, purpose: str) -> list[bpy.types.ShapeKey]:
    """The keys of a mesh object that were made for `SHAPES` or `EXPRESSIONS` and are still there."""
    if head.type != "MESH" or head.data.shape_keys is None:
        return []
    keys = head.data.shape_keys.key_blocks
    return [keys[name] for name in head.data.get(purpose, "").split("\n") if name in keys]


def _own_keys(item: bpy.types.Object, moves: Mapping[str, NDArray[np.floating]], purpose: str) -> list[str]:
    """Those names for which an object has keys that were not made for a purpose."""
    made = {key.name for key in made_keys(item, purpose)}
    keys = item.data.shape_keys.key_blocks if item.data.shape_keys is not None else {}
    return [name for name in moves if name in keys and name not in made]


def _set_keys(
    head: bpy.types.Object, moves: Mapping[str, NDArray[np.floating]], purpose: str, *, value: float, lowest: float
) -> None:
    if head.data.shape_keys is None:
        head.shape_key_add(name="Basis", from_mix=False)
    keys = head.data.shape_keys
    basis = mesh_coordinates(keys.reference_key.data)
    names = [key.name for key in made_keys(head, purpose)]
    for name, move in moves.items():
        key = keys.key_blocks.get(name)
        if key is None or key == keys.reference_key:
            key = head.shape_key_add(name=name, from_mix=False)
            key.slider_min, key.value = lowest, value
        set_mesh_coordinates(key.data, basis + _in_object(head, move))
        names += [key.name] if key.name not in names else []
    head.data[purpose] = "\n".join(names)
    head.data.update_tag()


def _in_object(head: bpy.types.Object, move: NDArray[np.floating]) -> NDArray[np.float64]:
    """Motions (n, 3) of the world in an object's own axes."""
    axes = np.array(head.matrix_world, dtype=np.float64)[:3, :3]
    own: NDArray[np.float64] = np.linalg.solve(axes, np.asarray(move, dtype=np.float64).T).T
    return own
