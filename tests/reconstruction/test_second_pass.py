"""The second look at a face: where it looks, how what it sees is laid back, and when it counts."""

import dataclasses

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.reconstruction.photo.photo import Photo, Square
from pix2vertex_blender.reconstruction.second_pass import (
    NOTHING_SEEN,
    SecondPass,
    SecondPassParameters,
    head_roll,
    lay_back,
    upright_square,
)

PARAMETERS = SecondPassParameters(outliers=0.0)
WHOLE = Square(80.0, 80.0, 160.0)


def head_turned(template, look_at, roll):
    """What a perfect network says about a head that is turned in the picture, with the head's pose."""
    turn = Rotation.from_euler("z", roll, degrees=True).as_matrix()
    vertices = template.vertices @ turn.T
    maps = look_at(vertices).maps
    centre = vertices[template.groups["face"] > 0.5].mean(axis=0)
    return dataclasses.replace(maps, head_pose=Similarity(1.0, turn, -centre))


def positions(square, resolution):
    """Photo pixels (R, R, 2) of a square's grid."""
    affine = square.to_photo(resolution)
    grid = np.stack(np.meshgrid(np.arange(resolution), np.arange(resolution)), axis=-1) + 0.5
    return grid @ affine[:, :2].T + affine[:, 2]


def said_of(square, resolution):
    """What a network says about a square of a photo that shows a smooth surface, (2, 8, R, R).

    Points of the surface, and so the geometry, are in the axes and half sides of the square.
    """
    x, y = np.moveaxis(positions(square, resolution) - 80.0, -1, 0)
    points = np.stack([x, -y, 20 - (x**2 + y**2) / 200])
    turn = Rotation.from_euler("z", square.turn, degrees=True).as_matrix()
    geometry = np.einsum("ij,jkl->ikl", turn, points) / (square.side / 2)
    correspondence = np.stack([x, -y, x * y / 100]) / 120
    maps = np.concatenate([np.full((1, *x.shape), 4.0), correspondence, geometry, x[None] / 40])
    return np.stack([maps, maps]).astype(np.float32)


@pytest.mark.parametrize("angles", [(0, 0, 30), (50, 0, -20), (-30, 20, 12), (70, -15, 5)])
def test_the_roll_of_a_head_does_not_depend_on_its_yaw_and_pitch(angles):
    yaw, pitch, roll = angles
    rotation = Rotation.from_euler("ZXY", [roll, pitch, yaw], degrees=True).as_matrix()
    assert head_roll(rotation) == pytest.approx(roll)


@pytest.mark.parametrize("roll", [-35.0, 0.0, 20.0])
def test_the_face_stands_upright_in_the_second_square_and_fills_it(template, look_at, roll):
    maps = head_turned(template, look_at, roll)
    landmarks = template.vertices[template.landmarks_68]
    near = upright_square(maps, WHOLE, landmarks, PARAMETERS)
    assert near.turn == pytest.approx(-roll, abs=0.1)
    affine = near.to_photo(1)
    rows, columns = np.nonzero(maps.mask)
    seen = np.column_stack([columns, rows]) + 0.5
    placed = maps.camera.project(maps.head_pose.apply(landmarks))
    inside = np.linalg.solve(affine[:, :2], (np.concatenate([seen, placed]) - affine[:, 2]).T).T
    lower, upper = inside.min(axis=0), inside.max(axis=0)
    assert (upper - lower).max() == pytest.approx(1 / (1 + PARAMETERS.margin), abs=1e-6)
    np.testing.assert_allclose((lower + upper) / 2, 0.5, atol=1e-6)
    middle, chin = inside[len(seen) + 27], inside[len(seen) + 8]
    assert abs(chin[0] - middle[0]) < 0.03
    assert chin[1] > middle[1] + 0.3


def test_what_hides_half_of_a_face_does_not_enlarge_the_rest(template, look_at):
    maps = head_turned(template, look_at, 0.0)
    landmarks = template.vertices[template.landmarks_68]
    whole = upright_square(maps, WHOLE, landmarks, PARAMETERS)
    covered = maps.mask.copy()
    covered[:, 80:] = False
    half = upright_square(dataclasses.replace(maps, mask=covered), WHOLE, landmarks, PARAMETERS)
    assert half.side > 0.85 * whole.side


@pytest.mark.parametrize("roll", [0.0, 25.0, -40.0])
@pytest.mark.parametrize("square", [WHOLE, Square(75.0, 90.0, 150.0, 10.0)])
def test_what_is_laid_back_is_what_the_network_would_say_there(square, roll):
    near = Square(84.0, 77.0, 90.0, -roll)
    laid = lay_back(said_of(near, 96), near, square, 200)
    expected = said_of(square, 200)
    affine = near.to_photo(1)
    places = np.linalg.solve(affine[:, :2], (positions(square, 200) - affine[:, 2]).reshape(-1, 2).T).T
    distance = (0.5 - np.abs(places - 0.5).max(axis=1)).reshape(200, 200)  # from the second square's border
    inside, outside = distance > 0.02, distance < -0.02
    assert inside.sum() > 10_000
    np.testing.assert_allclose(laid[..., inside], expected[..., inside], atol=2e-3)
    assert (laid[:, [0, 7]][..., outside] == NOTHING_SEEN).all()


def second_pass(template, views):
    return SecondPass(lambda _: views, views.shape[-1], template.vertices[template.landmarks_68], PARAMETERS)


def as_output(maps, resolution):
    """What a network would have to say for these maps, nearest pixels on a grid of another resolution."""
    index = np.minimum((np.arange(resolution) + 0.5) / resolution * len(maps.mask), len(maps.mask) - 1).astype(int)
    mask, correspondence, geometry = (a[index][:, index] for a in (maps.mask, maps.correspondence, maps.geometry))
    half = len(maps.mask) / 2 / maps.camera.scale
    channels = [
        np.where(mask, 5.0, -5.0)[None],
        np.moveaxis(np.nan_to_num(correspondence), -1, 0),
        np.moveaxis(np.nan_to_num(geometry), -1, 0) / half,
        np.full((1, resolution, resolution), -5.0),
    ]
    return np.concatenate(channels).astype(np.float32)


def test_a_second_look_replaces_the_first_only_if_it_agrees_with_itself(template, look_at):
    photo = Photo("grey", np.full((160, 160, 3), 128, dtype=np.uint8))
    first = head_turned(template, look_at, 0.0)
    good = as_output(first, 128)
    agreeing, confused = np.stack([good, good]), np.stack([good, good])
    confused[1, 1:4] += 0.3
    blind = np.full_like(agreeing, -5.0)
    unsure = dataclasses.replace(first, confidence=0.1)
    found = second_pass(template, agreeing).look(photo, WHOLE, first)
    assert found is not None
    assert found.maps.mask.shape == (PARAMETERS.resolution, PARAMETERS.resolution)
    assert found.maps.confidence > 0.9
    np.testing.assert_array_equal(found.views, agreeing)
    assert second_pass(template, confused).look(photo, WHOLE, first) is None
    assert second_pass(template, blind).look(photo, WHOLE, first) is None
    assert second_pass(template, agreeing).look(photo, WHOLE, unsure) is None
