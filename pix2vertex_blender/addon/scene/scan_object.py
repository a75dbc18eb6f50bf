"""Mesh objects of the scene as a scan, in the world's coordinates."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from ...errors import SceneError
from ..images.open_image import photo_file_of
from .axes import METRES_PER_MILLIMETRE, rotation_to_blender

NO_SCAN = "Choose a mesh object to wrap, or select it."
NO_FACES = "{name} has no faces: choose a mesh with a surface."
UNEVEN = "{name} is scaled unevenly or mirrored: apply its scale first (Object > Apply > Scale)."

#: How much the axes of an object may differ in length.
_EVEN = 0.005
_LARGEST_COLOUR = 255


@dataclass(frozen=True)
class ScanArrays:
    """What the worker's job `wrap` needs of a mesh.

    Attributes
    ----------
    arrays : dict
        `vertices`, `triangles`, and perhaps `colours` or `corner_uvs`.
    texture : Path, optional
        The image that `corner_uvs` belong to.
    """

    arrays: dict[str, NDArray[Any]]
    texture: Path | None = None


def read_scan(objects: Sequence[bpy.types.Object], context: bpy.types.Context) -> ScanArrays:
    """Meshes as they are shown, with their modifiers, as one scan.

    Only a single object keeps its texture; several keep their colours if all have some.

    Raises
    ------
    SceneError
        If there is no surface, or an object is scaled unevenly or mirrored.
    """
    parts = [_read_object(item, context) for item in objects]
    if len(parts) == 1:
        return parts[0]
    if not parts:
        raise SceneError(NO_SCAN)
    starts = np.cumsum([0, *(len(part.arrays["vertices"]) for part in parts)])
    arrays = {
        "vertices": np.concatenate([part.arrays["vertices"] for part in parts]),
        "triangles": np.concatenate(
            [part.arrays["triangles"] + start for part, start in zip(parts, starts, strict=False)]
        ),
    }
    if all("colours" in part.arrays for part in parts):
        arrays["colours"] = np.concatenate([part.arrays["colours"] for part in parts])
    return ScanArrays(arrays)


def placed_on_scan(matrix: NDArray[np.floating]) -> Matrix:
    """The world matrix of a face that lies on its scan.

    Parameters
    ----------
    matrix : (4, 4)
        From the head's millimetres to the world.
    """
    to_head = rotation_to_blender().inverted() @ Matrix.Scale(1 / METRES_PER_MILLIMETRE, 4)
    return Matrix(np.asarray(matrix, dtype=np.float64).tolist()) @ to_head


def read_unmodified(item: bpy.types.Object, context: bpy.types.Context) -> ScanArrays:
    """A mesh as it was modelled: its own vertices in their order, of the basis if it has shape keys.

    Raises
    ------
    SceneError
        As `read_scan`.
    """
    check_scale(item)
    return read_basis(item, context)


def read_basis(item: bpy.types.Object, context: bpy.types.Context) -> ScanArrays:
    """The same, however it is scaled.

    Raises
    ------
    SceneError
        If it has no surface.
    """
    scan = _read_mesh(item, item.data, context)
    if item.data.shape_keys is not None:
        basis = _values(item.data.shape_keys.reference_key.data, "co", np.float32, 3)
        scan.arrays["vertices"] = _in_world(item, basis)
    return scan


def check_scale(item: bpy.types.Object) -> None:
    """Refuse what is distorted.

    Raises
    ------
    SceneError
        If the object is scaled unevenly or mirrored.
    """
    axes = np.array(item.matrix_world, dtype=np.float64)[:3, :3]
    lengths = np.linalg.norm(axes, axis=0)
    sheared = np.abs(axes.T @ axes - np.diag(lengths**2)).max() > _EVEN * lengths.max() ** 2
    if np.ptp(lengths) > _EVEN * lengths.max() or sheared or np.linalg.det(axes) <= 0:
        raise SceneError(UNEVEN.format(name=item.name))


def _read_object(item: bpy.types.Object, context: bpy.types.Context) -> ScanArrays:
    """A mesh object with its modifiers."""
    check_scale(item)
    evaluated = item.evaluated_get(context.evaluated_depsgraph_get())
    mesh = evaluated.to_mesh()
    try:
        return _read_mesh(item, mesh, context)
    finally:
        evaluated.to_mesh_clear()


def _read_mesh(item: bpy.types.Object, mesh: bpy.types.Mesh, context: bpy.types.Context) -> ScanArrays:
    """A mesh that stands where an object does."""
    mesh.calc_loop_triangles()
    if len(mesh.loop_triangles) == 0:
        raise SceneError(NO_FACES.format(name=item.name))
    arrays = {
        "vertices": _in_world(item, _values(mesh.vertices, "co", np.float32, 3)),
        "triangles": _values(mesh.loop_triangles, "vertices", np.int32, 3),
    }
    image = _texture_of(item)
    if image is not None and mesh.uv_layers.active is not None:
        uvs = _values(mesh.uv_layers.active.uv, "vector", np.float32, 2)
        arrays["corner_uvs"] = uvs[_values(mesh.loop_triangles, "loops", np.int32, 3)]
        return ScanArrays(arrays, photo_file_of(image, context))
    colours = _colours(mesh)
    return ScanArrays(arrays if colours is None else {**arrays, "colours": colours})


def _in_world(item: bpy.types.Object, coordinates: NDArray[np.float32]) -> NDArray[np.float64]:
    world = np.array(item.matrix_world, dtype=np.float64)
    placed: NDArray[np.float64] = coordinates.astype(np.float64) @ world[:3, :3].T + world[:3, 3]
    return placed


def _values(items: Any, name: str, kind: type, width: int) -> NDArray[Any]:
    values: NDArray[Any] = np.empty((len(items), width), dtype=kind)
    items.foreach_get(name, values.ravel())
    return values


def _colours(mesh: bpy.types.Mesh) -> NDArray[np.uint8] | None:
    """The active colours (n, 3) of the vertices, sRGB in 0 to 255; None if the mesh has none."""
    attribute = mesh.color_attributes.active_color
    if attribute is None:
        return None
    values = np.clip(_values(attribute.data, "color_srgb", np.float32, 4)[:, :3], 0.0, 1.0)
    if attribute.domain == "CORNER":
        owners = np.empty(len(mesh.loops), dtype=np.int32)
        mesh.loops.foreach_get("vertex_index", owners)
        by_vertex = np.zeros((len(mesh.vertices), 3), dtype=np.float32)
        by_vertex[owners] = values
        values = by_vertex
    return np.rint(values * _LARGEST_COLOUR).astype(np.uint8)


def _texture_of(item: bpy.types.Object) -> bpy.types.Image | None:
    """The first image in the object's materials, that of the base colour if it is linked directly."""
    images: list[tuple[bool, int, bpy.types.Image]] = []
    for slot in item.material_slots:
        if slot.material is None or slot.material.node_tree is None:
            continue
        for node in slot.material.node_tree.nodes:
            if node.type == "TEX_IMAGE" and node.image is not None:
                to_colour = any(link.to_socket.name == "Base Color" for link in node.outputs["Color"].links)
                images.append((not to_colour, len(images), node.image))
    return min(images)[2] if images else None
