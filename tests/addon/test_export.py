import bpy
import numpy as np
import pytest

from pix2vertex_blender.addon.export.export import export_fbx, export_glb, face_with_children, save_blend
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.mesh_object import mesh_coordinates
from pix2vertex_blender.errors import OutputError
from pix2vertex_blender.exchange.result import Reconstruction

pytestmark = pytest.mark.usefixtures("empty_file")


def world_coordinates(item: bpy.types.Object, key: str) -> np.ndarray:
    bpy.context.view_layer.update()
    local = mesh_coordinates(item.data.shape_keys.key_blocks[key].data)
    matrix = np.array(item.matrix_world)
    return local @ matrix[:3, :3].T + matrix[:3, 3]


def imported_face() -> bpy.types.Object:
    [face] = [item for item in bpy.context.scene.objects if item.type == "MESH" and item.data.shape_keys]
    return face


def test_fbx_round_trip_keeps_keys_topology_and_place(reconstruction: Reconstruction, tmp_path) -> None:
    bpy.context.scene.cursor.location = (0.5, 0.0, 1.5)
    face = build_face_object(reconstruction, bpy.context, with_eyeballs=True)
    face.modifiers.new("Subdivision", "SUBSURF")
    expected = {key: world_coordinates(face, key) for key in ("Basis", "Detail")}
    export_fbx(tmp_path / "face.fbx", face_with_children(face))

    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.fbx(filepath=str(tmp_path / "face.fbx"))
    imported = imported_face()
    assert len(imported.data.polygons) == len(reconstruction.faces)
    for key, coordinates in expected.items():
        assert np.allclose(world_coordinates(imported, key), coordinates, atol=1e-5), key
    assert len(imported.children) == len(reconstruction.eyeballs)
    uvs = np.empty(reconstruction.uvs.size, dtype=np.float32)
    imported.data.uv_layers.active.uv.foreach_get("vector", uvs)
    assert np.allclose(uvs, reconstruction.uvs.ravel(), atol=1e-5)


def test_glb_round_trip_keeps_the_detail_key(reconstruction: Reconstruction, tmp_path) -> None:
    face = build_face_object(reconstruction, bpy.context)
    face.modifiers.new("Subdivision", "SUBSURF")
    export_glb(tmp_path / "face.glb", face_with_children(face))

    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=str(tmp_path / "face.glb"))
    imported = imported_face()
    assert len(imported.data.polygons) == 2 * len(reconstruction.faces), "triangles, no modifier applied"
    moved = np.linalg.norm(world_coordinates(imported, "Detail") - world_coordinates(imported, "Basis"), axis=1)
    assert moved.max() == pytest.approx(np.abs(reconstruction.detail).max() / 1000.0, rel=0.01)
    low = world_coordinates(imported, "Basis").min(axis=0)
    assert low[1] == pytest.approx(-reconstruction.vertices[:, 2].max() / 1000.0, abs=1e-5), "still faces -Y"
    assert imported.data.shape_keys.key_blocks["Detail"].value == 1.0


def test_export_leaves_the_selection_alone(reconstruction: Reconstruction, tmp_path) -> None:
    face = build_face_object(reconstruction, bpy.context)
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.active_object
    export_fbx(tmp_path / "face.fbx", [face])
    assert bpy.context.active_object is cube
    assert bpy.context.selected_objects == [cube]


def test_saved_file_opens_with_the_face(reconstruction: Reconstruction, tmp_path) -> None:
    build_face_object(reconstruction, bpy.context)
    save_blend(tmp_path / "face.blend")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "face.blend"))
    assert bpy.data.objects["Face"].data.shape_keys.key_blocks["Detail"].value == 1.0


@pytest.mark.parametrize("write", [save_blend, lambda path: export_fbx(path, list(bpy.data.objects))])
def test_unwritable_place_is_one_sentence(reconstruction: Reconstruction, tmp_path, write) -> None:
    build_face_object(reconstruction, bpy.context)
    with pytest.raises(OutputError, match="cannot be written"):
        write(tmp_path / "missing" / "deep" / "face.file")
