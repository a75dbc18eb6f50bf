"""The first guesses of where faces are."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from pix2vertex_blender.errors import DataFileError
from pix2vertex_blender.paths import NETWORK_WEIGHTS, SAMPLE_PORTRAIT
from pix2vertex_blender.reconstruction.photo.boxes import overlap, square_box
from pix2vertex_blender.reconstruction.photo.detector_network import (
    LARGEST,
    SMALLEST,
    FaceDetectorNetwork,
    as_input,
    fold_norms,
)
from pix2vertex_blender.reconstruction.photo.face_detector import (
    LEAST_SCORE,
    Candidate,
    best_of_each_place,
    load_face_detector,
    save_face_detector,
    scales,
)
from pix2vertex_blender.reconstruction.photo.photo import Square

CPU = torch.device("cpu")
#: Where the face of the sample portrait is, in shares of its side.
FACE = Square(0.5, 0.4, 0.5)


@pytest.fixture(scope="module")
def person() -> Image.Image:
    with Image.open(SAMPLE_PORTRAIT) as image:
        return image.convert("RGB")


def found(picture: np.ndarray, smallest: float = 33.0, largest: float = 1000.0) -> list[Candidate]:
    return load_face_detector(CPU).find(picture, smallest, largest, lambda: None)


@pytest.mark.parametrize("side", [80, 130, 340, 700])
def test_a_face_of_any_size_is_the_first_guess(person, side) -> None:
    picture = Image.new("RGB", (900, 800), (90, 110, 130))
    picture.paste(person.resize((side, side)), (150, 60))
    first = found(np.asarray(picture))[0].square
    expected = Square(150 + FACE.x * side, 60 + FACE.y * side, FACE.side * side)
    assert overlap(square_box(first), square_box(expected)) > 0.5
    assert abs(first.turn) < 30


def test_a_guess_moves_with_the_face(person) -> None:
    """Also across the borders of the tiles in which a large picture is searched."""
    places = []
    for x in (100, 853, 1211):
        picture = Image.new("RGB", (1600, 700), (90, 110, 130))
        picture.paste(person.resize((160, 160)), (x, 300))
        best = max(found(np.asarray(picture), 60, 120), key=lambda each: each.score).square
        places.append((best.x - x, best.y - 300))
    assert np.ptp(places, axis=0).max() < 6


def test_a_picture_smaller_than_a_face_is_searched(person) -> None:
    first = found(np.asarray(person.resize((40, 40))), 10)[0].square
    assert overlap(square_box(first), square_box(Square(40 * FACE.x, 40 * FACE.y, 40 * FACE.side))) > 0.5
    assert found(np.zeros((1, 1, 3), np.uint8)) == []


@pytest.mark.parametrize(("smallest", "largest"), [(33, 80), (29, 64), (10, 5000), (500, 600)])
def test_every_size_is_shown_at_one_that_the_network_knows(smallest, largest) -> None:
    known = scales(smallest, largest)
    for side in np.geomspace(smallest, largest, 50):
        assert any(SMALLEST * 0.999 <= scale * side <= LARGEST * 1.001 for scale in known)


def test_of_one_place_the_best_guess_stays() -> None:
    worse, better, elsewhere = (
        Candidate(Square(50, 50, 40), 0.5),
        Candidate(Square(54, 50, 44), 0.9),
        Candidate(Square(120, 50, 40), 0.3),
    )
    assert best_of_each_place([worse, elsewhere, better]) == [better, elsewhere]


def test_the_search_can_be_stopped(person) -> None:
    asked = []
    load_face_detector(CPU).find(np.asarray(person.resize((2000, 2000))), 33, 3000, lambda: asked.append(0))
    assert len(asked) > 10


def test_noise_gets_few_and_low_guesses() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (400, 400, 3), dtype=np.uint8)
    assert all(LEAST_SCORE <= each.score < 0.75 for each in found(noise))


def test_damaged_weights_are_said_to_be(tmp_path) -> None:
    path = tmp_path / "weights.safetensors"
    path.write_bytes(b"nothing")
    with pytest.raises(DataFileError, match=r"weights\.safetensors"):
        load_face_detector(CPU, path)
    with pytest.raises(DataFileError, match=r"network\.safetensors are damaged"):
        load_face_detector(CPU, NETWORK_WEIGHTS)


def test_weights_are_read_as_they_were_written_whatever_the_width(tmp_path) -> None:
    torch.manual_seed(0)
    network, path = FaceDetectorNetwork(width=16).eval(), tmp_path / "narrow.safetensors"
    save_face_detector(network, path)
    picture = torch.rand(1, 3, 64, 64)
    with torch.inference_mode():
        read = load_face_detector(CPU, path).network(picture)
        torch.testing.assert_close(read, fold_norms(network)(picture), atol=0.02, rtol=0.02)


def test_folded_norms_and_half_precision_say_the_same(person) -> None:
    torch.manual_seed(0)
    network = FaceDetectorNetwork(width=16).eval()
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.uniform_(module.running_mean, -1, 1)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
    picture = as_input(torch.from_numpy(np.array(person.resize((96, 96))))[None])
    with torch.inference_mode():
        torch.testing.assert_close(fold_norms(copy.deepcopy(network))(picture), network(picture), atol=1e-5, rtol=1e-4)
    shipped, pixels = load_face_detector(CPU), np.asarray(person)
    exact, quick = (
        replace(shipped, precision=precision).find(pixels, 33.0, 1000.0, lambda: None)[0]
        for precision in (torch.float32, torch.bfloat16)
    )
    assert overlap(square_box(exact.square), square_box(quick.square)) > 0.9
    assert abs(exact.score - quick.score) < 0.02
