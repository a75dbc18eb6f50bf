"""Landmarks as pins: shown over the photo, moved by the artist, kept with the face, followed by Refit."""

import dataclasses
from pathlib import Path

import bpy
import numpy as np
import pytest
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Matrix

from pix2vertex_blender.addon.process import session
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.landmark_pins import COLLECTION_NAME, current_pins, pins_of
from pix2vertex_blender.addon.scene.mesh_object import mesh_coordinates
from pix2vertex_blender.addon.scene.record import read_record
from pix2vertex_blender.addon.views.camera import add_photo_camera
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.template import load_template

pytestmark = pytest.mark.usefixtures("practice")


def landmarks_in_the_photo(reconstruction: Reconstruction) -> np.ndarray:
    """Photo pixels (68, 2), written differently from the code's."""
    points = load_template().landmark_points(reconstruction.vertices)
    homogeneous = np.column_stack([points, np.ones(68)]) @ reconstruction.view.head_to_camera.T
    pixels = reconstruction.view.camera.project(homogeneous[:, :3])
    return np.column_stack([pixels, np.ones(68)]) @ reconstruction.view.crop_to_photo.T


@pytest.fixture
def face(reconstruction: Reconstruction, practice) -> bpy.types.Object:
    landmarks = landmarks_in_the_photo(reconstruction).tolist()
    report = dataclasses.replace(reconstruction.report, automatic_landmarks_68=landmarks)
    face = build_face_object(dataclasses.replace(reconstruction, report=report), bpy.context)
    face.location = (0.3, 0.2, 0.1)
    return face


@pytest.fixture
def pins(face) -> list[bpy.types.Object]:
    assert bpy.ops.pix2vertex.show_pins() == {"FINISHED"}
    return pins_of(face)


def wanted(face: bpy.types.Object) -> np.ndarray:
    return current_pins(face, read_record(face))


def test_pins_lie_on_the_landmarks_in_the_photos_camera(face, pins, reconstruction) -> None:
    face.matrix_world = Matrix.Rotation(0.5, 4, "Z") @ face.matrix_world
    bpy.context.view_layer.update()
    camera = add_photo_camera(
        "Photo",
        face,
        reconstruction.view.frame,
        reconstruction.view.photo_size,
    )
    scene = bpy.context.scene
    scene.collection.objects.link(camera)
    width, height = reconstruction.view.photo_size
    scene.render.resolution_x, scene.render.resolution_y = width, height
    bpy.context.view_layer.update()
    seen = [world_to_camera_view(scene, camera, pin.matrix_world.translation) for pin in pins]
    pixels = np.array([(point.x * width, (1.0 - point.y) * height) for point in seen])
    assert np.allclose(pixels, landmarks_in_the_photo(reconstruction), atol=0.05)


def test_68_pins_and_nothing_is_pinned_yet(face, pins) -> None:
    assert len(pins) == 68 and {pin.users_collection[0].name for pin in pins} == {COLLECTION_NAME}
    assert pins[48].name == "Outer Lips 1" and pins[8].name == "Jaw 9"
    assert np.isnan(wanted(face)).all()


def test_a_moved_pin_is_where_it_is_seen(face, pins, reconstruction) -> None:
    pins[48].location.x -= 0.01
    moved = wanted(face)
    assert np.isfinite(moved[:, 0]).sum() == 1
    millimetres = 10.0 * np.cos(np.radians(20.0)) * reconstruction.view.camera.scale * np.linalg.norm([1.5, 0.2])
    shift = moved[48] - landmarks_in_the_photo(reconstruction)[48]
    assert np.linalg.norm(shift) == pytest.approx(millimetres, rel=0.2)
    assert shift[0] < 0


def test_moving_the_face_moves_no_pin(face, pins) -> None:
    face.location, face.scale = (5.0, 0.0, 0.0), (2.0, 2.0, 2.0)
    bpy.context.view_layer.update()
    assert np.isnan(wanted(face)).all()


def test_refit_moves_the_face_and_remembers_the_pin(face, pins, reconstruction) -> None:
    before = mesh_coordinates(face.data.shape_keys.key_blocks["Basis"].data)
    pins[48].location.x -= 0.01
    place = wanted(face)[48]
    assert bpy.ops.pix2vertex.refit() == {"FINISHED"}
    after = mesh_coordinates(face.data.shape_keys.key_blocks["Basis"].data)
    assert np.allclose(after - before, (0.001, 0.0, 0.0), atol=1e-6), "the practice worker's answer to one pin"
    assert np.allclose(read_record(face).view.pins[48], place)
    assert np.allclose(wanted(face)[48], place, atol=0.01)
    assert np.isnan(np.delete(wanted(face), 48, axis=0)).all()
    assert (pins[48].empty_display_type, pins[47].empty_display_type) == ("CUBE", "SPHERE")


def test_unmoved_pins_follow_the_mesh(face, pins) -> None:
    before = np.array(pins[10].location)
    pins[48].location.x -= 0.01
    bpy.ops.pix2vertex.refit()
    assert np.allclose(np.array(pins[10].location) - before, (0.001, 0.0, 0.0), atol=1e-4)


def test_a_pin_stands_for_its_face(face, pins) -> None:
    bpy.context.view_layer.objects.active = pins[3]
    assert bpy.ops.pix2vertex.refit.poll()
    pins[3].location.z += 0.005
    assert bpy.ops.pix2vertex.refit() == {"FINISHED"}
    assert np.isfinite(read_record(face).view.pins[3]).all()


def test_reset_of_the_selected_pins(face, pins, reconstruction) -> None:
    for pin in (pins[48], pins[50]):
        pin.location.x -= 0.01
    bpy.ops.pix2vertex.refit()
    bpy.ops.object.select_all(action="DESELECT")
    pins[50].select_set(True)
    assert bpy.ops.pix2vertex.reset_pins(only_selected=True) == {"FINISHED"}
    assert np.flatnonzero(np.isfinite(wanted(face)[:, 0])).tolist() == [48]
    bpy.ops.pix2vertex.refit()
    assert np.flatnonzero(np.isfinite(read_record(face).view.pins[:, 0])).tolist() == [48]


@pytest.mark.parametrize("shown", [True, False])
def test_reset_of_all_pins_and_refit_takes_everything_back(face, pins, shown) -> None:
    before = mesh_coordinates(face.data.vertices)
    for pin in (pins[48], pins[50]):
        pin.location.x -= 0.01
    bpy.ops.pix2vertex.refit()
    if not shown:
        bpy.ops.pix2vertex.hide_pins()
    bpy.ops.pix2vertex.reset_pins()
    assert np.isnan(wanted(face)).all()
    bpy.ops.pix2vertex.refit()
    assert np.allclose(mesh_coordinates(face.data.vertices), before, atol=1e-6)


def test_reset_without_a_selected_pin_is_a_sentence(face, pins) -> None:
    bpy.ops.object.select_all(action="DESELECT")
    with pytest.raises(RuntimeError, match="Select the pins"):
        bpy.ops.pix2vertex.reset_pins(only_selected=True)


def test_hidden_pins_come_back_where_they_were_moved_to(face, pins) -> None:
    pins[30].location.z += 0.004
    place = wanted(face)[30]
    bpy.context.view_layer.objects.active = pins[30]
    assert bpy.ops.pix2vertex.hide_pins() == {"FINISHED"}
    assert not pins_of(face) and COLLECTION_NAME not in bpy.data.collections
    assert bpy.context.active_object == face
    assert np.allclose(wanted(face)[30], place, atol=1e-4)
    bpy.ops.pix2vertex.show_pins()
    assert np.allclose(wanted(face)[30], place, atol=0.01)
    assert np.isfinite(wanted(face)[:, 0]).sum() == 1


def test_pins_live_in_the_file(face, pins, tmp_path: Path) -> None:
    pins[48].location.x -= 0.01
    bpy.ops.pix2vertex.refit()
    pins[49].location.x -= 0.01
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "face.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "face.blend"))
    face = bpy.data.objects["Face"]
    assert np.flatnonzero(np.isfinite(wanted(face)[:, 0])).tolist() == [48, 49]
    assert bpy.ops.pix2vertex.refit() == {"FINISHED"}
    assert np.flatnonzero(np.isfinite(read_record(face).view.pins[:, 0])).tolist() == [48, 49]


def test_undo_takes_a_moved_pin_back(face, pins) -> None:
    bpy.ops.ed.undo_push(message="Pins")
    pins[48].location.x -= 0.01
    bpy.ops.ed.undo_push(message="Move")
    bpy.ops.ed.undo()
    assert np.isnan(wanted(bpy.data.objects["Face"])).all()


def test_a_deleted_pin_is_free_no_longer_than_it_was_pinned(face, pins) -> None:
    bpy.data.objects.remove(pins[7])
    assert np.isnan(wanted(face)).all()
    bpy.ops.pix2vertex.show_pins()
    assert len(pins_of(face)) == 68


def test_pins_stay_with_their_face_when_two_have_them(face, pins, reconstruction) -> None:
    other = build_face_object(reconstruction, bpy.context)
    bpy.ops.pix2vertex.show_pins()
    assert len(pins_of(face)) == len(pins_of(other)) == 68
    pins_of(other)[0].location.x += 0.01
    assert np.isnan(wanted(face)).all()
    bpy.ops.pix2vertex.hide_pins()
    assert len(pins_of(face)) == 68 and not pins_of(other)


def test_without_a_face_buttons_are_grey() -> None:
    bpy.ops.mesh.primitive_cube_add()
    for name in ("show_pins", "hide_pins", "reset_pins", "refit"):
        assert not getattr(bpy.ops.pix2vertex, name).poll()


def test_face_deleted_while_fitting_is_a_sentence(face, pins, practice, monkeypatch) -> None:
    poll = practice.poll

    def delete_and_poll() -> None:
        if "Face" in bpy.data.objects:
            bpy.data.objects.remove(face)
        poll()

    monkeypatch.setattr(practice, "poll", delete_and_poll)
    pins[48].location.x -= 0.01
    bpy.context.view_layer.objects.active = face
    with pytest.raises(RuntimeError, match="deleted meanwhile"):
        bpy.ops.pix2vertex.refit()


def test_the_sliders_of_the_detail_hold_for_the_new_fit(face, pins, practice, monkeypatch) -> None:
    face.pix2vertex_detail.scale = 1.5
    requests = []
    submit = practice.submit
    monkeypatch.setattr(practice, "submit", lambda kind, **fields: requests.append(fields) or submit(kind, **fields))
    bpy.ops.pix2vertex.refit()
    assert requests[0]["detail"] == {"scale": 1.5, "smoothing": 0.0, "reading": "NETWORK"}


def test_pins_hold_when_the_photo_is_reconstructed_again(practice, saved) -> None:
    bpy.context.scene.pix2vertex.detail_level = 0
    bpy.ops.pix2vertex.reconstruct(filepath=saved)
    face = bpy.context.active_object
    bpy.ops.pix2vertex.show_pins()
    pins_of(face)[48].location.x -= 0.01
    place = wanted(face)[48]
    bpy.ops.pix2vertex.reconstruct(filepath=saved)
    assert session.SESSION.job.result["options"]["pins"] == {"48": pytest.approx(place.tolist())}
    bpy.ops.pix2vertex.reconstruct(filepath=saved, destination="NEW")
    assert "pins" not in session.SESSION.job.result["options"]
