"""A face object at another level of subdivision: the same object and mesh, with all that the artist has added to it.

The vertices of a coarser level are the first ones of a finer level, and each face's four parts follow one another
(see `geometry.subdivision`), so that values are carried with the faces of the finer level alone.
"""

from typing import TYPE_CHECKING

import bmesh
import bpy
import numpy as np
from numpy.typing import NDArray

from .mesh_object import add_vertex_group, fill_mesh, mesh_coordinates, set_mesh_coordinates
from .uv_layout import layout_of

if TYPE_CHECKING:
    from ...exchange.result import Reconstruction

Values = NDArray[np.floating]


def coarser(faces: NDArray[np.integer], levels: int) -> NDArray[np.integer]:
    """The faces (m, 4) of which these (4^levels m, 4) are the parts."""
    for _level in range(levels):
        faces = faces.reshape(-1, 4, 4)[:, :, 0]
    return faces


def carried(values: Values, levels: int, faces: NDArray[np.integer]) -> NDArray[np.float64]:
    """Carry values (n, ...) at the vertices of a level to another one.

    Parameters
    ----------
    values : (n, ...)
    levels : int
        How many levels finer, coarser if negative.
    faces : (m, 4)
        Those of the level to carry to.
    """
    values = np.asarray(values, dtype=np.float64)
    if levels <= 0:
        return values[: int(faces.max()) + 1]
    parts = faces.reshape(-1, 4, 4)  # of each face, one beginning with each corner
    corners = parts[:, :, 0]
    coarse = carried(values, levels - 1, corners)
    fine = np.empty((int(faces.max()) + 1, *values.shape[1:]))
    fine[: len(coarse)] = coarse
    fine[parts[:, :, 1]] = (coarse[corners] + coarse[np.roll(corners, -1, axis=1)]) / 2
    fine[parts[:, 0, 2]] = coarse[corners].mean(axis=1)
    return fine


def change_level(face: bpy.types.Object, levels: int, reconstruction: "Reconstruction") -> None:
    """Give a face's mesh the faces of a reconstruction some levels finer, or coarser if negative; its layout stays."""
    from ...template.template import load_template

    uvs = load_template(reconstruction.detail_level, layout_of(face)).uvs
    set_level(face, levels, reconstruction.faces, uvs)


def set_level(face: bpy.types.Object, levels: int, faces: NDArray[np.integer], uvs: NDArray[np.floating]) -> None:
    """Give a face's mesh faces (m, 4) and UVs (m, 4, 2) some levels finer, or coarser if negative.

    Shape keys keep their settings, drivers and what each adds to the one it is relative to; vertex groups, the faces'
    materials and the face's place in the scene stay. UVs become those given.
    """
    mesh = face.data
    keys = mesh.shape_keys.key_blocks if mesh.shape_keys is not None else ()
    coordinates = [carried(mesh_coordinates(key.data), levels, faces) for key in keys]
    points = carried(mesh_coordinates(mesh.vertices), levels, faces)
    weights = {name: carried(values, levels, faces) for name, values in _weights(face).items()}
    materials = _materials(mesh, levels)
    layer = mesh.uv_layers[0].name if mesh.uv_layers else "UVMap"
    mesh.clear_geometry()
    fill_mesh(mesh, points, faces, uvs, layer)
    mesh.polygons.foreach_set("material_index", materials)
    _resize_keys(mesh)
    for key, each in zip(keys, coordinates, strict=True):
        set_mesh_coordinates(key.data, each)
    face.vertex_groups.clear()
    for name, values in weights.items():
        add_vertex_group(face, name, values)
    mesh.update()


def _weights(face: bpy.types.Object) -> dict[str, NDArray[np.float64]]:
    """The weights (n,) of each vertex group."""
    table = np.zeros((len(face.vertex_groups), len(face.data.vertices)))
    for vertex in face.data.vertices:
        for element in vertex.groups:
            table[element.group, vertex.index] = element.weight
    return dict(zip((group.name for group in face.vertex_groups), table, strict=True))


def _materials(mesh: bpy.types.Mesh, levels: int) -> NDArray[np.int32]:
    """The material's index of each face at the new level."""
    indices = np.empty(len(mesh.polygons), dtype=np.int32)
    mesh.polygons.foreach_get("material_index", indices)
    return np.repeat(indices, 4**levels) if levels >= 0 else indices[:: 4**-levels].copy()


def _resize_keys(mesh: bpy.types.Mesh) -> None:
    """Have the shape keys as many points as the mesh, which Blender does when it writes an edited mesh back."""
    edited = bmesh.new()
    edited.from_mesh(mesh)
    edited.to_mesh(mesh)
    edited.free()
