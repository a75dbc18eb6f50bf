"""What an artist does to a face while something is computed for it: brought in or refused in words."""

from collections.abc import Callable, Iterator

import bmesh
import bpy
import numpy as np
import pytest

from pix2vertex_blender.addon.process.worker_client import WorkerClient
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.mesh_object import mesh_coordinates
from pix2vertex_blender.addon.views.fit_view import ATTRIBUTE
from pix2vertex_blender.exchange.result import Reconstruction
from tests.addon.landmarks import move_landmark

#: The operators that have something computed for a face.
COMPUTED = ("update_detail", "bake_maps", "project_photo", "show_distances", "show_target", "refit")


@pytest.fixture
def face(practice: WorkerClient, reconstruction: Reconstruction) -> bpy.types.Object:
    """A face with eyeballs and a pin that was moved, so that Refit has something to do."""
    face = build_face_object(reconstruction, bpy.context, with_eyeballs=True)
    bpy.ops.pix2vertex.show_pins()
    move_landmark(face, 48)
    return face


@pytest.fixture
def meanwhile(practice: WorkerClient, monkeypatch) -> Iterator[Callable[[Callable[[], object]], None]]:
    """Has something happen in Blender between the start and the end of the next job."""
    poll, pending = practice.poll, []

    def act_and_poll() -> None:
        if pending:
            pending.pop()()
        poll()

    monkeypatch.setattr(practice, "poll", act_and_poll)
    return pending.append


def run(operator: str) -> set[str]:
    return getattr(bpy.ops.pix2vertex, operator)()


def key(face: bpy.types.Object, name: str) -> np.ndarray:
    return mesh_coordinates(face.data.shape_keys.key_blocks[name].data)


def move_a_vertex_in_edit_mode(face: bpy.types.Object) -> None:
    bpy.context.view_layer.objects.active = face
    face.active_shape_key_index = 0
    bpy.ops.object.mode_set(mode="EDIT")
    mesh = bmesh.from_edit_mesh(face.data)
    mesh.verts.ensure_lookup_table()
    mesh.verts[7].co.x += 0.02
    bmesh.update_edit_mesh(face.data)


@pytest.mark.parametrize("operator", COMPUTED)
def test_edit_mode_meanwhile_loses_neither_the_edit_nor_the_result(face, meanwhile, operator) -> None:
    before = key(face, "Basis")
    meanwhile(lambda: move_a_vertex_in_edit_mode(face))
    assert run(operator) == {"FINISHED"}
    if face.mode == "EDIT":  # what was computed does not touch the mesh
        assert operator in {"bake_maps", "project_photo"}
        bpy.ops.object.mode_set(mode="OBJECT")
    moved = key(face, "Basis") - before
    shift = 0.001 if operator == "refit" else 0.0
    assert moved[7, 0] == pytest.approx(0.02 + shift, abs=1e-5), "the edit"
    assert moved[8, 0] == pytest.approx(shift, abs=1e-5)
    if operator == "update_detail":
        assert np.allclose(key(face, "Detail") - key(face, "Basis"), (0.0005, 0.0, 0.0), atol=1e-6)
    if operator == "show_distances":
        assert len(face.data.color_attributes[ATTRIBUTE].data) == len(face.data.vertices)
    if operator == "project_photo":
        assert face.material_slots[0].material.name == "Face Skin"


def test_an_eyeball_in_edit_mode_follows_as_well(face, meanwhile) -> None:
    eye = next(child for child in face.children if child.type == "MESH")
    before = mesh_coordinates(eye.data.vertices)

    def edit_the_eye() -> None:
        bpy.context.view_layer.objects.active = eye
        bpy.ops.object.mode_set(mode="EDIT")

    meanwhile(edit_the_eye)
    assert run("refit") == {"FINISHED"}
    assert eye.mode == "OBJECT"
    assert np.allclose(mesh_coordinates(eye.data.vertices), before), "as the practice worker leaves it"


@pytest.mark.parametrize("operator", COMPUTED)
def test_a_mesh_that_was_exchanged_meanwhile_stays_as_it_is(face, meanwhile, operator) -> None:
    other = bpy.data.meshes.new("Other")
    other.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
    meanwhile(lambda: setattr(face, "data", other))
    images = set(bpy.data.images)
    with pytest.raises(RuntimeError, match=r"got another mesh meanwhile|no longer has the vertices"):
        run(operator)
    assert face.data == other and len(other.vertices) == 3 and not other.materials
    assert set(bpy.data.images) == images


@pytest.mark.parametrize("operator", ["update_detail", "bake_maps", "refit"])
def test_keys_that_were_deleted_meanwhile(face, meanwhile, operator) -> None:
    meanwhile(face.shape_key_clear)
    if operator == "update_detail":
        with pytest.raises(RuntimeError, match="shape keys Basis and Detail of Face are gone"):
            run(operator)
    else:
        assert run(operator) == {"FINISHED"}
    assert len(face.data.vertices) == 7333


@pytest.mark.parametrize("name", ["Basis", "Detail"])
def test_one_key_that_was_deleted_meanwhile(face, meanwhile, name) -> None:
    meanwhile(lambda: face.shape_key_remove(face.data.shape_keys.key_blocks[name]))
    with pytest.raises(RuntimeError, match="shape keys Basis and Detail of Face are gone"):
        run("update_detail")


def test_a_renamed_basis_is_still_the_basis(face) -> None:
    face.data.shape_keys.key_blocks["Basis"].name = "Neutral"
    assert run("update_detail") == {"FINISHED"}
    assert np.allclose(key(face, "Detail") - key(face, "Neutral"), (0.0005, 0.0, 0.0), atol=1e-6)
    assert run("bake_maps") == {"FINISHED"}


@pytest.mark.parametrize("locked_at", ["first", "meanwhile"])
@pytest.mark.parametrize("operator", ["update_detail", "refit"])
def test_a_locked_key_is_left_alone_in_words(face, meanwhile, operator, locked_at) -> None:
    detail = face.data.shape_keys.key_blocks["Detail"]
    before = key(face, "Detail")
    lock = lambda: setattr(detail, "lock_shape", True)  # noqa: E731
    if locked_at == "first":
        lock()
    else:
        meanwhile(lock)
    with pytest.raises(RuntimeError, match=r"Detail of Face is locked.*unlock it"):
        run(operator)
    assert np.array_equal(key(face, "Detail"), before)


def test_a_locked_face_is_not_replaced_and_the_new_one_says_why(face, saved, capfd) -> None:
    face.data["pix2vertex"]["photo"] = saved
    face.data.shape_keys.key_blocks["Basis"].lock_shape = True
    assert bpy.ops.pix2vertex.reconstruct(filepath=saved, detail_level=0) == {"FINISHED"}
    assert bpy.context.active_object != face
    assert "Basis of Face is locked" in capfd.readouterr().out


def test_refit_without_a_moved_pin_says_so_and_does_nothing(face, practice, monkeypatch, capfd) -> None:
    assert run("refit") == {"FINISHED"}
    fitted = key(face, "Basis")
    monkeypatch.setattr(practice, "submit", lambda *_a, **_k: pytest.fail("something was computed"))
    for _click in range(2):
        assert run("refit") == {"CANCELLED"}
        assert "already lies on its pins: move a pin first" in capfd.readouterr().out
    bpy.ops.pix2vertex.hide_pins()
    assert run("refit") == {"CANCELLED"}
    assert np.array_equal(key(face, "Basis"), fitted)


def test_refit_of_a_new_face_says_so_as_well(practice, reconstruction, monkeypatch, capfd) -> None:
    build_face_object(reconstruction, bpy.context)
    assert run("refit") == {"CANCELLED"}
    bpy.ops.pix2vertex.show_pins()
    assert run("refit") == {"CANCELLED"}


def test_a_pin_moved_and_hidden_is_still_to_be_fitted(face) -> None:
    bpy.ops.pix2vertex.hide_pins()
    assert run("refit") == {"FINISHED"}
    assert run("refit") == {"CANCELLED"}
