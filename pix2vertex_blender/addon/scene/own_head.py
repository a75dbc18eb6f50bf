"""A head of the artist's own topology gets the shape of a face as a shape key."""

import bpy
import numpy as np
from numpy.typing import NDArray

from .mesh_object import mesh_coordinates, set_mesh_coordinates


def set_face_key(
    head: bpy.types.Object, name: str, before: NDArray[np.floating], after: NDArray[np.floating]
) -> bpy.types.ShapeKey:
    """Give a mesh object a shape key that moves its vertices as they were moved in the world, at value 1.

    A key of that name gets the new shape and keeps its value. Everything else of the object stays as it is.

    Parameters
    ----------
    head : bpy.types.Object
    name : str
        Of the key.
    before, after : (n, 3)
        Its basis and what it becomes, in the world's coordinates.
    """
    axes = np.array(head.matrix_world, dtype=np.float64)[:3, :3]
    moved = np.linalg.solve(axes, (np.asarray(after) - before).T).T
    if head.data.shape_keys is None:
        head.shape_key_add(name="Basis", from_mix=False)
    keys = head.data.shape_keys
    key = keys.key_blocks.get(name)
    if key is None or key == keys.reference_key:
        key = head.shape_key_add(name=name, from_mix=False)
        key.slider_min, key.value = -1.0, 1.0
    set_mesh_coordinates(key.data, mesh_coordinates(keys.reference_key.data) + moved)
    head.data.update_tag()
    return key
