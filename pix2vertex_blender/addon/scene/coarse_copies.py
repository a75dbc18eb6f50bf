"""Copies of a face at its coarser levels of subdivision, with all that hangs on its mesh."""

from collections.abc import Iterator
from contextlib import contextmanager

import bpy
import numpy as np
from numpy.typing import NDArray

from .detail_split import wrinkles_key
from .face_level import coarser, set_level
from .face_object import detail_key

#: Of data that somebody may have made in passing.
_KINDS = ("objects", "meshes", "materials", "images")


def mesh_faces(mesh: bpy.types.Mesh) -> NDArray[np.int32]:
    """The faces (m, 4) of a mesh of quads."""
    faces = np.empty(len(mesh.loops), dtype=np.int32)
    mesh.loops.foreach_get("vertex_index", faces)
    return faces.reshape(-1, 4)


def vertex_counts(face: bpy.types.Object, level: int) -> list[int]:
    """How many vertices a face of a level has at this one and at each that is coarser."""
    faces = mesh_faces(face.data)
    return [int(coarser(faces, levels).max()) + 1 for levels in range(level + 1)]


def coarse_copy(face: bpy.types.Object, levels: int, name: str) -> bpy.types.Object:
    """A copy of a face some levels coarser, beside it, with a mesh of its own and without the keys of its detail.

    Its vertices are the first ones of the face, so that they lie on the fine surface; all other keys, groups, materials
    and modifiers are there as well.
    """
    copy = face.copy()
    copy.data = face.data.copy()
    for collection in face.users_collection:
        collection.objects.link(copy)
    copy.name, copy.data.name = name, name
    for key in (wrinkles_key(copy), detail_key(copy)):
        if key is not None:
            copy.shape_key_remove(key)
    if levels:
        faces, uvs = mesh_faces(copy.data), _uvs(copy.data)
        for _level in range(levels):
            uvs = uvs.reshape(-1, 4, 4, 2)[:, :, 0]
        set_level(copy, -levels, coarser(faces, levels), uvs)
    return copy


def levels_of_detail(face: bpy.types.Object, level: int, name: str) -> list[bpy.types.Object]:
    """Copies of a face of a level, as it is and at all coarser levels.

    They are called `name` with `_LOD0` for the finest and so on, as game engines expect it.
    """
    return [coarse_copy(face, levels, f"{name}_LOD{levels}") for levels in range(level + 1)]


@contextmanager
def temporary_data() -> Iterator[None]:
    """Have whatever objects, meshes, materials and images come into being within the block gone after it."""
    before = {kind: set(getattr(bpy.data, kind)) for kind in _KINDS}
    try:
        yield
    finally:
        for kind, there in before.items():
            collection = getattr(bpy.data, kind)
            for item in set(collection) - there:
                collection.remove(item)


def _uvs(mesh: bpy.types.Mesh) -> NDArray[np.float32]:
    """The UVs (m, 4, 2) of the first layer."""
    uvs = np.zeros((len(mesh.loops), 2), dtype=np.float32)
    if mesh.uv_layers:
        mesh.uv_layers[0].uv.foreach_get("vector", uvs.ravel())
    return uvs.reshape(-1, 4, 2)
