"""Faces are found whichever way up they are, however many and small, and in pictures of any shape."""

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray
from PIL import Image

from pix2vertex_blender.errors import Cancelled
from pix2vertex_blender.paths import SAMPLE_PORTRAIT
from pix2vertex_blender.reconstruction.network.network import load_network
from pix2vertex_blender.reconstruction.photo.boxes import FaceBox, box_around
from pix2vertex_blender.reconstruction.photo.face_search import box_of, faces_of, find_faces, localiser_of
from pix2vertex_blender.reconstruction.photo.localisation import Localiser
from pix2vertex_blender.reconstruction.photo.photo import Photo, Square, cut_square, inside_photo


@pytest.fixture(scope="module")
def localiser():
    return localiser_of(load_network())


@pytest.fixture(scope="module")
def person() -> Image.Image:
    with Image.open(SAMPLE_PORTRAIT) as image:
        return image.convert("RGB")


@pytest.fixture(scope="module")
def face(localiser, person):
    [only] = find_faces(localiser, as_photo(person))
    return only.square


def as_photo(picture: Image.Image) -> Photo:
    return Photo("photo", np.asarray(picture))


def sheet(person: Image.Image, columns: int, rows: int, cell: int, size: tuple[int, int] | None = None) -> Photo:
    """The same portrait many times, on a larger background if a size is given."""
    picture = Image.new("RGB", size or (columns * cell, rows * cell), (90, 110, 130))
    one = person.resize((cell, cell), Image.Resampling.LANCZOS)
    for number in range(columns * rows):
        picture.paste(one, (cell * (number % columns), cell * (number // columns)))
    return as_photo(picture)


@pytest.mark.slow
@pytest.mark.parametrize("quarter", [1, 2, 3])
def test_a_photo_on_its_side_or_upside_down_gives_the_same_face(localiser, person, face, quarter):
    turned = person.rotate(90 * quarter, expand=True)
    [found] = find_faces(localiser, as_photo(turned))
    upright = cut_square(as_photo(person), face, 128).pixels.astype(float)
    crop = cut_square(as_photo(turned), found.square, 128).pixels.astype(float)
    assert found.square.turn % 360 == pytest.approx(360 - 90 * quarter, abs=40)
    assert np.abs(crop - upright).mean() < 25, "the crop shows the face upright"
    assert np.abs(crop[::-1, ::-1] - upright).mean() > 40


@pytest.mark.slow
@pytest.mark.parametrize("quarter", [0, 2, 3])
def test_a_box_around_a_face_that_lies_on_its_side_finds_it_upright(localiser, person, face, quarter):
    turned = as_photo(person.rotate(90 * quarter, expand=True))
    [found] = find_faces(localiser, turned)
    given = localiser.find_in_box(turned, box_of(found.square, localiser.parameters))
    assert given.square.turn == found.square.turn
    assert given.confidence > 0.8
    assert np.hypot(given.square.x - found.square.x, given.square.y - found.square.y) < 0.1 * face.side


@pytest.mark.slow
@pytest.mark.parametrize(("columns", "rows", "cell"), [(4, 3, 300), (6, 5, 160)])
def test_every_face_of_a_group_is_found(localiser, person, columns, rows, cell):
    faces = find_faces(localiser, sheet(person, columns, rows, cell))
    assert len(faces) == columns * rows
    places = {(int(found.square.x // cell), int(found.square.y // cell)) for found in faces}
    assert len(places) == columns * rows
    width, height = columns * cell, rows * cell
    shown = [
        (min(found.square.x + found.square.side / 2, width) - max(found.square.x - found.square.side / 2, 0))
        * (min(found.square.y + found.square.side / 2, height) - max(found.square.y - found.square.side / 2, 0))
        for found in faces
    ]
    assert shown == sorted(shown, reverse=True)


def test_half_a_face_at_the_edge_comes_after_a_whole_one(localiser, person):
    picture = Image.new("RGB", (700, 400), (90, 110, 130))
    picture.paste(person.resize((330, 330)), (-130, 30))
    picture.paste(person.resize((290, 290)), (320, 60))
    first = find_faces(localiser, as_photo(picture))[0]
    assert 400 < first.square.x < 540


@pytest.mark.slow
def test_small_faces_in_a_large_picture_are_found(localiser, person):
    """Thirty faces of some 27 pixels in twelve megapixels."""
    faces = find_faces(localiser, sheet(person, 6, 5, 90, size=(4000, 3000)))
    assert len(faces) == 30


@pytest.mark.slow
def test_the_shape_of_the_picture_does_not_matter(localiser, person):
    panorama = Image.new("RGB", (12000, 1500), (90, 110, 130))
    panorama.paste(person.resize((600, 600)), (7000, 700))
    [found] = find_faces(localiser, as_photo(panorama))
    assert 7100 < found.square.x < 7500
    assert 750 < found.square.y < 1100


def watched(localiser: Localiser, tell: Callable[[NDArray[np.uint8]], None]) -> Localiser:
    """A localiser that tells of the crops (n, S, S, 3) before each look of its network."""

    def predict(pixels):
        tell(pixels[None])
        return localiser.predict(pixels)

    def predict_together(pixels):
        tell(pixels)
        return localiser.predict_together(pixels)

    return replace(localiser, predict=predict, predict_together=predict_together)


@pytest.mark.slow
def test_a_strip_of_noise_is_looked_at_a_bounded_number_of_times(localiser):
    looks = []
    noise = np.random.default_rng(1).integers(0, 255, (9000, 64, 3), dtype=np.uint8)
    counting = watched(localiser, lambda pixels: looks.append(len(pixels)))
    assert find_faces(counting, Photo("strip", noise)) == []
    assert sum(looks) < 70


@pytest.mark.slow
def test_of_a_crowd_only_the_largest_face_is_studied(localiser, person):
    """So that a list of many faces is there soon; the others are read when they are chosen."""
    looks = []
    counting = watched(localiser, lambda pixels: looks.append(pixels.shape[:2]))
    faces = find_faces(counting, sheet(person, 4, 3, 300))
    assert sum(face.studied for face in faces) == 1
    closely = [count for count, side in looks if side == localiser.resolution]
    assert sum(closely) <= localiser.parameters.rounds
    assert sum(count for count, _side in looks) < 2 * (len(faces) + localiser.parameters.looks), "of two copies"


@pytest.mark.slow
def test_what_passes_for_a_face_at_a_glance_only_does_not_end_the_search(localiser, person, face):
    """The first closer look sees nothing, as that at a neck would: the face is found by looking all over the photo."""
    blind = iter([True])

    def predict_together(pixels):
        views = localiser.predict_together(pixels)
        return np.full_like(views, -10.0) if pixels.shape[1] == localiser.resolution and next(blind, False) else views

    [found] = find_faces(replace(localiser, predict_together=predict_together), as_photo(person))
    assert next(blind, None) is None
    assert np.hypot(found.square.x - face.x, found.square.y - face.y) < 0.1 * face.side


@pytest.mark.slow
@pytest.mark.parametrize("name", ["chelsea", "coins", "cell"])
def test_animals_and_things_are_no_faces(localiser, name):
    pixels = getattr(skimage.data, name)()
    pixels = np.repeat(pixels[..., None], 3, 2) if pixels.ndim == 2 else np.ascontiguousarray(pixels[..., :3])
    assert find_faces(localiser, Photo(name, pixels)) == []


@pytest.mark.slow
def test_the_search_can_be_stopped_before_each_look_of_the_network(localiser, person):
    photo = sheet(person, 2, 2, 200, size=(3000, 2000))
    events = []
    telling = watched(localiser, lambda _pixels: events.append("look"))
    find_faces(telling, photo, lambda _fraction: events.append("ask"))
    asked_before = [before for before, event in itertools.pairwise(events) if event == "look"]
    assert len(asked_before) >= 4 and set(asked_before) == {"ask"}
    assert events.count("ask") > 1.5 * events.count("look"), "and while candidates are looked for"
    asked = iter(range(5))

    def stop(_fraction: float) -> None:
        if next(asked, None) is None:
            raise Cancelled

    with pytest.raises(Cancelled):
        find_faces(localiser, photo, stop)


@pytest.mark.slow
def test_a_photo_is_searched_once_before_another_one_is(person):
    network = load_network()

    def searched(photo):
        asked = []
        found = faces_of(network, photo, asked.append)
        return found, len(asked) > 1  # one for the photo's pixels

    changed = np.array(person)
    changed[0, 0, 0] ^= 1
    first, was_searched = searched(as_photo(person))
    assert was_searched and first == find_faces(localiser_of(network), as_photo(person))
    assert searched(as_photo(person)) == (first, False)
    assert searched(Photo("changed", changed))[1], "a single pixel"
    assert searched(as_photo(person)) == (first, True)


@pytest.mark.slow
def test_a_face_at_the_edge_says_how_much_of_it_is_outside(localiser, person, face):
    [whole] = find_faces(localiser, as_photo(person))
    assert whole.outside == 0
    cut = as_photo(person.crop((int(face.x), 0, person.width, person.height)))
    box = FaceBox(0, face.y - face.side / 3, face.side / 3, 2 * face.side / 3)
    assert 0.25 < localiser.find_in_box(cut, box).outside < 0.75


def test_what_is_outside_of_the_photo_is_known():
    square = Square(10.0, 30.0, 80.0, turn=90.0)
    inside = inside_photo(square.to_photo(80), (100, 60), 80)
    # Up in the crop is right in the photo, which ends 40 pixels left of the square's left edge and 10 above its top.
    assert inside.sum() == 50 * 60
    assert not inside[79, 40] and inside[0, 40]


@pytest.mark.parametrize("turn", [0.0, 90.0, 180.0, 270.0, 37.0])
def test_a_turned_crop_shows_what_its_affine_map_says(turn):
    rows, columns = np.mgrid[0:160, 0:240]
    pixels = np.stack([columns + 0.5, rows + 0.5, np.zeros_like(rows)], axis=-1).clip(0, 255).astype(np.uint8)
    square = Square(120.0, 80.0, 90.0, turn)
    crop = cut_square(Photo("ramp", pixels), square, 60)
    grid = np.stack(np.meshgrid(np.arange(60), np.arange(60)), axis=-1).reshape(-1, 2) + 0.5
    found = crop.pixels[..., :2].reshape(-1, 2).astype(float) + 0.5
    assert np.abs(found - crop.to_photo(grid)).mean() < 0.6
    again = Square.of(crop.crop_to_photo, 60)
    assert np.allclose([again.x, again.y, again.side, again.turn % 360], [120, 80, 90, turn])


@pytest.mark.parametrize("quarter", range(4))
def test_the_box_around_landmarks_has_its_margin_above_the_brows(quarter):
    """Landmarks of a square face: eyes at its upper edge, the chin at the lower one."""
    upright = np.full((68, 2), 50.0)
    upright[36:48], upright[8] = (50, 20), (50, 100)
    upright[0], upright[16] = (10, 50), (90, 50)
    rotation = np.linalg.matrix_power(np.array([[0, -1], [1, 0]]), quarter)
    x, y, width, height = box_around(upright @ rotation.T)
    corners = np.array([[x, y], [x + width, y + height]]) @ rotation
    assert np.allclose(np.sort(corners, axis=0), [[2, 0], [98, 100]])
