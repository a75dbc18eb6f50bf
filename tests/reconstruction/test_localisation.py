"""Faces in real photos, found by the detector and the shipped network together."""

import json

import numpy as np
import pytest
import skimage.data
from PIL import Image

from pix2vertex_blender.errors import FaceNotFoundError
from pix2vertex_blender.reconstruction.network.network import load_network
from pix2vertex_blender.reconstruction.photo.boxes import FaceBox, overlap
from pix2vertex_blender.reconstruction.photo.face_search import find_faces, localiser_of
from pix2vertex_blender.reconstruction.photo.localisation import DARKEST, NO_FACE, choose_face, no_face_in
from pix2vertex_blender.reconstruction.photo.photo import Photo
from pix2vertex_blender.reconstruction.photo.reading import load_photo
from pix2vertex_blender.reconstruction.pipeline import reconstruct
from training.paths import shared_folder


@pytest.fixture(scope="module")
def localiser():
    return localiser_of(load_network())


@pytest.fixture(scope="module")
def astronaut():
    return Photo("astronaut", skimage.data.astronaut())


def covered(face, box):
    """Overlap of a face's square with the square that the annotated landmarks ask for."""
    x, y, width, height = box
    side = 1.6 * max(width, height)
    wanted = np.array([x + width / 2 - side / 2, y + height / 2 - 0.56 * side, side, side])
    square = face.square
    found = np.array([square.x - square.side / 2, square.y - square.side / 2, square.side, square.side])
    return overlap(found, wanted)


@pytest.mark.slow
@pytest.mark.development_data("photos")
@pytest.mark.parametrize("place", [0, 12, 24, 36])
def test_the_annotated_face_is_found(localiser, place):
    photos = shared_folder() / "photos"
    annotated = json.loads((photos / "faces.json").read_text(encoding="utf-8"))
    face = annotated[sorted(annotated)[place]]
    found = find_faces(localiser, load_photo(photos / face["image"]))
    assert covered(found[0], face["box"]) > 0.6
    assert found[0].confidence > 0.5


@pytest.mark.slow
def test_the_size_of_the_photo_does_not_matter(localiser, astronaut):
    large = Photo("large", np.asarray(Image.fromarray(astronaut.pixels).resize((1536, 1536), Image.Resampling.BICUBIC)))
    small, big = find_faces(localiser, astronaut)[0].square, find_faces(localiser, large)[0].square
    np.testing.assert_allclose(
        [big.x, big.y, big.side], 3 * np.array([small.x, small.y, small.side]), atol=0.06 * big.side
    )


@pytest.mark.slow
def test_two_faces_are_counted_the_larger_first(localiser, astronaut):
    face = astronaut.pixels[:280, 90:370]
    canvas = np.full((420, 700, 3), 128, dtype=np.uint8)
    canvas[:280, 400:680] = face
    canvas[50:200, 60:210] = np.asarray(Image.fromarray(face).resize((150, 150), Image.Resampling.LANCZOS))
    found = find_faces(localiser, Photo("two", canvas))
    assert len(found) == 2
    assert found[0].square.x > 350 > found[1].square.x
    assert choose_face(found, None) is found[0]
    assert choose_face(found, 2) is found[1]
    with pytest.raises(FaceNotFoundError, match="from 1 to 2"):
        choose_face(found, 3)


@pytest.mark.slow
def test_the_users_box_wins(localiser, astronaut):
    """A generous, off-centre box still leads to the face in it, and never out of it."""
    found = find_faces(localiser, astronaut)[0].square
    given = localiser.find_in_box(astronaut, FaceBox(150, 40, 140, 150)).square
    assert np.hypot(given.x - found.x, given.y - found.y) < 0.08 * found.side
    elsewhere = localiser.find_in_box(astronaut, FaceBox(20, 300, 120, 120)).square
    assert 20 <= elsewhere.x <= 140
    assert 300 <= elsewhere.y <= 430


@pytest.mark.slow
def test_a_photo_without_a_face_has_none(localiser):
    assert find_faces(localiser, Photo("coffee", skimage.data.coffee())) == []
    with pytest.raises(FaceNotFoundError, match="face box"):
        choose_face([], None)


@pytest.mark.slow
def test_a_dark_photo_is_read_and_one_too_dark_is_said_to_be(localiser, astronaut, tmp_path):
    dark = Photo("dark", astronaut.pixels // 8)
    assert [face.confidence > 0.75 for face in find_faces(localiser, dark)] == [True]
    assert no_face_in(dark) == NO_FACE
    pixels = astronaut.pixels // 40
    assert pixels.max() < DARKEST
    Image.fromarray(pixels).save(tmp_path / "night.png")
    with pytest.raises(FaceNotFoundError, match="so dark that hardly anything is seen"):
        reconstruct(tmp_path / "night.png")


@pytest.mark.parametrize("name", ["coffee", "astronaut"])
def test_only_dark_photos_are_called_dark(name):
    assert no_face_in(Photo(name, getattr(skimage.data, name)())) == NO_FACE
    lamp = np.zeros((400, 3000, 3), dtype=np.uint8)
    lamp[:, :60] = 200
    assert no_face_in(Photo("a lamp at night", lamp)) == NO_FACE
