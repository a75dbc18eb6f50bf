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
    regions = {f"{name} {region.capitalize()}": move for region, move in moves.items() if region != WHOLE}
    wanted = regions or {name: moves[WHOLE]}
    before = [key for key in made_keys(head, SHAPES) if key.name == name or key.name.startswith(f"{name} ")]
    for key in before:
        if key.name not in wanted:
            key.value = 0.0
    _set_keys(head, wanted, SHAPES, value=1.0, lowest=-1.0)
    return list(wanted)


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
    made = {key.name for key in made_keys(head, EXPRESSIONS)}
    keys = head.data.shape_keys.key_blocks if head.data.shape_keys is not None else {}
    own = [name for name in moves if name in keys and name not in made]
    wanted = {name: move for name, move in moves.items() if name not in own}
    _set_keys(head, wanted, EXPRESSIONS, value=0.0, lowest=0.0)
    return own


def made_keys(head: bpy.types.Object, purpose: str) -> list[bpy.types.ShapeKey]:
    """The keys of a mesh object that were made for `SHAPES` or `EXPRESSIONS` and are still there."""
    if head.type != "MESH" or head.data.shape_keys is None:
        return []
    keys = head.data.shape_keys.key_blocks
    return [keys[name] for name in head.data.get(purpose, "").split("\n") if name in keys]


def _set_keys(
    head: bpy.types.Object, moves: Mapping[str, NDArray[np.floating]], purpose: str, *, value: float, lowest: float
) -> None:
    axes = np.array(head.matrix_world, dtype=np.float64)[:3, :3]
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
        set_mesh_coordinates(key.data, basis + np.linalg.solve(axes, np.asarray(move, dtype=np.float64).T).T)
        names += [key.name] if key.name not in names else []
    head.data[purpose] = "\n".join(names)
    head.data.update_tag()
