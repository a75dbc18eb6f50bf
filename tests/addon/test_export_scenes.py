"""Faces that hang on something, scenes in other units and keys that are switched off, exported and read again."""

import itertools
from collections.abc import Callable
from pathlib import Path

import addon_utils
import bpy
import numpy as np
import pytest
from mathutils import Euler, Matrix, Vector

from pix2vertex_blender.addon.scene.face_grid import COLUMN, place_in_grid
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.mesh_object import mesh_coordinates
from pix2vertex_blender.exchange.result import Reconstruction

pytestmark = [pytest.mark.usefixtures("addon"), pytest.mark.slow]

FILES = [
    ("UNREAL", "FBX"),
    ("UNREAL", "GLB"),
    ("UNITY", "FBX"),
    ("UNITY", "GLB"),
    ("BLENDER", "FBX"),
    ("BLENDER", "GLB"),
    ("BLENDER", "BLEND"),
]
TENTH_OF_A_MILLIMETRE = 1e-4


def link(item: bpy.types.Object) -> bpy.types.Object:
    bpy.context.scene.collection.objects.link(item)
    return item


def armature() -> bpy.types.Object:
    """Away from the origin, turned, with a bone that is posed."""
    item = link(bpy.data.objects.new("Rig", bpy.data.armatures.new("Rig")))
    bpy.context.view_layer.objects.active = item
    bpy.ops.object.mode_set(mode="EDIT")
    bone = item.data.edit_bones.new("Head")
    bone.head, bone.tail = (0.0, 0.1, 1.4), (0.0, 0.15, 1.7)
    bpy.ops.object.mode_set(mode="OBJECT")
    item.location, item.rotation_euler = (1.0, 2.0, 0.3), Euler((0.1, -0.2, 0.7))
    item.pose.bones["Head"].rotation_mode = "XYZ"
    item.pose.bones["Head"].rotation_euler = Euler((0.4, 0.0, 0.2))
    return item


def under_nothing(_face: bpy.types.Object) -> None:
    pass


def under_an_empty(face: bpy.types.Object) -> None:
    empty = link(bpy.data.objects.new("Handle", None))
    empty.location, empty.rotation_euler = (3.0, -1.0, 0.5), Euler((0.3, 0.2, -0.9))
    empty.scale = (2.0, 2.0, 2.0)
    face.parent = empty


def under_a_bone(face: bpy.types.Object) -> None:
    face.parent = armature()
    face.parent_type, face.parent_bone = "BONE", "Head"


def under_an_armature(face: bpy.types.Object) -> None:
    face.parent = rig = armature()
    face.modifiers.new("Armature", "ARMATURE").object = rig


def held_by_a_constraint(face: bpy.types.Object) -> None:
    empty = link(bpy.data.objects.new("Handle", None))
    empty.location = (0.0, 4.0, 0.0)
    constraint = face.constraints.new("COPY_LOCATION")
    constraint.target = empty


def with_eyes_that_look_aside(face: bpy.types.Object) -> None:
    under_a_bone(face)
    for eye in face.children:
        eye.location.x += 0.01
        eye.rotation_euler.z = 0.01


def world(item: bpy.types.Object) -> np.ndarray:
    """Vertices without keys and modifiers in the scene."""
    keys = item.data.shape_keys
    points = mesh_coordinates(keys.reference_key.data if keys else item.data.vertices)
    matrix = np.array(item.matrix_world)
    return points @ matrix[:3, :3].T + matrix[:3, 3]


def edges_of_boxes(items: list[bpy.types.Object]) -> np.ndarray:
    """Lowest and highest coordinates (n, 2, 3) of objects: files may order and split vertices."""
    bpy.context.view_layer.update()
    return np.array([(points.min(axis=0), points.max(axis=0)) for points in map(world, items)])


def read_again(path: Path) -> list[bpy.types.Object]:
    """The head and its eyeballs from a file, in a scene as Blender ships it."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if path.suffix == ".blend":
        with bpy.data.libraries.load(str(path)) as (there, here):
            here.objects = [name for name in there.objects if name.startswith(("Face", "Eyeball"))]
        for item in here.objects:
            link(item)
    else:
        addon_utils.enable("io_scene_fbx" if path.suffix == ".fbx" else "io_scene_gltf2")
        operator = bpy.ops.import_scene.fbx if path.suffix == ".fbx" else bpy.ops.import_scene.gltf
        operator(filepath=str(path))
    return [bpy.data.objects[name] for name in ("Face", "Eyeball_Left", "Eyeball_Right")]


@pytest.mark.parametrize(("preset", "file_format"), FILES)
@pytest.mark.parametrize(
    "hang",
    [
        under_nothing,
        under_an_empty,
        under_a_bone,
        under_an_armature,
        held_by_a_constraint,
        with_eyes_that_look_aside,
    ],
)
def test_eyeballs_arrive_where_they_are_seen(
    reconstruction: Reconstruction,
    tmp_path: Path,
    hang: Callable[[bpy.types.Object], None],
    preset: str,
    file_format: str,
) -> None:
    bpy.context.scene.cursor.location = (0.5, -0.4, 0.2)
    face = build_face_object(reconstruction, bpy.context, with_eyeballs=True)
    hang(face)
    bpy.context.view_layer.objects.active = face
    move_to_origin = hang is not under_an_empty
    objects = [face, *sorted(face.children, key=lambda item: item.name)]
    expected = edges_of_boxes(objects)
    if move_to_origin:
        expected = expected - np.array(face.matrix_world.translation)
    before = [(item.name, item.parent, item.matrix_world.copy()) for item in bpy.data.objects]
    path = tmp_path / f"face.{file_format.lower()}"
    bpy.ops.pix2vertex.export(filepath=str(path), preset=preset, file_format=file_format, move_to_origin=move_to_origin)
    assert [(item.name, item.parent, item.matrix_world) for item in bpy.data.objects] == before
    imported = edges_of_boxes(read_again(path))
    assert np.abs(imported - expected).max() < TENTH_OF_A_MILLIMETRE


@pytest.mark.parametrize(("preset", "file_format"), FILES)
@pytest.mark.parametrize("scale_length", [0.01, 1000.0])
def test_the_head_has_its_size_in_any_unit(
    reconstruction: Reconstruction, tmp_path: Path, preset: str, file_format: str, scale_length: float
) -> None:
    scene = bpy.context.scene
    scene.unit_settings.system, scene.unit_settings.scale_length = "METRIC", scale_length
    face = build_face_object(reconstruction, bpy.context, with_eyeballs=True)
    height = np.ptp(reconstruction.vertices[:, 1]) / 1000.0
    bpy.context.view_layer.update()
    [[low, high], *_eyes] = edges_of_boxes([face])
    assert (high - low)[2] * scale_length == pytest.approx(height, abs=1e-4), "as Blender displays it"
    assert face.dimensions.z * scale_length == pytest.approx(height, abs=1e-3)
    path = tmp_path / f"face.{file_format.lower()}"
    bpy.ops.pix2vertex.export(filepath=str(path), preset=preset, file_format=file_format)
    assert scene.unit_settings.scale_length == pytest.approx(scale_length)
    imported = read_again(path)
    assert bpy.context.scene.unit_settings.scale_length == 1.0
    boxes = edges_of_boxes(imported)
    assert (boxes[0, 1] - boxes[0, 0])[2] == pytest.approx(height, abs=TENTH_OF_A_MILLIMETRE)
    eyes = np.array([reconstruction.eyeballs[side][0].mean(axis=0) for side in range(2)]) / 1000.0
    centres = boxes[1:].mean(axis=1)
    assert np.allclose(centres, eyes[:, [0, 2, 1]] * (1, -1, 1), atol=TENTH_OF_A_MILLIMETRE)


def test_a_scene_without_units_counts_in_metres(reconstruction: Reconstruction) -> None:
    bpy.context.scene.unit_settings.system, bpy.context.scene.unit_settings.scale_length = "NONE", 0.01
    assert tuple(build_face_object(reconstruction, bpy.context).scale) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(("preset", "file_format"), FILES)
def test_a_muted_key_is_in_every_file_and_looks_as_it_did(
    reconstruction: Reconstruction, tmp_path: Path, preset: str, file_format: str
) -> None:
    face = build_face_object(reconstruction, bpy.context)
    smile = face.shape_key_add(name="Smile", from_mix=False)
    smile.data[0].co += Vector((0.0, 0.0, 0.01))
    smile.value = 0.7
    for key in (smile, face.data.shape_keys.key_blocks["Detail"]):
        key.mute = True
    path = tmp_path / f"face.{file_format.lower()}"
    bpy.ops.pix2vertex.export(filepath=str(path), preset=preset, file_format=file_format, with_eyeballs=False)
    assert [(key.mute, round(key.value, 3)) for key in face.data.shape_keys.key_blocks] == [
        (False, 0.0),
        (True, 1.0),
        (True, 0.7),
    ]
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if file_format == "BLEND":
        bpy.ops.wm.open_mainfile(filepath=str(path))
    else:
        addon_utils.enable("io_scene_fbx" if file_format == "FBX" else "io_scene_gltf2")
        {"FBX": bpy.ops.import_scene.fbx, "GLB": bpy.ops.import_scene.gltf}[file_format](filepath=str(path))
    keys = bpy.data.objects["Face"].data.shape_keys.key_blocks
    assert [key.name for key in keys] == ["Basis", "Detail", "Smile"]
    assert all(key.value == 0.0 or key.mute for key in keys), "the look of the scene"


def test_nothing_of_an_export_is_left_when_it_fails(reconstruction: Reconstruction) -> None:
    face = build_face_object(reconstruction, bpy.context, with_eyeballs=True)
    bpy.context.scene.unit_settings.scale_length = 0.01
    face.data.shape_keys.key_blocks["Detail"].mute = True
    names = {item.name for kind in (bpy.data.objects, bpy.data.meshes, bpy.data.scenes) for item in kind}
    for file_format in ("FBX", "GLB", "BLEND"):
        with pytest.raises(RuntimeError, match="cannot be written"):
            bpy.ops.pix2vertex.export(filepath="/proc/face", file_format=file_format)
    assert names == {item.name for kind in (bpy.data.objects, bpy.data.meshes, bpy.data.scenes) for item in kind}
    assert bpy.context.scene.unit_settings.scale_length == pytest.approx(0.01)
    assert face.data.shape_keys.key_blocks["Detail"].mute


def test_a_face_that_cannot_be_clicked_is_exported(reconstruction: Reconstruction, tmp_path: Path) -> None:
    face = build_face_object(reconstruction, bpy.context)
    face.hide_select = True
    bpy.ops.pix2vertex.export(filepath=str(tmp_path / "face.fbx"), preset="UNITY")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    addon_utils.enable("io_scene_fbx")
    bpy.ops.import_scene.fbx(filepath=str(tmp_path / "face.fbx"))
    assert "Face" in bpy.data.objects


def test_places_of_a_grid_are_in_real_metres(reconstruction: Reconstruction) -> None:
    bpy.context.scene.unit_settings.system, bpy.context.scene.unit_settings.scale_length = "METRIC", 0.01
    faces = [build_face_object(reconstruction, bpy.context) for _face in range(2)]
    for position, face in enumerate(faces):
        place_in_grid(face, Vector(), position, 2)
    [(first, second)] = itertools.pairwise(faces)
    assert second.location.x - first.location.x == pytest.approx(COLUMN * 100.0, rel=1e-5)
    assert Matrix.Translation(first.location) == Matrix.Identity(4)
