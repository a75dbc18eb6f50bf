"""Reconstruct Face again: the active face gets the new shape and keeps everything else."""

import dataclasses
from pathlib import Path

import bpy
import numpy as np
import pytest

from pix2vertex_blender.addon.process import session
from pix2vertex_blender.addon.process.worker_client import WorkerClient
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.face_update import update_face_object
from pix2vertex_blender.addon.scene.mesh_object import mesh_coordinates, set_mesh_coordinates
from pix2vertex_blender.addon.scene.record import read_record
from pix2vertex_blender.exchange.result import Reconstruction
from tests.addon.levels import at_level

pytestmark = pytest.mark.usefixtures("practice")


@pytest.fixture(autouse=True)
def heads_alone(practice) -> None:
    """Without eyeballs, unless a test asks for them, so that objects are faces."""
    bpy.context.scene.pix2vertex.with_eyeballs = False


def reconstruct(photo: str, **options) -> bpy.types.Object:
    assert bpy.ops.pix2vertex.reconstruct(filepath=photo, **options) == {"FINISHED"}
    return bpy.context.active_object


def key(face: bpy.types.Object, name: str) -> np.ndarray:
    return mesh_coordinates(face.data.shape_keys.key_blocks[name].data)


@pytest.fixture
def face(practice: WorkerClient, saved: str) -> bpy.types.Object:
    bpy.context.scene.pix2vertex.detail_level = 0
    return reconstruct(saved)


@pytest.fixture
def wider(reconstruction: Reconstruction, face: bpy.types.Object, saved: str) -> Reconstruction:
    """What the photo gives from now on: a head a tenth wider, with half the detail."""
    vertices = reconstruction.vertices * (1.1, 1.0, 1.0)
    other = dataclasses.replace(
        reconstruction,
        vertices=vertices,
        coarse_vertices=vertices,
        automatic_vertices=vertices,
        detail=reconstruction.detail / 2,
        eyeballs=tuple((ball[0] + 1.0, *ball[1:]) for ball in reconstruction.eyeballs),
    )
    other.save(Path(saved))
    return other


def in_blender(millimetres: np.ndarray) -> np.ndarray:
    return np.column_stack([millimetres[:, 0], -millimetres[:, 2], millimetres[:, 1]]) / 1000.0


def only_faces() -> list[bpy.types.Object]:
    return [item for item in bpy.data.objects if item.type == "MESH"]


def test_shape_and_detail_change_in_the_same_object(face, wider, saved) -> None:
    mesh = face.data
    assert reconstruct(saved) is face
    assert only_faces() == [face] and face.data is mesh
    assert np.allclose(key(face, "Basis"), in_blender(wider.vertices), atol=1e-6)
    assert np.allclose(key(face, "Detail"), in_blender(wider.vertices + wider.detail), atol=1e-6)
    assert np.allclose(mesh_coordinates(mesh.vertices), key(face, "Basis"))
    assert np.allclose(read_record(face).vertices, wider.vertices, atol=1e-4)


def test_the_same_photo_again_changes_nothing(face, saved) -> None:
    before = [key(face, name) for name in ("Basis", "Detail")]
    reconstruct(saved)
    for name, coordinates in zip(("Basis", "Detail"), before, strict=True):
        assert np.allclose(key(face, name), coordinates, atol=1e-7)


def test_what_the_artist_added_stays(face, wider, saved) -> None:
    face.name = "Anna"
    face.location, face.scale = (1.0, 2.0, 3.0), (2.0, 2.0, 2.0)
    face.parent = bpy.data.objects.new("Stand", None)
    face["mine"] = 7
    face.modifiers.new("Subdivision", "SUBSURF")
    group = face.vertex_groups.new(name="Hat")
    group.add([5], 0.5, "REPLACE")
    own = bpy.data.materials.new("Own")
    face.data.materials[0] = own
    face.data.uv_layers.active.uv[0].vector = (0.25, 0.75)
    face.data.uv_layers.new(name="Second")
    face.data.shape_keys.key_blocks["Detail"].value = 0.5
    assert reconstruct(saved) is face
    assert face.name == "Anna" and face["mine"] == 7 and face.parent.name == "Stand"
    assert tuple(face.location) == (1.0, 2.0, 3.0) and tuple(face.scale) == (2.0, 2.0, 2.0)
    assert [modifier.name for modifier in face.modifiers] == ["Subdivision"]
    assert face.vertex_groups["Hat"].weight(5) == 0.5
    assert face.data.materials[0] is own
    assert tuple(face.data.uv_layers[0].uv[0].vector) == (0.25, 0.75) and len(face.data.uv_layers) == 2
    assert face.data.shape_keys.key_blocks["Detail"].value == 0.5


def test_own_shape_keys_keep_what_they_add(face, wider, saved) -> None:
    smile = face.shape_key_add(name="Smile", from_mix=False)
    offset = np.zeros((len(face.data.vertices), 3), dtype=np.float32)
    offset[100:200] = (0.001, 0.002, 0.003)
    set_mesh_coordinates(smile.data, key(face, "Basis") + offset)
    grin = face.shape_key_add(name="Grin", from_mix=False)
    grin.relative_key = smile
    set_mesh_coordinates(grin.data, key(face, "Smile") + 2 * offset)
    reconstruct(saved)
    assert np.allclose(key(face, "Smile") - key(face, "Basis"), offset, atol=1e-6)
    assert np.allclose(key(face, "Grin") - key(face, "Smile"), 2 * offset, atol=1e-6)
    assert np.allclose(key(face, "Basis"), in_blender(wider.vertices), atol=1e-6)


def test_sculpting_on_the_basis_stays(face, wider, saved) -> None:
    moved = key(face, "Basis")
    moved[50] += (0.0, -0.01, 0.0)
    set_mesh_coordinates(face.data.shape_keys.key_blocks["Basis"].data, moved)
    reconstruct(saved)
    expected = in_blender(wider.vertices)
    expected[50] += (0.0, -0.01, 0.0)
    assert np.allclose(key(face, "Basis"), expected, atol=1e-6)


def test_circular_keys_do_not_hang(face, wider, saved) -> None:
    one, other = (face.shape_key_add(name=name, from_mix=False) for name in ("One", "Other"))
    one.relative_key, other.relative_key = other, one
    reconstruct(saved)
    assert np.isfinite(key(face, "One")).all()
    assert np.allclose(key(face, "Basis"), in_blender(wider.vertices), atol=1e-6)


def test_without_shape_keys_the_mesh_takes_the_shape(face, wider, saved) -> None:
    face.shape_key_clear()
    reconstruct(saved)
    assert face.data.shape_keys is None
    assert np.allclose(mesh_coordinates(face.data.vertices), in_blender(wider.vertices + wider.detail), atol=1e-6)


def test_eyeballs_follow(saved, reconstruction) -> None:
    face = reconstruct(saved, with_eyeballs=True, detail_level=0)
    names = sorted(child.name for child in face.children)
    shifted = tuple((ball[0] + (0.0, 2.0, 0.0), *ball[1:]) for ball in reconstruction.eyeballs)
    dataclasses.replace(reconstruction, eyeballs=shifted).save(Path(saved))
    bpy.context.view_layer.objects.active = face.children[0]
    assert reconstruct(saved, detail_level=0) is face.children[0], "an eyeball stands for its face"
    assert sorted(child.name for child in face.children) == names
    for child, ball in zip(sorted(face.children, key=lambda item: item.name), shifted, strict=True):
        assert np.allclose(mesh_coordinates(child.data.vertices) + child.location, in_blender(ball[0]), atol=1e-6)


def test_eyeballs_come_on_request_and_only_once(face, saved) -> None:
    for _time in range(2):
        assert reconstruct(saved, with_eyeballs=True) is face
        assert len(face.children) == 2
        assert {child.users_collection[0] for child in face.children} == {face.users_collection[0]}


def test_undo_takes_the_new_shape_back(face, wider, saved) -> None:
    before = key(face, "Basis")
    bpy.ops.ed.undo_push(message="Before")
    bpy.ops.pix2vertex.reconstruct("EXEC_DEFAULT", True, filepath=saved)
    assert not np.allclose(key(bpy.data.objects["Face"], "Basis"), before, atol=1e-4)
    bpy.ops.ed.undo()
    assert np.allclose(key(bpy.data.objects["Face"], "Basis"), before)


@pytest.mark.parametrize("mode", ["EDIT", "SCULPT", "WEIGHT_PAINT"])
def test_a_face_in_another_mode_leaves_it_with_what_was_edited(face, wider, saved, mode) -> None:
    bpy.ops.object.mode_set(mode=mode)
    reconstruct(saved)
    assert face.mode == "OBJECT"
    assert np.allclose(key(face, "Basis"), in_blender(wider.vertices), atol=1e-6)


def test_linked_duplicates_change_together(face, wider, saved) -> None:
    bpy.ops.object.duplicate(linked=True)
    twin = bpy.context.active_object
    reconstruct(saved)
    assert twin.data is face.data and len(only_faces()) == 2
    assert np.allclose(read_record(face).vertices, wider.vertices, atol=1e-4)


def test_hidden_face_and_other_modes_of_others_do_not_matter(face, wider, saved) -> None:
    face.hide_viewport = True
    bpy.context.view_layer.objects.active = face
    assert reconstruct(saved, destination="ACTIVE") is face
    assert np.allclose(key(face, "Basis"), in_blender(wider.vertices), atol=1e-6)


def test_another_photo_adds_an_object_unless_asked(face, reconstruction, tmp_path) -> None:
    other = tmp_path / "other.npz"
    dataclasses.replace(reconstruction, vertices=reconstruction.vertices * 1.05).save(other)
    added = reconstruct(str(other))
    assert added is not face
    bpy.context.view_layer.objects.active = face
    assert reconstruct(str(other), destination="ACTIVE") is face
    assert np.allclose(key(face, "Basis"), key(added, "Basis"))
    assert len(only_faces()) == 2


def test_new_object_on_request(face, saved) -> None:
    assert reconstruct(saved, destination="NEW") is not face


def test_another_face_of_the_photo_is_another_object(face, reconstruction, saved) -> None:
    beside = reconstruction.view.crop_to_photo + np.array([[0.0, 0.0, 300.0], [0.0, 0.0, 0.0]])
    reconstruction.with_view(crop_to_photo=beside).save(Path(saved))
    assert reconstruct(saved) is not face


@pytest.mark.slow
@pytest.mark.parametrize("levels", [(0, 1), (1, 0), (0, 2), (2, 1)])
def test_another_level_changes_the_face_and_keeps_what_was_added(practice, reconstruction, wider, levels) -> None:
    before, after = (at_level(each, level) for each, level in zip((reconstruction, wider), levels, strict=True))
    face = build_face_object(before, bpy.context)
    mesh = face.data
    mesh.materials.append(bpy.data.materials.new("Mouth"))
    indices = (np.arange(len(mesh.polygons)) // 4 ** levels[0]) % 2
    mesh.polygons.foreach_set("material_index", indices.astype(np.int32))
    moved = key(face, "Basis")
    moved[5] += (0.0, 0.0, 0.004)
    for points in (mesh.shape_keys.key_blocks["Basis"].data, mesh.vertices):
        set_mesh_coordinates(points, moved)
    smile = face.shape_key_add(name="Smile", from_mix=False)
    lift = np.clip(before.vertices[:, [1]] / 100.0, 0.0, 1.0) * (0.0, 0.0, 0.01)
    set_mesh_coordinates(smile.data, mesh_coordinates(smile.data) + lift)
    smile.value, smile.slider_max, smile.vertex_group = 0.5, 2.0, "face"
    smile.driver_add("value")

    update_face_object(face, after, before.vertices, bpy.context)

    assert face.data == mesh and len(mesh.vertices) == len(after.vertices) and len(mesh.polygons) == len(after.faces)
    basis = key(face, "Basis") - in_blender(after.vertices)
    assert basis[5] == pytest.approx((0.0, 0.0, 0.004), abs=1e-6), "what was sculpted"
    assert np.allclose(np.delete(key(face, "Detail") - key(face, "Basis"), 5, axis=0),
                       np.delete(in_blender(after.detail), 5, axis=0), atol=1e-6)  # fmt: skip
    smile = mesh.shape_keys.key_blocks["Smile"]
    expected = np.clip(at_level(reconstruction, levels[1]).vertices[:, [1]] / 100.0, 0.0, 1.0) * (0.0, 0.0, 0.01)
    assert np.abs(mesh_coordinates(smile.data) - key(face, "Basis") - expected).max() < 3e-4
    assert (round(smile.value, 3), smile.slider_max, smile.vertex_group) == (0.5, 2.0, "face")
    assert len(mesh.shape_keys.animation_data.drivers) == 1
    after_indices = np.empty(len(mesh.polygons), dtype=np.int32)
    mesh.polygons.foreach_get("material_index", after_indices)
    assert (after_indices == (np.arange(len(mesh.polygons)) // 4 ** levels[1]) % 2).all()
    uvs = np.empty(after.uvs.size, dtype=np.float32)
    mesh.uv_layers.active.uv.foreach_get("vector", uvs)
    assert np.allclose(uvs, after.uvs.ravel(), atol=1e-6)
    group = face.vertex_groups["face"].index
    weights = [next((each.weight for each in vertex.groups if each.group == group), 0.0) for vertex in mesh.vertices]
    assert np.abs(np.array(weights) - after.groups["face"]).max() < 0.3
    assert read_record(face).detail_level == levels[1]


def test_a_run_at_another_level_updates_the_face_unless_told_otherwise(face, saved) -> None:
    assert reconstruct(saved, detail_level=3) is face
    assert reconstruct(saved, detail_level=3, destination="NEW") is not face


def test_remodelled_face_stays_and_says_why(face, saved) -> None:
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.subdivide()
    bpy.ops.object.mode_set(mode="OBJECT")
    count = len(face.data.vertices)
    with pytest.raises(RuntimeError, match="no longer has the vertices"):
        bpy.ops.pix2vertex.reconstruct(filepath=saved, destination="ACTIVE")
    assert reconstruct(saved) is not face
    assert len(face.data.vertices) == count


def test_without_a_face_updating_is_a_sentence(saved) -> None:
    with pytest.raises(RuntimeError, match="Select the face to update"):
        bpy.ops.pix2vertex.reconstruct(filepath=saved, destination="ACTIVE")


def test_linked_face_stays_in_its_library(reconstruction, saved, tmp_path) -> None:
    build_face_object(reconstruction, bpy.context, photo=Path(saved))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "library.blend"))
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_there, here):
        here.objects = ["Face"]
    linked = bpy.data.objects["Face"]
    bpy.context.scene.collection.objects.link(linked)
    bpy.context.view_layer.objects.active = linked
    for name in ("show_pins", "pin_landmark", "add_rig", "symmetrise"):
        assert not getattr(bpy.ops.pix2vertex, name).poll(), name
    with pytest.raises(RuntimeError, match="another Blender file"):
        bpy.ops.pix2vertex.reconstruct(filepath=saved, destination="ACTIVE")
    added = reconstruct(saved)
    assert added is not linked and added.library is None


def while_running(practice: WorkerClient, monkeypatch, action) -> None:
    """Have `action` happen in Blender between the start and the end of the next job."""
    poll = practice.poll
    pending = [action]

    def act_and_poll() -> None:
        if pending:
            pending.pop()()
        poll()

    monkeypatch.setattr(practice, "poll", act_and_poll)


def test_face_renamed_meanwhile(practice, monkeypatch, face, wider, saved) -> None:
    while_running(practice, monkeypatch, lambda: setattr(face, "name", "Berta"))
    assert reconstruct(saved) is face
    assert face.name == "Berta" and np.allclose(key(face, "Basis"), in_blender(wider.vertices), atol=1e-6)


def test_face_deleted_meanwhile_is_added_anew(practice, monkeypatch, face, wider, saved) -> None:
    while_running(practice, monkeypatch, lambda: bpy.data.objects.remove(face))
    added = reconstruct(saved)
    assert np.allclose(key(added, "Basis"), in_blender(wider.vertices), atol=1e-6)
    assert len(only_faces()) == 1


def test_undo_meanwhile_of_an_earlier_step(practice, monkeypatch, face, wider, saved) -> None:
    bpy.ops.ed.undo_push(message="Face")
    face.location = (4.0, 0.0, 0.0)
    bpy.ops.ed.undo_push(message="Move")
    while_running(practice, monkeypatch, bpy.ops.ed.undo)
    reconstruct(saved)
    [face] = only_faces()
    assert tuple(face.location) == (0.0, 0.0, 0.0)
    assert np.allclose(key(face, "Basis"), in_blender(wider.vertices), atol=1e-6)


def test_undo_meanwhile_of_the_face_itself(practice, monkeypatch, saved) -> None:
    bpy.ops.ed.undo_push(message="Empty")
    bpy.ops.pix2vertex.reconstruct("EXEC_DEFAULT", True, filepath=saved, detail_level=0)
    while_running(practice, monkeypatch, bpy.ops.ed.undo)
    reconstruct(saved, detail_level=0)
    assert len(only_faces()) == 1


def test_scene_changed_meanwhile_the_face_goes_where_it_was_asked_for(practice, monkeypatch, saved) -> None:
    first = bpy.context.scene
    other = bpy.data.scenes.new("Other")
    while_running(practice, monkeypatch, lambda: setattr(bpy.context.window, "scene", other))
    bpy.ops.pix2vertex.reconstruct(filepath=saved)
    assert [item.type for item in first.objects] == ["MESH"] and not other.objects


def test_scene_deleted_meanwhile_the_face_goes_to_the_one_that_is_left(practice, monkeypatch, saved) -> None:
    first = bpy.context.scene
    bpy.data.scenes.new("Other")
    while_running(practice, monkeypatch, lambda: bpy.data.scenes.remove(first))
    bpy.ops.pix2vertex.reconstruct(filepath=saved)
    assert [scene.name for scene in bpy.data.scenes] == ["Other"]
    assert [item.type for item in bpy.context.scene.objects] == ["MESH"]


def test_file_saved_meanwhile(practice, monkeypatch, saved, tmp_path) -> None:
    path = tmp_path / "running.blend"
    while_running(practice, monkeypatch, lambda: bpy.ops.wm.save_as_mainfile(filepath=str(path)))
    reconstruct(saved)
    assert len(only_faces()) == 1 and path.exists()


def test_edit_mode_begun_meanwhile(practice, monkeypatch, face, wider, saved) -> None:
    while_running(practice, monkeypatch, lambda: bpy.ops.object.mode_set(mode="EDIT"))
    reconstruct(saved)
    assert face.mode == "OBJECT"
    assert np.allclose(key(face, "Basis"), in_blender(wider.vertices), atol=1e-6)


def test_a_head_of_whose_person_little_is_known_is_a_warning(reconstruction, saved, capfd) -> None:
    vague = dataclasses.replace(reconstruction.report, likeness=0.2, hidden=0.47)
    dataclasses.replace(reconstruction, report=vague).save(Path(saved))
    reconstruct(saved)
    said = capfd.readouterr().out
    assert "so 20% of what would make it likelier was added" in said
    assert "hides much of this face (47% of what it turns to the camera)" in said


def test_low_confidence_is_a_warning(reconstruction, saved, capfd) -> None:
    unsure = dataclasses.replace(reconstruction.report, confidence=0.1)
    dataclasses.replace(reconstruction, report=unsure).save(Path(saved))
    reconstruct(saved)
    assert "unsure about this face (confidence 0.10)" in capfd.readouterr().out
    assert session.SESSION.error == ""
