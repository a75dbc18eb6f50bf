"""What the face detector is trained on."""

import numpy as np
import pytest
import torch

from pix2vertex_blender.reconstruction.photo.boxes import overlap, square_box
from pix2vertex_blender.reconstruction.photo.detector_network import FaceDetectorNetwork, as_input
from pix2vertex_blender.reconstruction.photo.face_detector import candidates_of
from pix2vertex_blender.reconstruction.photo.photo import Square
from training.face_detection.scenes import KEPT, Person, Scene, draw_scene, square_around
from training.face_detection.train import loss_of, targets


@pytest.fixture(scope="module")
def people() -> list[Person]:
    """Somebody who is a disc with landmarks on it."""
    rows, columns = np.mgrid[:KEPT, :KEPT]
    disc = (np.hypot(rows - 80, columns - 80) < 40).astype(np.uint8)
    image = np.concatenate([np.full((KEPT, KEPT, 3), (250, 30, 30), np.uint8), 255 * disc[..., None]], 2)
    angles = np.linspace(0, 2 * np.pi, 68, endpoint=False)
    landmarks = 80 + 40 * np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    return [Person(image, disc, landmarks, 0.0, 1.0)]


@pytest.fixture(scope="module")
def scenes(people) -> list[Scene]:
    backgrounds = np.full((1, 64, 64, 3), 90, np.uint8)
    generator = np.random.default_rng(4)
    return [draw_scene(people, 192, generator, backgrounds) for _ in range(60)]


def test_a_square_turns_and_grows_with_the_landmarks() -> None:
    points = np.random.default_rng(0).normal(0, 10, (68, 2))
    upright = square_around(points, 0.0)
    axes = Square(0, 0, 1, 40.0).axes
    turned = square_around(2 * points @ axes.T + (7, 3), 40.0)
    assert turned.side == pytest.approx(2 * upright.side) and turned.turn == pytest.approx(40)
    np.testing.assert_allclose((turned.x, turned.y), axes @ (2 * upright.x, 2 * upright.y) + (7, 3))


def test_what_is_asked_for_are_the_squares(scenes) -> None:
    """The network that says just what it should is read as the squares of the scene."""
    several = [scene for scene in scenes if len(scene.squares) > 1]
    assert len(several) > 5
    for scene in several:
        wanted, _ = targets(scene)
        said = torch.from_numpy(wanted.copy())
        said[0] = torch.where(said[0] >= 0.999, 6.0, -6.0)
        found = [each.square for each in candidates_of(said)]
        assert len(found) == len(scene.squares)
        for square in scene.squares:
            [same] = [each for each in found if overlap(square_box(each), square_box(square)) > 0.8]
            assert np.cos(np.radians(same.turn - square.turn)) > 0.999


def test_a_face_is_where_its_square_is(scenes) -> None:
    """The red person's colour is in the middle of each square: most pictures keep colours roughly."""
    reddish = [
        float(picture[int(square.y), int(square.x), 0]) - float(picture[int(square.y), int(square.x), 1])
        for scene in scenes
        for picture in (scene.picture,)
        for square in scene.squares
    ]
    assert np.median(reddish) > 60 and np.mean(np.array(reddish) > 20) > 0.7


def test_nothing_is_asked_of_doubtful_faces() -> None:
    scene = Scene(np.zeros((96, 96, 3), np.uint8), [Square(20, 20, 40)], [Square(70, 70, 40)])
    wanted, asked = targets(scene)
    assert asked[8, 8] == 0 and asked[2, 2] == 1 and asked[11, 0] == 1
    assert wanted[0].max() == 1 and wanted[0][6:, 6:].max() < 0.1


def test_the_loss_falls_when_the_network_learns_a_scene(scenes) -> None:
    torch.manual_seed(0)
    chosen = [scene for scene in scenes if scene.squares][:4]
    pictures = as_input(torch.from_numpy(np.stack([scene.picture for scene in chosen])))
    wanted, asked = (torch.from_numpy(np.stack(each)) for each in zip(*map(targets, chosen), strict=True))
    network = FaceDetectorNetwork(width=16)
    optimiser = torch.optim.Adam(network.parameters(), 1e-2)
    losses = []
    for _ in range(25):
        loss = sum(loss_of(network(pictures), wanted, asked))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]
