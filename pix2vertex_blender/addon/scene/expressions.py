"""A face's expressions: shape keys under ARKit's names, and the key that gives back the face of the photo.

With a neutral basis, `Basis` is the face without its expression, and `Photo Expression` at 1 is exactly the registered
face. Which keys are ours is kept with the mesh, so that a key of the artist's that happens to have one of the names is
left alone.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from ...expression.names import PHOTO_EXPRESSION
from .axes import to_blender
from .detail_split import join_detail, split_detail
from .mesh_object import Coordinates, mesh_coordinates
from .mouth import set_mouth
from .shape_keys import Change, change_keys

if TYPE_CHECKING:
    from ...exchange.expressions import ExpressionSet

PHOTO_KEY = PHOTO_EXPRESSION

#: The custom property of a face's mesh that says what its `Basis` is and which keys are ours.
EXPRESSIONS = "pix2vertex_expressions"

BASES = (
    ("NEUTRAL", "Neutral Face", "The face without the photo's expression, which becomes the key Photo Expression"),
    ("PHOTO", "Photo's Face", "The face as it is in the photo"),
)


def basis_of(face: bpy.types.Object | None) -> str:
    """What the `Basis` of a face with expressions is, an identifier of `BASES`; empty if it has none."""
    basis = _stored(face).get("basis", "") if face is not None and face.type == "MESH" else ""
    return basis if basis in {name for name, _, _ in BASES} else ""


def own_keys(face: bpy.types.Object | None) -> dict[str, bpy.types.ShapeKey]:
    """The keys of a face's expressions that are there, by name, that of the photo first."""
    keys = face.data.shape_keys if face is not None and basis_of(face) else None
    if keys is None:
        return {}
    return {name: keys.key_blocks[name] for name in _made(face) if name in keys.key_blocks}


def photo_coordinates(face: bpy.types.Object, smooth: bpy.types.ShapeKey) -> Coordinates:
    """Coordinates (n, 3) of the face of the photo without its detail, whatever its basis `smooth` is."""
    coordinates = mesh_coordinates(smooth.data)
    photo = own_keys(face).get(PHOTO_KEY)
    return coordinates if photo is None else mesh_coordinates(photo.data)


def set_expressions(
    face: bpy.types.Object, basis: str, after: "ExpressionSet", before: "ExpressionSet | None" = None
) -> list[str]:
    """Give a face the keys of its expressions, or bring those that it has up to date.

    Parameters
    ----------
    face : bpy.types.Object
        In object mode.
    basis : str
        An identifier of `BASES`, which `after` was made for.
    after : ExpressionSet
    before : ExpressionSet, optional
        What the keys that are there were made from; None if there are none.

    Returns
    -------
    list of str
        Names of expressions that the artist has keys of, which stay as they are.
    """
    mesh = face.data
    if mesh.shape_keys is None:
        face.shape_key_add(name="Basis", from_mix=False)
    made = set(own_keys(face))
    wanted = ([PHOTO_KEY] if basis == "NEUTRAL" else []) + list(after.names)
    if basis != "NEUTRAL" and PHOTO_KEY in made:
        face.shape_key_remove(mesh.shape_keys.key_blocks[PHOTO_KEY])
    kept = [name for name in wanted if name in mesh.shape_keys.key_blocks and name not in made]
    ours = [name for name in wanted if name not in kept]
    fresh = [name for name in ours if name not in mesh.shape_keys.key_blocks]
    for name in fresh:
        key = face.shape_key_add(name=name, from_mix=False)
        key.slider_min, key.slider_max = 0.0, 1.0
        key.value = 1.0 if name == PHOTO_KEY else 0.0
    mesh[EXPRESSIONS] = {"basis": basis, "keys": ours, "coefficients": after.coefficients.astype(float).tolist()}
    previous = after.registered if before is None else before.basis
    change_keys(mesh, to_blender(after.basis), to_blender(previous), changes(face, after, before, fresh))
    if basis == "NEUTRAL" and PHOTO_KEY in ours and after.wrinkles.any():
        split_detail(face, after.wrinkles)
    else:
        join_detail(face)
    set_mouth(face, after.mouth, before.mouth if before is not None else ())
    mesh.update()
    face.update_tag()
    return kept


def at_level(expressions: "ExpressionSet", carry: Callable[[Any], Any]) -> "ExpressionSet":
    """The expressions of a mesh whose level of subdivision has changed, with what carries values (n, 3) there."""
    whole = [carry(expressions.offset(name)).astype(np.float32) for name in expressions.names]
    moved = [np.flatnonzero(offset.any(axis=1)).astype(np.int32) for offset in whole]
    return replace(
        expressions,
        basis=carry(expressions.basis).astype(np.float32),
        registered=carry(expressions.registered).astype(np.float32),
        moved=tuple(moved),
        offsets=tuple(offset[rows] for offset, rows in zip(whole, moved, strict=True)),
    )


def changes(
    face: bpy.types.Object, after: "ExpressionSet", before: "ExpressionSet | None", fresh: Any = ()
) -> Callable[[str], Change | None]:
    """How the keys of a face's expressions change, by name, for `change_keys`; those in `fresh` were just made."""
    ours = _made(face)

    def change(name: str) -> Change | None:
        if name not in ours:
            return None
        was = None if before is None or name in fresh else to_blender(_offset(before, name))
        return was, to_blender(_offset(after, name))

    return change


def _offset(expressions: "ExpressionSet", name: str) -> Any:
    if name == PHOTO_KEY:
        return expressions.registered - expressions.basis
    return expressions.offset(name)


def _made(face: bpy.types.Object) -> list[str]:
    """The names of the keys that were made for a face."""
    return [str(name) for name in _stored(face).get("keys", ())]


def _stored(face: bpy.types.Object) -> dict[str, Any]:
    """What is kept with a face's mesh about its expressions."""
    stored = face.data.get(EXPRESSIONS)
    return stored.to_dict() if hasattr(stored, "to_dict") else {}
