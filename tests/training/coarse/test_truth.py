"""What is true of a drawn person in a photo."""

import numpy as np
import pytest
import torch

from training.coarse.bank import draw_person
from training.coarse.face import load_face
from training.coarse.renderer import project, render
from training.coarse.truth import Truth, fit_camera, placed
from training.renderer.camera import rotation_matrix

SIZE = 48


@pytest.fixture
def truth() -> Truth:
    face = load_face()
    rotation = rotation_matrix(15.0, 0.0, 0.0).astype(np.float64)
    turned = torch.from_numpy(face.mean @ rotation.T)[None]
    pixels = SIZE * (project(turned, torch.tensor([[0.0045, 0.0, 0.0]]))[0].numpy() + 0.5)
    skin = np.random.default_rng(3).integers(100, 220, face.mean.shape).astype(np.uint8)
    return Truth(0 * face.mean, 0 * face.mean, rotation, pixels, skin)


def test_the_light_of_a_picture_is_found_where_skin_is_as_dark_as_it_is(truth: Truth) -> None:
    light = torch.zeros(1, 9, 3)
    light[:, 0], light[:, 1], light[:, 2], light[:, 3] = 0.5, -0.2, 0.1, 0.3
    drawn = render(
        torch.from_numpy(truth.shape).float()[None],
        torch.from_numpy(truth.rotation).float()[None],
        torch.tensor([[0.0045, 0.0, 0.0]]),
        torch.from_numpy(truth.albedo / np.float32(255))[None],
        light,
        SIZE,
    )
    image = (255 * drawn.images[0]).round().byte().permute(1, 2, 0).numpy()
    mask = drawn.covered[0].numpy().astype(np.uint8)
    where = placed(truth, np.eye(2, 3), image, mask)
    assert where is not None
    np.testing.assert_allclose(where.light[:4], light[0, :4], atol=0.08)
    np.testing.assert_allclose(where.camera, (0.0045, 0, 0), atol=1e-6)
    np.testing.assert_allclose(where.rotation, truth.rotation, atol=1e-12)
    assert placed(truth, np.eye(2, 3), image, 0 * mask) is None, "no skin tells no light"


def test_a_turned_crop_turns_the_head_and_moves_the_camera(truth: Truth) -> None:
    angle, zoom, shift = np.radians(20), 1.5, np.array([3.0, -2.0])
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    to_crop = np.column_stack([zoom * turn, shift])
    where = placed(truth, to_crop, np.full((SIZE, SIZE, 3), 128, np.uint8), np.ones((SIZE, SIZE), np.uint8))
    assert where is not None and where.camera[0] == pytest.approx(0.0045 * zoom)
    turned = torch.from_numpy(truth.shape @ where.rotation.T)[None]
    shown = SIZE * (project(turned, torch.from_numpy(where.camera)[None])[0].numpy() + 0.5)
    np.testing.assert_allclose(shown, truth.pixels @ to_crop[:, :2].T + shift, atol=1e-6)


def test_the_camera_is_that_which_shows_points_where_they_are() -> None:
    points = np.random.default_rng(0).standard_normal((9, 3))
    places = 0.02 * points[:, :2] * (1, -1) + (0.3, -0.1)
    np.testing.assert_allclose(fit_camera(points, places), (0.02, 0.3, -0.1))


@pytest.mark.slow
@pytest.mark.development_data("face_models/ict_facekit.npz")
def test_a_drawn_person_is_where_the_picture_shows_it() -> None:
    backgrounds = np.zeros((1, 64, 64, 3), np.uint8)
    drawn = draw_person(1, 3, SIZE, 2, backgrounds)
    assert drawn is not None
    truth, looks = drawn
    assert 0.5 < np.abs(truth.identity).mean() < 6 and 0.05 < np.abs(truth.expression).mean() < 6, "millimetres"
    assert len(looks) == 2 and not np.array_equal(looks[0].image, looks[1].image)
    for look in looks:
        turned = torch.from_numpy(truth.shape[load_face().landmarks] @ look.placed.rotation.T)[None]
        shown = project(turned, torch.from_numpy(look.placed.camera)[None])[0].numpy()
        assert np.abs(shown - look.landmarks).mean() < 0.015, "but for the perspective"
        assert np.linalg.det(look.placed.rotation) == pytest.approx(1)
