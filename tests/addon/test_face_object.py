import dataclasses

import bpy
import numpy as np
import pytest

from pix2vertex_blender.addon.scene.face_object import build_face_object, read_provenance
from pix2vertex_blender.addon.scene.mesh_object import EYEBALL_NAMES, mesh_coordinates
from pix2vertex_blender.exchange.result import Reconstruction

pytestmark = pytest.mark.usefixtures("empty_file")


def in_blender(millimetres: np.ndarray) -> np.ndarray:
    """The expected conversion, written differently from the code's."""
    return np.column_stack([millimetres[:, 0], -millimetres[:, 2], millimetres[:, 1]]) / 1000.0


def test_one_object_with_the_topology_at_the_cursor(reconstruction: Reconstruction) -> None:
    bpy.context.scene.cursor.location = (1.0, 2.0, 3.0)
    face = build_face_object(reconstruction, bpy.context, with_eyeballs=False)

    assert [item for item in bpy.context.scene.objects if item.type == "MESH"] == [face]
    assert tuple(face.location) == (1.0, 2.0, 3.0)
    assert np.allclose(face.scale, 1.0) and np.allclose(face.rotation_euler, 0.0)
    mesh = face.data
    corners = np.empty(reconstruction.faces.size, dtype=np.int32)
    mesh.loops.foreach_get("vertex_index", corners)
    assert np.array_equal(corners.reshape(-1, 4), reconstruction.faces)
    assert not mesh.validate(verbose=True), "Blender had to repair the mesh"
    assert all(polygon.use_smooth for polygon in mesh.polygons)
    assert bpy.context.view_layer.objects.active is face and face.select_get()


def test_metres_upright_and_facing_minus_y(reconstruction: Reconstruction) -> None:
    face = build_face_object(reconstruction, bpy.context)
    coordinates = mesh_coordinates(face.data.vertices)

    assert np.allclose(coordinates, in_blender(reconstruction.vertices), atol=1e-6)
    assert 0.2 < np.ptp(coordinates[:, 2]) < 0.5, "a head is 20 to 50 cm high, Z up"
    nose = coordinates[reconstruction.vertices[:, 2].argmax()]
    assert nose[1] == coordinates[:, 1].min(), "the nose is the most forward point, along -Y"
    normals = np.empty(len(face.data.vertices) * 3, dtype=np.float32)
    face.data.vertices.foreach_get("normal", normals)
    assert normals.reshape(-1, 3)[reconstruction.vertices[:, 2].argmax(), 1] < -0.5, "normals point out of the face"


def test_uvs_belong_to_the_faces_corners(reconstruction: Reconstruction) -> None:
    face = build_face_object(reconstruction, bpy.context)
    uvs = np.empty(reconstruction.uvs.size, dtype=np.float32)
    face.data.uv_layers.active.uv.foreach_get("vector", uvs)
    assert np.allclose(uvs.reshape(reconstruction.uvs.shape), reconstruction.uvs)


def test_basis_is_registered_and_detail_is_relative_at_one(reconstruction: Reconstruction) -> None:
    face = build_face_object(reconstruction, bpy.context)
    keys = face.data.shape_keys
    assert [key.name for key in keys.key_blocks] == ["Basis", "Detail"]
    assert keys.use_relative
    basis, detail = keys.key_blocks
    assert detail.relative_key == basis
    assert detail.value == 1.0
    assert np.allclose(mesh_coordinates(basis.data), in_blender(reconstruction.vertices), atol=1e-6)
    with_detail = in_blender(reconstruction.vertices + reconstruction.detail)
    assert np.allclose(mesh_coordinates(detail.data), with_detail, atol=1e-6)
    evaluated = face.evaluated_get(bpy.context.evaluated_depsgraph_get())
    assert np.allclose(mesh_coordinates(evaluated.data.vertices), with_detail, atol=1e-6)


def test_vertex_groups_hold_their_weights(reconstruction: Reconstruction) -> None:
    face = build_face_object(reconstruction, bpy.context)
    assert {group.name for group in face.vertex_groups} == set(reconstruction.groups)
    group = face.vertex_groups["left"]
    weights = np.zeros(len(face.data.vertices))
    for vertex in face.data.vertices:
        for membership in vertex.groups:
            if membership.group == group.index:
                weights[vertex.index] = membership.weight
    assert np.allclose(weights, reconstruction.groups["left"], atol=0.5 / 255 + 1e-6)


def test_eyeballs_are_children_that_stay_in_their_sockets(reconstruction: Reconstruction) -> None:
    bpy.context.scene.cursor.location = (0.0, 0.0, 1.0)
    face = build_face_object(reconstruction, bpy.context, with_eyeballs=True)
    bpy.context.view_layer.update()
    assert {item.name for item in face.children} == set(EYEBALL_NAMES)
    for name, (vertices, _faces, _uvs) in zip(EYEBALL_NAMES, reconstruction.eyeballs, strict=True):
        eyeball = bpy.data.objects[name]
        centre = eyeball.matrix_world @ eyeball.data.vertices[0].co
        assert np.allclose(centre, in_blender(vertices)[0] + (0.0, 0.0, 1.0), atol=1e-6)


def test_the_file_remembers_where_the_face_came_from(reconstruction: Reconstruction, tmp_path) -> None:
    build_face_object(reconstruction, bpy.context)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "face.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "face.blend"))
    provenance = read_provenance(bpy.data.objects["Face"])
    assert provenance is not None
    assert provenance.photo == "someone.jpg"
    assert provenance.photo_size == reconstruction.view.photo_size
    assert provenance.frame.camera == reconstruction.view.camera
    assert np.allclose(provenance.frame.head_to_camera, reconstruction.view.head_to_camera)
    assert np.allclose(provenance.frame.crop_to_photo, reconstruction.view.crop_to_photo)


def test_nothing_is_added_when_building_fails(reconstruction: Reconstruction) -> None:
    broken = dataclasses.replace(reconstruction, detail=reconstruction.detail[:-1])
    with pytest.raises(ValueError):
        build_face_object(broken, bpy.context)
    assert not bpy.data.objects
    assert not bpy.data.meshes


def test_an_artist_in_edit_mode_is_not_disturbed(reconstruction: Reconstruction) -> None:
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.active_object
    bpy.ops.object.mode_set(mode="EDIT")
    face = build_face_object(reconstruction, bpy.context)
    assert cube.mode == "EDIT"
    assert bpy.context.active_object is cube
    assert face.name in bpy.context.scene.objects
