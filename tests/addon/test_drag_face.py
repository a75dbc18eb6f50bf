"""Pins anywhere: pressed, dragged and let go, the face follows at once and Refit gets what was dragged."""

import dataclasses

import bpy
import numpy as np
import pytest

from pix2vertex_blender.addon.process import session
from pix2vertex_blender.addon.scene.face_object import build_face_object
from pix2vertex_blender.addon.scene.face_points import (
    POINTS_KEY,
    has_points_to_fit,
    read_points,
    shown_vertices,
)
from pix2vertex_blender.addon.scene.mesh_object import EYEBALL, mesh_coordinates
from pix2vertex_blender.addon.scene.shaping_keys import offset_of
from pix2vertex_blender.addon.views.face_dragging import ADDED, MOVED, REMOVED, FaceDragging
from pix2vertex_blender.addon.views.screen import Screen
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.eyeballs import place_both

pytestmark = pytest.mark.usefixtures("practice")

#: Pixels of this screen to a millimetre; it looks at the face from the front, without perspective.
PIXELS, SIZE = 2.0, (600.0, 800.0)
CHEEK = (42.0, -8.0, 0.0)


@pytest.fixture
def face(reconstruction: Reconstruction) -> bpy.types.Object:
    eyeballs = place_both(load_template(), reconstruction.vertices)
    return build_face_object(dataclasses.replace(reconstruction, eyeballs=eyeballs), bpy.context, with_eyeballs=True)


@pytest.fixture
def screen() -> Screen:
    """Blender's axes: x to the right, z upwards, the face towards -y."""
    matrix = np.zeros((4, 4))
    matrix[0, 0], matrix[1, 2] = 2000.0 * PIXELS / SIZE[0], 2000.0 * PIXELS / SIZE[1]
    matrix[2, 1], matrix[3, 3] = 1.0, 1.0
    return Screen(matrix, SIZE)


@pytest.fixture
def mouse(face) -> FaceDragging:
    return FaceDragging(lambda: bpy.data.objects.get("Face"), lambda: face_of().pix2vertex_shape.symmetric)


def face_of() -> bpy.types.Object:
    return bpy.data.objects["Face"]


def at(place: tuple[float, float, float]) -> tuple[float, float]:
    return SIZE[0] / 2 + PIXELS * place[0], SIZE[1] / 2 + PIXELS * place[1]


def drag(mouse: FaceDragging, screen: Screen, start: tuple, shift: tuple[float, float]) -> str:
    x, y = at(start)
    assert mouse.press(screen, (x, y))
    for share in (0.3, 1.0):
        mouse.move(screen, (x + PIXELS * share * shift[0], y + PIXELS * share * shift[1]))
    return mouse.release()


def moved(face: bpy.types.Object) -> np.ndarray:
    """What the pins add, in millimetres in the head's axes."""
    added = 1000.0 * offset_of(face.data.shape_keys.key_blocks[POINTS_KEY])
    return np.column_stack([added[:, 0], added[:, 2], -added[:, 1]])


def near(place: tuple[float, float, float]) -> int:
    """The vertex of the face that is seen at a place."""
    vertices = load_template().vertices
    front = np.where(vertices[:, 2] > 40.0, np.linalg.norm(vertices[:, :2] - np.array(place)[:2], axis=1), np.inf)
    return int(front.argmin())


def test_the_face_follows_while_it_is_dragged(face, mouse, screen) -> None:
    x, y = at(CHEEK)
    assert mouse.press(screen, (x, y))
    for millimetres in (2.0, 5.0):
        assert mouse.move(screen, (x + PIXELS * millimetres, y))
        assert moved(face)[near(CHEEK)] == pytest.approx((millimetres, 0.0, 0.0), abs=0.35)
        assert np.allclose(mouse.places(screen)[-1, :2], (x + PIXELS * millimetres, y), atol=0.5), "the pin too"
    assert mouse.release() == ADDED
    away = np.linalg.norm(load_template().vertices[:, :2] - CHEEK[:2], axis=1) > 70.0
    assert np.abs(moved(face)[away]).max() < 0.1
    assert np.allclose(
        mesh_coordinates(face.data.shape_keys.key_blocks["Basis"].data), mesh_coordinates(face.data.vertices)
    )


def test_a_long_drag_takes_more_with_it(face, mouse, screen) -> None:
    drag(mouse, screen, CHEEK, (10.0, 0.0))
    beside = near((CHEEK[0], CHEEK[1] - 22.0, 0.0))
    short = moved(face)[beside, 0] / 10.0
    drag(mouse, screen, (CHEEK[0] + 10.0, CHEEK[1], 0.0), (10.0, 0.0))
    assert read_points(face).offsets[0] == pytest.approx((20.0, 0.0, 0.0), abs=0.05)
    assert moved(face)[beside, 0] / 20.0 > short + 0.1


def test_a_press_beside_the_head_is_not_the_faces(face, mouse, screen) -> None:
    assert not mouse.press(screen, (5.0, 5.0))
    assert not mouse.move(screen, (50.0, 50.0)) and mouse.release() == ""


def test_pins_hold_what_was_dragged_when_others_move(face, mouse, screen) -> None:
    drag(mouse, screen, CHEEK, (4.0, 0.0))
    assert drag(mouse, screen, (0.0, -70.0, 0.0), (0.0, -5.0)) == ADDED
    points = read_points(face)
    assert len(points) == 2
    assert np.allclose(points.places.of(moved(face)), points.offsets, atol=0.05)
    assert points.offsets[0] == pytest.approx((4.0, 0.0, 0.0), abs=0.05)
    assert drag(mouse, screen, (CHEEK[0] + 4.0, CHEEK[1], 0.0), (0.0, 3.0)) == MOVED
    assert read_points(face).offsets[0] == pytest.approx((4.0, 3.0, 0.0), abs=0.05)


def test_a_click_adds_a_pin_and_another_removes_it(face, mouse, screen) -> None:
    drag(mouse, screen, CHEEK, (4.0, 0.0))
    assert mouse.press(screen, at((0.0, 80.0, 0.0))) and mouse.release() == ADDED
    assert len(read_points(face)) == 2
    assert mouse.press(screen, at((CHEEK[0] + 4.0, CHEEK[1], 0.0))) and mouse.release() == REMOVED
    assert len(read_points(face)) == 1 and np.abs(moved(face)).max() < 0.05


def test_escape_takes_a_drag_back(face, mouse, screen) -> None:
    x, y = at(CHEEK)
    mouse.press(screen, (x, y))
    mouse.move(screen, (x + 20.0, y))
    mouse.cancel()
    assert len(read_points(face)) == 0 and np.abs(moved(face)).max() < 1e-6


def test_symmetric_drags_move_both_sides(face, mouse, screen) -> None:
    face.pix2vertex_shape.symmetric = True
    drag(mouse, screen, CHEEK, (4.0, 2.0))
    assert len(read_points(face)) == 2
    other = moved(face)[load_template().mirror] * (-1, 1, 1)
    assert np.allclose(moved(face), other, atol=0.02)
    drag(mouse, screen, (CHEEK[0] + 4.0, CHEEK[1] + 2.0, 0.0), (3.0, 0.0))
    assert len(read_points(face)) == 2, "the pin on the other side is found again"
    drag(mouse, screen, (0.0, -70.0, 0.0), (3.0, -3.0))
    assert np.abs(moved(face)[near((0.0, -70.0, 0.0)), 0]) < 0.3, "the middle stays in the middle"


def test_a_drag_is_one_undo_step(face, mouse, screen) -> None:
    bpy.ops.ed.undo_push(message="before")
    bpy.ops.ed.undo_push(message=drag(mouse, screen, CHEEK, (4.0, 0.0)))
    bpy.ops.ed.undo_push(message=drag(mouse, screen, (CHEEK[0] + 4.0, CHEEK[1], 0.0), (4.0, 0.0)))
    bpy.ops.ed.undo()
    assert read_points(face_of()).offsets[0] == pytest.approx((4.0, 0.0, 0.0), abs=0.05)
    assert moved(face_of())[near(CHEEK)] == pytest.approx((4.0, 0.0, 0.0), abs=0.35)
    bpy.ops.ed.undo()
    assert len(read_points(face_of())) == 0


def test_refit_gets_the_points_and_takes_the_key_back(face, mouse, screen, monkeypatch, reconstruction) -> None:
    drag(mouse, screen, CHEEK, (4.0, 0.0))
    requests = []
    worker = session.worker()
    submit = worker.submit
    monkeypatch.setattr(worker, "submit", lambda job, **request: requests.append(request) or submit(job, **request))
    seen = read_points(face).places.of(shown_vertices(face))
    frame = reconstruction.view.frame
    assert has_points_to_fit(face)
    assert bpy.ops.pix2vertex.refit() == {"FINISHED"}
    sent = requests[0]["points"]
    assert np.allclose(sent["pixels"], frame.to_photo(frame.to_camera(seen)), atol=0.2)
    assert np.abs(moved(face)).max() < 1e-6 and not has_points_to_fit(face)
    assert len(read_points(face)) == 1 and np.abs(read_points(face).offsets).max() == 0.0
    assert bpy.ops.pix2vertex.refit() == {"CANCELLED"}, "it lies on its pins"
    assert bpy.ops.pix2vertex.reset_pins() == {"FINISHED"}
    assert len(read_points(face)) == 0 and has_points_to_fit(face)


def test_eyes_follow_when_the_mouse_is_let_go(face, mouse, screen) -> None:
    left = next(child for child in face.children if child.get(EYEBALL) == 0)
    bpy.context.view_layer.update()
    before = left.matrix_world.translation.copy()
    for place in ((16.0, 33.0, 0.0), (48.0, 34.0, 0.0), (31.0, 50.0, 0.0), (31.0, 24.0, 0.0)):
        drag(mouse, screen, place, (0.0, 4.0))
    bpy.context.view_layer.update()
    assert 1000.0 * (left.matrix_world.translation - before).z > 2.0


def test_a_key_of_the_artists_is_a_sentence(face, mouse, screen) -> None:
    face.shape_key_add(name=POINTS_KEY, from_mix=False)
    with pytest.raises(Exception, match="rename it to drag"):
        mouse.press(screen, at(CHEEK))


def test_without_a_view_the_operator_says_so(face) -> None:
    with pytest.raises(RuntimeError, match="only be dragged in a 3D viewport"):
        bpy.ops.pix2vertex.drag_face()
