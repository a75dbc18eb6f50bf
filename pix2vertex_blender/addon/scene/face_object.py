"""A reconstruction becomes a mesh object: topology, UVs, shape keys, vertex groups."""

import json
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...reconstruction.result import PlainMesh, Reconstruction
from .axes import to_blender
from .material import face_material

FACE_NAME = "Face"
EYEBALL_NAMES = ("Eyeball Left", "Eyeball Right")
BASIS_KEY = "Basis"
DETAIL_KEY = "Detail"

#: Custom property of the face object: what later steps (camera, texture, refit) need to know about its photo.
PROVENANCE = "pix2vertex"

_WEIGHT_STEPS = 255


def build_face_object(
    reconstruction: Reconstruction, context: bpy.types.Context, *, with_eyeballs: bool = True
) -> bpy.types.Object:
    """Add a face to the scene at the 3D cursor and make it the active object.

    The object has the shape keys `Basis` (the registered mesh) and `Detail` (relative, value 1), the template's UVs and
    vertex groups. Either everything is added or, when an error occurs, nothing.

    Parameters
    ----------
    reconstruction : Reconstruction
        What to build.
    context : bpy.types.Context
        Says which scene, collection and cursor.
    with_eyeballs : bool
        Add the eyeballs as child objects, if the reconstruction has any.

    Returns
    -------
    bpy.types.Object
        The face.
    """
    created: list[bpy.types.Object] = []
    try:
        face = _face_without_scene(reconstruction, created)
        face.location = context.scene.cursor.location
        if with_eyeballs:
            _add_eyeballs(reconstruction.eyeballs, face, created)
        for item in created:
            context.collection.objects.link(item)
    except Exception:
        remove_objects(created)
        raise
    _make_active(face, context)
    return face


def build_mesh(name: str, mesh_arrays: PlainMesh) -> bpy.types.Mesh:
    """A mesh datablock of quads with UVs and smooth shading from arrays in millimetres."""
    vertices, faces, uvs = mesh_arrays
    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(len(vertices))
    mesh.vertices.foreach_set("co", to_blender(vertices).ravel())
    mesh.loops.add(faces.size)
    mesh.loops.foreach_set("vertex_index", np.ascontiguousarray(faces, dtype=np.int32).ravel())
    mesh.polygons.add(len(faces))
    mesh.polygons.foreach_set("loop_start", np.arange(0, faces.size, faces.shape[1], dtype=np.int32))
    layer = mesh.uv_layers.new(name="UVMap")
    layer.uv.foreach_set("vector", np.ascontiguousarray(uvs, dtype=np.float32).ravel())
    mesh.update(calc_edges=True)
    mesh.shade_smooth()
    return mesh


def mesh_coordinates(points: Any) -> NDArray[np.float32]:
    """Coordinates (n, 3) of a mesh's vertices or of a shape key's points, in metres."""
    coordinates = np.empty((len(points), 3), dtype=np.float32)
    points.foreach_get("co", coordinates.ravel())
    return coordinates


def remove_objects(objects: list[bpy.types.Object]) -> None:
    """Delete mesh objects together with their meshes."""
    for item in objects:
        mesh = item.data
        bpy.data.objects.remove(item)
        bpy.data.meshes.remove(mesh)


def _face_without_scene(reconstruction: Reconstruction, created: list[bpy.types.Object]) -> bpy.types.Object:
    mesh = build_mesh(FACE_NAME, (reconstruction.vertices, reconstruction.faces, reconstruction.uvs))
    face = bpy.data.objects.new(FACE_NAME, mesh)
    created.append(face)
    mesh.materials.append(face_material())
    _add_shape_keys(face, reconstruction)
    for name, weights in reconstruction.groups.items():
        _add_vertex_group(face, name, weights)
    face[PROVENANCE] = _provenance(reconstruction)
    return face


def _add_shape_keys(face: bpy.types.Object, reconstruction: Reconstruction) -> None:
    face.shape_key_add(name=BASIS_KEY, from_mix=False)
    detail = face.shape_key_add(name=DETAIL_KEY, from_mix=False)
    detail.data.foreach_set("co", to_blender(reconstruction.vertices + reconstruction.detail).ravel())
    detail.value = 1.0
    face.data.update()


def _add_vertex_group(face: bpy.types.Object, name: str, weights: NDArray[np.floating]) -> None:
    """Add a group with weights (n,), one call per distinct weight, of which there are at most 255."""
    group = face.vertex_groups.new(name=name)
    steps = np.rint(np.asarray(weights, dtype=np.float64) * _WEIGHT_STEPS).astype(np.int64)
    for step in np.unique(steps[steps > 0]):
        group.add(np.flatnonzero(steps == step).tolist(), step / _WEIGHT_STEPS, "REPLACE")


def _add_eyeballs(eyeballs: tuple[PlainMesh, ...], face: bpy.types.Object, created: list[bpy.types.Object]) -> None:
    for name, arrays in zip(EYEBALL_NAMES, eyeballs, strict=False):
        eyeball = bpy.data.objects.new(name, build_mesh(name, arrays))
        eyeball.parent = face
        created.append(eyeball)


def _provenance(reconstruction: Reconstruction) -> dict[str, Any]:
    camera = reconstruction.camera
    return {
        "photo": str(reconstruction.report.get("photo", "")),
        "photo_size": list(reconstruction.photo_size),
        "camera": [camera.scale, *camera.centre, camera.inverse_distance],
        "crop_to_photo": np.asarray(reconstruction.crop_to_photo, dtype=np.float64).ravel().tolist(),
        "head_to_camera": np.asarray(reconstruction.head_to_camera, dtype=np.float64).ravel().tolist(),
        "landmarks_68": np.asarray(reconstruction.landmarks_68).tolist(),
        "report": json.dumps(reconstruction.report),
    }


def _make_active(face: bpy.types.Object, context: bpy.types.Context) -> None:
    """Select the face alone, unless the artist is busy in a mode that selection would disturb."""
    if context.mode != "OBJECT":
        return
    for item in context.view_layer.objects.selected:
        item.select_set(False)
    face.select_set(True)
    context.view_layer.objects.active = face
