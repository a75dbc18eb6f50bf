"""Landmarks put right by hand draw the registered head after them."""

import numpy as np
import pytest

from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.geometry.mesh import triangulate, vertex_normals
from pix2vertex_blender.reconstruction.corrections.pins import (
    PinParameters,
    landmark_matrix,
    point_matrix,
    register_to_pins,
    sightlines,
)
from pix2vertex_blender.reconstruction.registration.matching import TargetIndex
from pix2vertex_blender.reconstruction.registration.target import build_target
from pix2vertex_blender.shaping.points import Points
from pix2vertex_blender.template import load_template

MOUTH_CORNER, OTHER_CORNER, CHIN, JAW = 48, 54, 8, 3


@pytest.fixture(scope="module")
def view(look_at, deformed):
    return look_at(deformed, yaw=15.0)


@pytest.fixture(scope="module")
def target(view):
    return TargetIndex(build_target(view.maps))


def pinned(view, target, landmarks, shift, level=0):
    """The head with landmarks pinned `shift` (k, 2) pixels beside where they are, and those pixels."""
    landmarks = np.array(landmarks)
    pixels = view.maps.camera.project(landmark_matrix(level) @ view.truth)[landmarks] + shift
    points = landmark_matrix(level)[landmarks]
    return register_to_pins(view.truth, target, view.maps.camera, points, pixels), pixels


def seen(view, vertices, landmarks, level=0):
    return view.maps.camera.project(landmark_matrix(level) @ vertices)[landmarks]


@pytest.mark.parametrize(
    ("landmarks", "shift"),
    [
        ([MOUTH_CORNER], [[-4.0, 1.0]]),
        ([CHIN], [[0.0, 6.0]]),
        ([JAW], [[-5.0, 0.0]]),
        ([MOUTH_CORNER, OTHER_CORNER, 30], [[-3.0, 0.0], [3.0, 2.0], [1.0, 2.0]]),
    ],
)
def test_landmarks_come_to_their_pins(view, target, landmarks, shift):
    moved, pixels = pinned(view, target, landmarks, shift)
    crop_pixel = view.maps.mask.shape[0] / 1024
    distance = np.linalg.norm(seen(view, moved, landmarks) - pixels, axis=1)
    assert distance.max() < crop_pixel, "less than a pixel of the photo's crop"


def test_far_parts_stay(view, target):
    moved, _ = pinned(view, target, [MOUTH_CORNER], [[-4.0, 1.0]])
    motion = np.linalg.norm(moved - view.truth, axis=1)
    place = (landmark_matrix(0) @ view.truth)[MOUTH_CORNER]
    distance = np.linalg.norm(view.truth - place, axis=1)
    assert motion[distance < 5].mean() > 3.0
    assert motion[distance > 60].max() < 0.1


def test_without_pins_nothing_moves(view, target):
    nobody = landmark_matrix(0)[:0], np.zeros((0, 2))
    np.testing.assert_array_equal(register_to_pins(view.truth, target, view.maps.camera, *nobody), view.truth)


def test_pins_where_the_landmarks_are_move_nothing(view, target):
    moved, _ = pinned(view, target, range(68), np.zeros((68, 2)))
    assert np.abs(moved - view.truth).max() < 0.05


def test_the_surface_does_not_fold_before_a_long_way(view, target):
    moved, _ = pinned(view, target, [CHIN], [[0.0, 12.0]])
    triangles = triangulate(load_template().faces)
    turned = np.einsum("ij,ij->i", vertex_normals(moved, triangles), vertex_normals(view.truth, triangles))
    assert (turned < 0).sum() == 0


def test_depth_hardly_changes_when_a_pin_slides_on_the_face(view, target):
    moved, _ = pinned(view, target, [30], [[2.0, 0.0]])
    assert np.abs((moved - view.truth)[:, 2]).max() < 1.5


def test_landmarks_of_a_finer_level_come_to_the_pins(view, target):
    moved, pixels = pinned(view, target, [MOUTH_CORNER], [[-4.0, 1.0]], level=1)
    fine = load_template(1).landmark_points(load_template().subdivide(moved, 1))
    assert np.linalg.norm(view.maps.camera.project(fine)[MOUTH_CORNER] - pixels[0]) < 160 / 1024


def test_sightlines_go_through_their_pixels():
    camera = Camera(2.0, (60.0, 50.0), 1 / 700)
    pixels = np.array([[10.0, 20.0], [80.0, 90.0]])
    lines = sightlines(landmark_matrix(0)[:2], camera, pixels)
    directions = np.cross(lines.across[:, 0], lines.across[:, 1])
    for distance in (-50.0, 120.0):
        np.testing.assert_allclose(camera.project(lines.origins + distance * directions), pixels, atol=1e-9)


def test_stronger_pins_come_nearer(view, target):
    camera, landmarks = view.maps.camera, np.array([JAW])
    pixels = seen(view, view.truth, landmarks) + np.array([-5.0, 0.0])
    left = [
        np.linalg.norm(
            seen(
                view,
                register_to_pins(
                    view.truth,
                    target,
                    camera,
                    landmark_matrix(0)[landmarks],
                    pixels,
                    parameters=PinParameters(strength=strength),
                ),
                landmarks,
            )
            - pixels
        )
        for strength in (10.0, 100.0, 1000.0)
    ]
    assert left[0] > left[1] > left[2]


def test_a_point_between_landmarks_comes_to_its_pin(view, target):
    """A cheek, which no landmark marks."""
    template = load_template()
    corners = np.array([np.linalg.norm(template.vertices - (45.0, -5.0, 90.0), axis=1).argsort()[:3]])
    points = point_matrix(Points(corners, np.array([[0.5, 0.3, 0.2]])), 1)
    pixels = view.maps.camera.project(points @ view.truth) + np.array([-6.0, 4.0])
    moved = register_to_pins(view.truth, target, view.maps.camera, points, pixels)
    assert np.linalg.norm(view.maps.camera.project(points @ moved) - pixels) < 0.5
