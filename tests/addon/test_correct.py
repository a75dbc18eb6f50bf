"""Landmarks as pins: shown over the photo, moved by the artist, kept with the face, followed at once and by Refit."""

import dataclasses
from pathlib import Path

import bpy
import numpy as np
import pytest

from pix2vertex_blender.addon.process import session
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.face_points import POINTS_KEY, read_points
from pix2vertex_blender.addon.scene.landmark_pins import (
    COLLECTION_NAME,
    LANDMARK,
    LANDMARK_PINS,
    PINNED,
    PLACE,
    current_pins,
    shows_pins,
)
from pix2vertex_blender.addon.scene.mesh_object import mesh_coordinates
from pix2vertex_blender.addon.scene.record import read_record, store_record
from pix2vertex_blender.addon.views.face_dragging import ADDED, MOVED, REMOVED, FaceDragging
from pix2vertex_blender.addon.views.points_overlay import drawn
from pix2vertex_blender.addon.views.screen import Screen
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.template import load_template
from tests.addon.landmarks import landmark_pixel, move_landmark
from tests.addon.levels import at_level

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
def screen(face) -> Screen:
    """A picture of the face from the front without perspective, two pixels to a millimetre."""
    matrix = np.zeros((4, 4))
    matrix[0, 0], matrix[1, 2] = 4000.0 / 600.0, 4000.0 / 800.0
    matrix[2, 1] = matrix[3, 3] = 1.0
    return Screen(matrix, (600.0, 800.0))


@pytest.fixture
def shown(face) -> bpy.types.Object:
    assert bpy.ops.pix2vertex.show_pins() == {"FINISHED"}
    return face


def face_of() -> bpy.types.Object:
    return bpy.data.objects["Face"]


@pytest.fixture
def mouse(face) -> FaceDragging:
    return FaceDragging(face_of, lambda: face_of().pix2vertex_shape.symmetric)


def wanted(face: bpy.types.Object) -> np.ndarray:
    return current_pins(face, read_record(face))


def pinned(face: bpy.types.Object) -> list[int]:
    return np.flatnonzero(np.isfinite(wanted(face)[:, 0])).tolist()


def basis(face: bpy.types.Object) -> np.ndarray:
    return mesh_coordinates(face.data.shape_keys.key_blocks["Basis"].data)


def on_screen(screen: Screen, landmark: int) -> np.ndarray:
    return screen.project(load_template().landmark_points(load_template().vertices))[landmark, :2]


def drag(mouse: FaceDragging, screen: Screen, start: np.ndarray, shift: tuple[float, float]) -> str:
    assert mouse.press(screen, tuple(start))
    mouse.move(screen, tuple(start + shift))
    return mouse.release()


def with_empties(face: bpy.types.Object, moved: dict[int, float]) -> None:
    """Pins as earlier versions have them: empties on the landmarks, some moved by so many millimetres along x."""
    collection = bpy.data.collections.new(COLLECTION_NAME)
    bpy.context.scene.collection.children.link(collection)
    for landmark, (x, y, z) in enumerate(load_template().landmark_points(load_template().vertices) / 1000.0):
        pin = bpy.data.objects.new(f"Pin {landmark}", None)
        collection.objects.link(pin)
        pin.parent, pin.location = face, (x + moved.get(landmark, 0.0) / 1000.0, -z, y)
        pin[LANDMARK], pin[PLACE], pin[PINNED] = landmark, [x, -z, y], 0


def test_shown_landmarks_are_no_objects_and_nothing_is_pinned_yet(face, mouse, screen) -> None:
    objects = set(bpy.data.objects)
    assert not len(mouse.free_places(screen))
    bpy.ops.pix2vertex.show_pins()
    assert set(bpy.data.objects) == objects
    seen = screen.project(load_template().landmark_points(load_template().vertices))
    assert np.allclose(mouse.free_places(screen), seen, atol=1e-3) and not len(mouse.places(screen))
    assert pinned(face) == [] and [item for item, _ in drawn(bpy.context)] == [face]


def test_a_pin_is_where_it_was_put_in_the_photo_and_the_face_follows(shown, reconstruction) -> None:
    before = landmarks_in_the_photo(reconstruction)
    pixel = move_landmark(shown, 48)
    assert pinned(shown) == [48] and np.allclose(wanted(shown)[48], pixel, atol=0.01)
    assert np.linalg.norm(pixel - before[48]) > 10.0
    assert np.allclose(landmark_pixel(shown, 48), pixel, atol=0.05), "it is seen there at once"
    assert np.allclose(landmark_pixel(shown, 8), before[8], atol=0.5), "the chin stays"


def test_a_landmark_is_dragged_like_any_place(shown, mouse, screen) -> None:
    corner = on_screen(screen, 48)
    assert mouse.press(screen, tuple(corner + 2.0))
    for shift in (np.array([-6.0, 0.0]), np.array([-16.0, 0.0])):
        mouse.move(screen, tuple(corner + 2.0 + shift))
        assert np.allclose(mouse.places(screen)[-1, :2], corner + shift, atol=0.3), "the pin follows the mouse"
        assert len(mouse.free_places(screen)) == 67
    assert mouse.release() == ADDED and pinned(shown) == [48]
    first = wanted(shown)[48]
    assert drag(mouse, screen, corner - (16.0, 0.0), (0.0, 10.0)) == MOVED
    assert np.linalg.norm(wanted(shown)[48] - first) > 3.0
    assert mouse.press(screen, tuple(corner + np.array((-16.0, 10.0)))) and mouse.release() == REMOVED
    assert pinned(shown) == [] and len(mouse.free_places(screen)) == 68
    assert np.abs(read_points(shown).offsets).sum() == 0.0


def test_hidden_landmarks_do_not_catch_the_mouse(face, mouse, screen) -> None:
    assert drag(mouse, screen, on_screen(screen, 30), (8.0, 0.0)) == ADDED
    assert pinned(face) == [] and len(read_points(face)) == 1


def test_pinned_landmarks_hold_while_other_places_are_dragged(shown, mouse, screen) -> None:
    drag(mouse, screen, on_screen(screen, 48), (-8.0, 0.0))
    place = landmark_pixel(shown, 48)
    drag(mouse, screen, on_screen(screen, 57) - (0.0, 30.0), (0.0, -8.0))
    assert len(read_points(shown)) == 2 and pinned(shown) == [48]
    assert np.allclose(landmark_pixel(shown, 48), place, atol=0.05)


def test_symmetric_drags_pin_the_landmark_of_the_other_side(shown, mouse, screen) -> None:
    shown.pix2vertex_shape.symmetric = True
    drag(mouse, screen, on_screen(screen, 48), (-8.0, 4.0))
    assert pinned(shown) == [48, 54]
    offsets = read_points(shown).offsets
    assert offsets[0] == pytest.approx(offsets[1] * (-1, 1, 1), abs=0.01)
    drag(mouse, screen, on_screen(screen, 8), (6.0, -6.0))
    assert pinned(shown) == [8, 48, 54]
    assert abs(read_points(shown).offsets[-1, 0]) < 0.01, "the middle stays in the middle"


def test_moving_the_face_moves_no_pin(shown) -> None:
    move_landmark(shown, 48)
    before = wanted(shown)
    shown.location, shown.scale = (5.0, 0.0, 0.0), (2.0, 2.0, 2.0)
    bpy.context.view_layer.update()
    assert np.array_equal(wanted(shown), before, equal_nan=True)


def test_refit_moves_the_face_and_remembers_the_pin(shown) -> None:
    before = basis(shown)
    place = move_landmark(shown, 48)
    assert bpy.ops.pix2vertex.refit() == {"FINISHED"}
    assert np.allclose(basis(shown) - before, (0.001, 0.0, 0.0), atol=1e-6), "the practice worker's answer to one pin"
    assert np.allclose(read_record(shown).view.pins[48], place, atol=0.01)
    assert np.allclose(wanted(shown)[48], place, atol=0.01) and pinned(shown) == [48]
    key = shown.data.shape_keys.key_blocks[POINTS_KEY]
    assert np.allclose(mesh_coordinates(key.data), basis(shown), atol=1e-6), "what was dragged is in the fit"
    assert shows_pins(shown)


def test_reset_of_one_pin(shown) -> None:
    for landmark in (48, 50):
        move_landmark(shown, landmark)
    bpy.ops.pix2vertex.refit()
    assert bpy.ops.pix2vertex.reset_pins(landmark=50) == {"FINISHED"}
    assert pinned(shown) == [48]
    bpy.ops.pix2vertex.refit()
    assert np.flatnonzero(np.isfinite(read_record(shown).view.pins[:, 0])).tolist() == [48]


@pytest.mark.parametrize("hidden", [True, False])
def test_reset_of_all_pins_and_refit_takes_everything_back(shown, hidden) -> None:
    before = basis(shown)
    for landmark in (48, 50):
        move_landmark(shown, landmark)
    bpy.ops.pix2vertex.refit()
    if hidden:
        bpy.ops.pix2vertex.hide_pins()
    bpy.ops.pix2vertex.reset_pins()
    assert pinned(shown) == []
    bpy.ops.pix2vertex.refit()
    assert np.allclose(basis(shown), before, atol=1e-6)


@pytest.mark.parametrize("level", [0, 1])
def test_a_reset_pin_lets_the_face_spring_back(reconstruction, level: int) -> None:
    face = build_face_object(at_level(reconstruction, level), bpy.context)
    before = landmark_pixel(face, 48)
    move_landmark(face, 48)
    assert not np.allclose(landmark_pixel(face, 48), before, atol=1.0)
    bpy.ops.pix2vertex.reset_pins()
    assert np.allclose(landmark_pixel(face, 48), before, atol=0.01)


def test_hidden_pins_come_back_where_they_were_moved_to(shown, mouse, screen) -> None:
    place = move_landmark(shown, 30, (0.0, 4.0, 0.0))
    assert bpy.ops.pix2vertex.hide_pins() == {"FINISHED"}
    assert not shows_pins(shown) and not [*drawn(bpy.context)]
    assert np.allclose(wanted(shown)[30], place, atol=0.01)
    bpy.ops.pix2vertex.show_pins()
    assert pinned(shown) == [30] and len(mouse.free_places(screen)) == 67


def test_pins_live_in_the_file(shown, tmp_path: Path) -> None:
    move_landmark(shown, 48)
    bpy.ops.pix2vertex.refit()
    move_landmark(shown, 49)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "face.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "face.blend"))
    assert pinned(face_of()) == [48, 49] and shows_pins(face_of())
    assert bpy.ops.pix2vertex.refit() == {"FINISHED"}
    assert np.flatnonzero(np.isfinite(read_record(face_of()).view.pins[:, 0])).tolist() == [48, 49]


def test_undo_takes_one_pin_back_at_a_time(shown, mouse, screen) -> None:
    bpy.ops.ed.undo_push(message="Pins")
    for landmark in (48, 30):
        bpy.ops.ed.undo_push(message=drag(mouse, screen, on_screen(screen, landmark), (-8.0, 0.0)))
    bpy.ops.ed.undo()
    assert pinned(face_of()) == [48]
    bpy.ops.ed.undo()
    assert pinned(face_of()) == [] and shows_pins(face_of())


def test_pins_stay_with_their_face_when_two_have_them(shown, reconstruction) -> None:
    other = build_face_object(reconstruction, bpy.context)
    bpy.ops.pix2vertex.show_pins()
    move_landmark(other, 0)
    assert pinned(shown) == [] and pinned(other) == [0]
    bpy.ops.pix2vertex.hide_pins()
    assert shows_pins(shown) and not shows_pins(other)


@pytest.mark.parametrize("first", ["show_pins", "hide_pins", "refit", "reset_pins"])
def test_empties_of_an_earlier_version_become_pins(face, first: str) -> None:
    with_empties(face, {48: -10.0, 30: 4.0})
    before = wanted(face)
    assert pinned(face) == [30, 48] and shows_pins(face)
    assert getattr(bpy.ops.pix2vertex, first)() == {"FINISHED"}
    assert not [item for item in bpy.data.objects if item.type == "EMPTY"]
    assert COLLECTION_NAME not in bpy.data.collections
    assert shows_pins(face) == (first != "hide_pins")
    if first == "reset_pins":
        assert pinned(face) == []
    else:
        assert np.allclose(wanted(face), before, atol=0.01, equal_nan=True)
    if first == "show_pins":
        assert np.allclose(landmark_pixel(face, 48), before[48], atol=0.05), "the face follows them"


def test_pins_that_an_earlier_version_hid_before_refit_are_still_to_be_fitted(face) -> None:
    record = read_record(face)
    pins = record.view.pins.copy()
    pins[48] = landmark_pixel(face, 48, (-6.0, 0.0, 0.0))
    store_record(face, record.with_view(pins=pins))
    assert LANDMARK_PINS not in face.data
    bpy.ops.pix2vertex.show_pins()
    assert pinned(face) == [48] and np.allclose(landmark_pixel(face, 48), pins[48], atol=0.05)
    assert bpy.ops.pix2vertex.refit() == {"FINISHED"}


def test_without_a_face_buttons_are_grey() -> None:
    bpy.ops.mesh.primitive_cube_add()
    for name in ("show_pins", "hide_pins", "reset_pins", "pin_landmark", "refit"):
        assert not getattr(bpy.ops.pix2vertex, name).poll()


def test_face_deleted_while_fitting_is_a_sentence(shown, practice, monkeypatch) -> None:
    poll = practice.poll

    def delete_and_poll() -> None:
        if "Face" in bpy.data.objects:
            bpy.data.objects.remove(shown)
        poll()

    monkeypatch.setattr(practice, "poll", delete_and_poll)
    move_landmark(shown, 48)
    with pytest.raises(RuntimeError, match="deleted meanwhile"):
        bpy.ops.pix2vertex.refit()


def test_the_sliders_of_the_detail_hold_for_the_new_fit(shown, practice, monkeypatch) -> None:
    shown.pix2vertex_detail.scale = 1.5
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
    place = move_landmark(face, 48)
    bpy.ops.pix2vertex.reconstruct(filepath=saved)
    assert session.SESSION.job.result["options"]["pins"] == {"48": pytest.approx(place.tolist(), abs=0.01)}
    bpy.ops.pix2vertex.reconstruct(filepath=saved, destination="NEW")
    assert "pins" not in session.SESSION.job.result["options"]
