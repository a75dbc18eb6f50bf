"""Finish For: what other programs and Blender's sculpting get of a face, read again."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np
import pytest

from pix2vertex_blender.addon.headless.finish_job import FINISHED, finish_face
from pix2vertex_blender.addon.process import session
from pix2vertex_blender.addon.rig.rig import set_rig
from pix2vertex_blender.addon.scene.axes import to_blender
from pix2vertex_blender.addon.scene.expressions import set_expressions
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.mesh_object import mesh_coordinates
from pix2vertex_blender.addon.scene.multires import build_sculpt_object
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.expression.names import ARKIT_NAMES
from pix2vertex_blender.geometry.mesh import vertex_normals
from pix2vertex_blender.reconstruction.detail.cage import cage_of, corner_places
from pix2vertex_blender.template import load_template

from .rigged import expressions_of, with_eyeballs

LEVEL = 1


@pytest.fixture
def face(addon: None, reconstruction: Reconstruction) -> Iterator[bpy.types.Object]:
    """A face of level 1 with waves as its detail and a key of the artist's."""
    session.stop_worker()
    level = load_template(LEVEL)
    normals = vertex_normals(level.vertices, level.faces)
    waves = 0.3 * np.sin(level.vertices[:, 1])[:, None] * normals
    built = dataclasses.replace(
        reconstruction,
        vertices=level.vertices,
        faces=level.faces.astype(np.int32),
        uvs=level.uvs.astype(np.float32),
        detail=waves,
        groups={name: weights.astype(np.float32) for name, weights in level.groups.items()},
        detail_level=LEVEL,
    )
    face = build_face_object(built, bpy.context)
    key = face.shape_key_add(name="smirk", from_mix=False)
    offset = np.zeros_like(level.vertices)
    offset[level.landmarks_68[48]] = (3.0, 0.0, 0.0)
    key.data.foreach_set("co", to_blender(level.vertices + offset).ravel())
    key.value = 0.0
    yield face
    session.stop_worker()


def test_the_levels_of_multires_hold_the_detail(face) -> None:
    level = load_template(LEVEL)
    keys = face.data.shape_keys.key_blocks
    basis, detailed = (
        1000 * mesh_coordinates(keys[name].data)[:, [0, 2, 1]] * (1, 1, -1) for name in ("Basis", "Detail")
    )
    offset = (
        1000 * (mesh_coordinates(keys["smirk"].data) - mesh_coordinates(keys["Basis"].data))[:, [0, 2, 1]] * (1, 1, -1)
    )
    cages = cage_of(np.stack([basis, offset]), LEVEL)
    uvs, corners = corner_places(level)
    arrays = {"cage": cages[0], "keys": cages[1:], "vertices": detailed, "uvs": uvs, "corners": corners}
    sculpt = build_sculpt_object(face, LEVEL, LEVEL, arrays)
    assert len(sculpt.data.vertices) == len(load_template().vertices)
    assert [key.name for key in sculpt.data.shape_keys.key_blocks] == ["Basis", "smirk"]
    assert [group.name for group in sculpt.vertex_groups] == [group.name for group in face.vertex_groups]
    bpy.context.view_layer.update()
    shown = mesh_coordinates(sculpt.evaluated_get(bpy.context.evaluated_depsgraph_get()).data.vertices)
    wanted = mesh_coordinates(keys["Detail"].data)
    assert len(shown) == len(wanted)
    distance = np.array([np.linalg.norm(wanted - point, axis=1).min() for point in shown[:: len(shown) // 300]])
    assert distance.max() < 2e-5, "20 thousandths of a millimetre"


def finish(target: str, folder: Path) -> set[str]:
    """Finish the active face; returns the names of the files."""
    before = {kind: set(getattr(bpy.data, kind)) for kind in ("objects", "meshes", "materials", "images")}
    assert bpy.ops.pix2vertex.finish(target=target, directory=str(folder), size="1024") == {"FINISHED"}
    assert all(set(getattr(bpy.data, kind)) == there for kind, there in before.items()), "the scene is as it was"
    return {file.name for file in folder.iterdir()}


def meshes() -> dict[str, bpy.types.Object]:
    return {item.name: item for item in bpy.context.scene.objects if item.type == "MESH"}


def image_before(shader: bpy.types.Node, socket: str) -> bpy.types.Image:
    node = shader.inputs[socket].links[0].from_node
    return (node.inputs["Color"].links[0].from_node if node.type == "NORMAL_MAP" else node).image


def shader_of(item: bpy.types.Object) -> bpy.types.Node:
    return next(node for node in item.active_material.node_tree.nodes if node.type == "BSDF_PRINCIPLED")


@pytest.mark.slow
@pytest.mark.parametrize(("target", "suffix"), [("UNREAL", "fbx"), ("GLTF", "glb")])
def test_each_level_of_detail_arrives_with_keys_and_its_normal_map(face, tmp_path: Path, target, suffix) -> None:
    files = finish(target, tmp_path / "out")
    maps = {f"Face_LOD{number}_normal.png" for number in range(LEVEL + 1)} | {"Face_displacement.png"}
    assert files == {f"Face_LOD{number}.{suffix}" for number in range(LEVEL + 1)} | maps
    for number in range(LEVEL + 1):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        path = str(tmp_path / "out" / f"Face_LOD{number}.{suffix}")
        bpy.ops.import_scene.fbx(filepath=path) if suffix == "fbx" else bpy.ops.import_scene.gltf(filepath=path)
        [(name, item)] = meshes().items()
        assert name == f"Face_LOD{number}"
        level = load_template(LEVEL - number)
        assert len(item.data.polygons) == len(level.faces) * (1 if suffix == "fbx" else 2)
        keys = item.data.shape_keys.key_blocks
        assert "smirk" in keys and "Detail" not in keys
        moved = mesh_coordinates(keys["smirk"].data) - mesh_coordinates(keys["Basis"].data)
        scale = item.matrix_world.to_scale().x
        assert scale * np.linalg.norm(moved, axis=1).max() == pytest.approx(0.003, rel=0.01)
        assert tuple(image_before(shader_of(item), "Normal").size) == (1024, 1024)


@pytest.mark.slow
def test_unity_gets_all_levels_side_by_side_in_one_file(face, tmp_path: Path) -> None:
    assert "Face.fbx" in finish("UNITY", tmp_path)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.fbx(filepath=str(tmp_path / "Face.fbx"))
    levels = meshes()
    assert sorted(levels) == ["Face_LOD0", "Face_LOD1"]
    assert [len(levels[name].data.vertices) for name in sorted(levels)] == [
        len(load_template(LEVEL - number).vertices) for number in range(2)
    ]
    assert all(item.parent is None and np.allclose(item.matrix_world.translation, 0) for item in levels.values())
    images = {image_before(shader_of(item), "Normal").name for item in levels.values()}
    assert len(images) == 2, "each level has the normals that it lacks"


@pytest.mark.slow
def test_levels_of_a_rigged_face_hang_on_one_skeleton(face, reconstruction: Reconstruction, tmp_path: Path) -> None:
    head = with_eyeballs(reconstruction)
    face = build_face_object(head, bpy.context, with_eyeballs=True)
    set_expressions(face, "PHOTO", expressions_of(load_template().vertices))
    rig = set_rig(face, "UNITY", with_neck=True)
    assert "Face.fbx" in finish("UNITY", tmp_path)
    bones = {bone.name for bone in rig.data.bones}
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.fbx(filepath=str(tmp_path / "Face.fbx"))
    [skeleton] = [item for item in bpy.context.scene.objects if item.type == "ARMATURE"]
    assert {bone.name for bone in skeleton.data.bones} <= bones
    level = meshes()["Face_LOD0"]
    assert level.parent == skeleton and [each.type for each in level.modifiers] == ["ARMATURE"]
    assert set(ARKIT_NAMES) <= {key.name for key in level.data.shape_keys.key_blocks}
    assert {"Eyeball_Left", "Eyeball_Right"} <= set(meshes())


@pytest.mark.slow
def test_character_creator_gets_one_mesh_with_the_detail_in_centimetres(face, tmp_path: Path) -> None:
    wanted = mesh_coordinates(face.data.shape_keys.key_blocks["Detail"].data)
    assert {"Face.obj", "Face.mtl"} <= finish("CHARACTER_CREATOR", tmp_path)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.wm.obj_import(filepath=str(tmp_path / "Face.obj"), forward_axis="NEGATIVE_Z", up_axis="Y")
    [item] = meshes().values()
    found = mesh_coordinates(item.data.vertices) @ np.array(item.matrix_world)[:3, :3].T
    assert np.allclose(found, 100 * wanted, atol=1e-3)
    assert "map_Bump" not in (tmp_path / "Face.mtl").read_text(), "the detail is there once"


@pytest.mark.slow
def test_sculpting_gets_level_0_with_the_detail_of_finer_levels(face) -> None:
    assert bpy.ops.pix2vertex.finish(target="SCULPTING") == {"FINISHED"}
    sculpt = bpy.context.active_object
    assert sculpt.name == "Face Sculpt" and not face.visible_get() and sculpt.visible_get()
    [modifier] = sculpt.modifiers
    assert modifier.type == "MULTIRES" and modifier.total_levels == modifier.levels == 2
    assert len(sculpt.data.vertices) == 7333
    shown = sculpt.evaluated_get(bpy.context.evaluated_depsgraph_get())
    assert len(shown.data.vertices) == len(load_template(2).vertices)


@pytest.mark.slow
def test_the_command_line_writes_a_file_to_sculpt_in(face, tmp_path: Path) -> None:
    finish_face(face, "sculpting", tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {"face_sculpting.blend"} <= set(FINISHED)
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "face_sculpting.blend"))
    sculpt = bpy.data.objects["Face Sculpt"]
    assert sculpt.modifiers[0].total_levels == 2 and len(sculpt.data.vertices) == 7333
    shown = sculpt.evaluated_get(bpy.context.evaluated_depsgraph_get())
    assert len(shown.data.vertices) == len(load_template(2).vertices)


def test_without_a_folder_it_says_what_to_do(face) -> None:
    with pytest.raises(RuntimeError, match="Choose a folder for the files, or save the Blender file first"):
        bpy.ops.pix2vertex.finish(target="UNREAL")
