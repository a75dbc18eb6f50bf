import numpy as np
import pytest

from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.reconstruction.network.maps import fit_camera


@pytest.fixture
def points():
    return np.random.default_rng(1).normal(0, [50, 60, 30], (400, 3))


@pytest.mark.parametrize("inverse_distance", [0.0, 1 / 500])
def test_unprojecting_undoes_projecting(points, inverse_distance):
    camera = Camera(0.7, (61.0, 66.0), inverse_distance)
    np.testing.assert_allclose(camera.unproject(camera.project(points), points[:, 2]), points, atol=1e-9)


def test_nearer_things_look_larger_only_in_perspective(points):
    moved = points + np.array([0, 0, 100])
    for inverse_distance, factor in ((0.0, 1.0), (1 / 500, None)):
        camera = Camera(1.0, (0.0, 0.0), inverse_distance)
        ratio = np.linalg.norm(camera.project(moved)) / np.linalg.norm(camera.project(points))
        assert ratio == pytest.approx(factor) if factor else ratio > 1.1


def test_a_resized_picture_shows_the_same(points):
    camera = Camera(0.7, (61.0, 66.0), 1 / 600)
    np.testing.assert_allclose(camera.resized(2.5).project(points), 2.5 * camera.project(points))


@pytest.mark.parametrize("distance", [450.0, 2000.0])
def test_the_camera_is_found_again(points, distance):
    camera = Camera(0.8, (60.0, 70.0), 1 / distance)
    generator = np.random.default_rng(2)
    pixels = camera.project(points) + generator.normal(0, 0.05, (400, 2))
    found = fit_camera(points, pixels)
    assert found.scale == pytest.approx(camera.scale, rel=0.01)
    assert 1 / found.inverse_distance == pytest.approx(distance, rel=0.1)
    assert np.abs(found.project(points) - camera.project(points)).max() < 0.5


def test_noise_does_not_make_an_extreme_camera(points):
    """Where the data say little, the distance stays that of a portrait."""
    generator = np.random.default_rng(3)
    pixels = Camera(0.8, (60.0, 70.0), 0.0).project(points) + generator.normal(0, 8, (400, 2))
    assert 1 / fit_camera(points, pixels).inverse_distance > 700


def test_outliers_do_not_move_the_camera(points):
    camera = Camera(0.8, (60.0, 70.0), 1 / 900)
    pixels = camera.project(points) + np.random.default_rng(4).normal(0, 0.05, (400, 2))
    pixels[:60] += 40
    assert np.abs(fit_camera(points, pixels).project(points) - camera.project(points)).max() < 1.0
