"""Files with a skeleton for game engines, read again: names, counts, weights, keys and places."""

from collections.abc import Iterator
from pathlib import Path

import bpy
import numpy as np
import pytest

from pix2vertex_blender.addon.rig.armature import rig_of
from pix2vertex_blender.addon.scene.axes import to_blender
from pix2vertex_blender.addon.scene.expressions import set_expressions
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.mesh_object import mesh_coordinates
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.expression.names import ARKIT_NAMES
from pix2vertex_blender.expression.shapes import load_expressions
from pix2vertex_blender.rig.names import NAMINGS
from pix2vertex_blender.template import load_template

from .rigged import expressions_of, keys, posed, shown, with_eyeballs
from .test_export_presets import fbx_elements, import_again, textured_material

pytestmark = [pytest.mark.usefixtures("addon"), pytest.mark.slow]


@pytest.fixture
def face(reconstruction: Reconstruction) -> Iterator[bpy.types.Object]:
    """A face that acts: away from the origin, posed, animated and textured."""
    bpy.context.scene.cursor.location = (0.5, -2.0, 1.5)
    face = build_face_object(with_eyeballs(reconstruction), bpy.context, with_eyeballs=True)
    face.data.materials[0] = textured_material()
    set_expressions(face, "PHOTO", expressions_of(load_template().vertices))
    return face


def state() -> dict[str, object]:
    kinds = ("objects", "meshes", "armatures", "materials", "images", "scenes", "actions")
    return {
        "names": sorted(f"{kind}/{item.name}" for kind in kinds for item in getattr(bpy.data, kind)),
        "active": bpy.context.view_layer.objects.active.name,
        "groups": [group.name for group in bpy.data.objects["Face"].vertex_groups],
        "bones": [bone.name for bone in rig_of(bpy.data.objects["Face"]).data.bones],
    }


def groups_of(item: bpy.types.Object) -> dict[str, np.ndarray]:
    """The weights (n,) by group."""
    table = np.zeros((len(item.vertex_groups), len(item.data.vertices)))
    for vertex in item.data.vertices:
        for element in vertex.groups:
            table[element.group, vertex.index] = element.weight
    return dict(zip((group.name for group in item.vertex_groups), table, strict=True))


@pytest.mark.parametrize(
    ("preset", "file_format", "naming"),
    [("UNREAL", "FBX", "UNREAL"), ("UNITY", "FBX", "UNITY"), ("UNITY", "GLB", "VRM"), ("BLENDER", "FBX", "BLENDER")],
)
def test_a_skeleton_arrives_with_names_weights_and_all_keys(face, tmp_path: Path, preset, file_format, naming) -> None:
    bpy.ops.pix2vertex.add_rig(naming=naming)
    names = NAMINGS[naming]
    expected = groups_of(face)
    expected[names["jaw"]] = expected[f"{names['jaw']}_skin"]
    places = {bone.name: np.array(bone.head_local) for bone in rig_of(face).data.bones if bone.name in names.values()}
    rig_of(face).pose.bones[names["jaw"]].rotation_euler.x = 0.3
    before, looks = state(), shown(face)
    path = tmp_path / f"face.{file_format.lower()}"
    bpy.ops.pix2vertex.export(filepath=str(path), preset=preset, file_format=file_format)
    assert state() == before
    assert np.abs(shown(face) - looks).max() < 1e-6

    import_again(path)
    [skeleton] = [item for item in bpy.data.objects if item.type == "ARMATURE"]
    assert {bone.name for bone in skeleton.data.bones} == set(names.values())
    parents = {bone.name: bone.parent.name if bone.parent else "" for bone in skeleton.data.bones}
    assert parents[names["head"]] == names["neck"] and parents[names["neck"]] == ""
    assert parents[names["tongue"]] == names["jaw"] and parents[names["left_eye"]] == names["head"]
    bpy.context.view_layer.update()
    for name, place in places.items():
        assert np.allclose(skeleton.matrix_world @ skeleton.data.bones[name].head_local, place, atol=1e-4), name
    imported = bpy.data.objects["Face"]
    assert [modifier.object for modifier in imported.modifiers] == [skeleton]
    assert set(ARKIT_NAMES) <= {key.name for key in keys(imported)}
    points = world(imported, "Basis")
    template = to_blender(load_template().vertices)
    nearest = np.linalg.norm(points[:, None] - template[None, ::97], axis=2).argmin(axis=0)
    assert np.linalg.norm(points[nearest] - template[::97], axis=1).max() < 1e-4, "at the origin, in its size"
    found = groups_of(imported)
    for bone in ("neck", "head", "jaw"):
        assert np.abs(found[names[bone]][nearest] - expected[names[bone]][::97]).max() < 0.01, bone
    assert not [name for name in found if name.endswith("_skin")]
    moved = np.linalg.norm(world(imported, "jawOpen") - points, axis=1).max()
    assert moved == pytest.approx(np.linalg.norm(load_expressions().of("jawOpen"), axis=1).max() / 1000, rel=0.01)
    for eyeball, bone in (("Eyeball_Left", "left_eye"), ("Eyeball_Right", "right_eye")):
        assert groups_of(bpy.data.objects[eyeball])[names[bone]].min() > 0.99
    material = imported.material_slots[0].material
    assert any(node.type == "TEX_IMAGE" and node.image.size[0] == 64 for node in material.node_tree.nodes)


def world(item: bpy.types.Object, key: str) -> np.ndarray:
    """Coordinates (n, 3) of a key in the world."""
    bpy.context.view_layer.update()
    matrix = np.array(item.matrix_world)
    return mesh_coordinates(keys(item)[key].data) @ matrix[:3, :3].T + matrix[:3, 3]


@pytest.mark.parametrize(("preset", "millimetres", "unit"), [("UNREAL", 10.0, 1.0), ("UNITY", 1000.0, 100.0)])
def test_no_node_has_a_rotation_or_a_scale(face, tmp_path: Path, preset, millimetres, unit) -> None:
    bpy.ops.pix2vertex.add_rig(naming=preset)
    bpy.ops.pix2vertex.export(filepath=str(tmp_path / "face.fbx"), preset=preset)
    content = fbx_elements(tmp_path / "face.fbx")
    assert content["settings"][b"UnitScaleFactor"] == [unit]
    nodes = {"Armature", "Face", "Eyeball_Left", "Eyeball_Right"}
    assert set(content["models"]) == nodes | set(NAMINGS[preset].values())
    for name, transform in content["models"].items():
        assert np.allclose(transform.get(b"Lcl Scaling", 1.0), 1.0, atol=1e-4), name
        if name in nodes:
            assert np.allclose(transform.get(b"Lcl Rotation", 0.0), 0.0, atol=1e-4), name
            # Eyeballs turn about their own centres; FBX has y up.
            x, y, z = (
                bpy.data.objects[name.replace("_", " ")].location if name.startswith("Eyeball") else (0.0, 0.0, 0.0)
            )
            place = np.multiply((x, z, -y), 1000.0 / millimetres)
            assert np.allclose(transform.get(b"Lcl Translation", 0.0), place, atol=1e-4 * 1000.0 / millimetres), name
    points = next(points for points in content["points"].values() if len(points) == len(load_template().vertices))
    assert np.allclose(points * millimetres, load_template().vertices, atol=0.01)


def test_from_blender_to_blender_the_rig_works_on(face, tmp_path: Path, capfd) -> None:
    bpy.ops.pix2vertex.add_rig()
    before = state()
    bpy.ops.pix2vertex.export(filepath=str(tmp_path / "face.blend"), preset="BLENDER")
    assert state() == before
    assert "loopback" not in "".join(capfd.readouterr()), "Blender finds nothing to repair"
    import_again(tmp_path / "face.blend")
    assert sorted(item.name for item in bpy.data.objects) == ["Eyeball_Left", "Eyeball_Right", "Face", "Face_Rig"]
    imported = bpy.data.objects["Face"]
    rest = posed(imported, "jaw").tail.copy()
    keys(imported)["jawOpen"].value = 1.0
    assert posed(imported, "jaw").tail[2] < rest[2] - 0.015
    rest = shown(imported)
    rig_of(imported).pose.bones["DEF-jaw"].rotation_euler.x = -0.2
    assert np.abs(shown(imported) - rest).max() > 0.01


def test_a_parent_and_another_unit_change_nothing_in_the_file(face, tmp_path: Path) -> None:
    bpy.ops.pix2vertex.add_rig(naming="UNITY")
    bpy.ops.pix2vertex.export(filepath=str(tmp_path / "plain.fbx"), preset="UNITY")
    bpy.ops.object.empty_add(location=(3, 1, 2), rotation=(0, 0, 1.0))
    face.parent = bpy.context.active_object
    bpy.context.view_layer.objects.active = face
    face.scale, bpy.context.scene.unit_settings.scale_length = (100.0,) * 3, 0.01
    face.matrix_parent_inverse = face.parent.matrix_basis.inverted()
    bpy.ops.pix2vertex.export(filepath=str(tmp_path / "hung.fbx"), preset="UNITY")
    plain, hung = (fbx_elements(tmp_path / f"{name}.fbx") for name in ("plain", "hung"))
    for name, transform in plain["models"].items():
        for key in (b"Lcl Rotation", b"Lcl Translation", b"Lcl Scaling"):
            assert np.allclose(transform.get(key, 0.0), hung["models"][name].get(key, 0.0), atol=1e-3), (name, key)
    for name, points in plain["points"].items():
        assert np.allclose(points, hung["points"][name], atol=1e-5), name
