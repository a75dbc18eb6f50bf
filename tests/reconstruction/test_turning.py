"""A photo from another side and with another shape: what comes out beside what is true."""

import numpy as np
import pytest

from benchmarks.turning import REGIONS, measured
from pix2vertex_blender.errors import OptionError
from pix2vertex_blender.geometry.mesh import vertex_normals
from pix2vertex_blender.reconstruction.turning.anchors import anchors_around, extended
from pix2vertex_blender.reconstruction.turning.blending import fill_hidden
from pix2vertex_blender.reconstruction.turning.image_mesh import ImageMesh
from pix2vertex_blender.reconstruction.turning.light import Light, fit_skin
from pix2vertex_blender.reconstruction.turning.reshape import reshaped
from pix2vertex_blender.reconstruction.turning.shapes import mixed, other_parts, part_weights
from pix2vertex_blender.reconstruction.turning.turn import rotation_of, turned
from pix2vertex_blender.template import load_template
from tests.reconstruction import made_up_portrait as made_up

NOWHERE = np.zeros(3)


@pytest.fixture(scope="module")
def mesh() -> ImageMesh:
    return made_up.portrait()


def difference(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.abs(one.astype(float) - other).mean(axis=-1)


def test_turning_by_nothing_gives_the_photo_back(mesh: ImageMesh) -> None:
    same = turned(mesh, np.eye(3))
    assert np.array_equal(same.pixels, mesh.pixels)
    assert not same.filled.any() and same.face.mean() > 0.1


def test_turning_there_and_back_gives_the_face_back(mesh: ImageMesh) -> None:
    there = turned(mesh, rotation_of(20.0, 8.0), NOWHERE)
    again = ImageMesh(there.pixels, mesh.frame, there.vertices)
    back = turned(again, rotation_of(20.0, 8.0).T, NOWHERE)
    assert np.allclose(back.vertices, mesh.vertices, atol=1e-6)
    error = difference(back.pixels, mesh.pixels)
    assert np.median(error[back.face]) < 2.5
    assert np.quantile(error[back.face], 0.9) < 12


@pytest.mark.parametrize("yaw", [30.0, -30.0])
def test_a_turned_photo_looks_like_one_taken_from_there(mesh: ImageMesh, yaw: float) -> None:
    drawn = turned(mesh, made_up.rotation(yaw), NOWHERE)
    vertices = made_up.head(yaw)
    assert np.allclose(drawn.vertices, vertices)
    truth, inside = made_up.photograph(vertices, made_up.painted(vertices, yaw))
    error = difference(drawn.pixels, truth)
    shown, filled = drawn.face & ~drawn.filled & inside, drawn.filled & inside
    assert np.median(error[shown]) < 4, "what the photo shows"
    assert filled.sum() > 300, "the side that the photo hides"
    assert np.median(error[filled]) < 25, "in nearly the right colours"
    stretched = difference(mesh.pixels, truth)
    assert np.median(error[shown]) < 0.4 * np.median(stretched[shown]), "and not the photo as it was"


def test_each_region_of_a_turned_face_is_nearer_to_its_true_rendering_than_the_photo() -> None:
    """Display values of 255, turned by 30 degrees; what the photo hides has the fitted skin's colours, nearly."""
    table = measured(30.0)
    rows = {row[0]: dict(zip(table.columns, row, strict=True)) for row in table.rows}
    assert set(REGIONS) < set(rows)
    for name in REGIONS:
        assert rows[name]["pixels"] > 100, name
        assert rows[name]["mean"] < 1.5, name
        assert rows[name]["median"] < 0.4 * rows[name]["median if the photo were not turned"], name
    assert rows["filled"]["median"] < 6 and rows["beside the face"]["median"] < 4


def test_what_is_far_away_stays_and_the_picture_is_filled(mesh: ImageMesh) -> None:
    drawn = turned(mesh, rotation_of(40.0, -20.0))
    assert (drawn.pixels.max(axis=-1) > 0).mean() > 0.999
    far = ImageMesh(np.pad(mesh.pixels, ((0, 900), (0, 900), (0, 0)), mode="edge"), mesh.frame, mesh.vertices)
    corner = turned(far, rotation_of(40.0, 0.0)).pixels[-100:, -100:]
    assert np.array_equal(corner, far.pixels[-100:, -100:])


@pytest.mark.parametrize(("yaw", "pitch"), [(61.0, 0.0), (0.0, -41.0), (float("nan"), 0.0)])
def test_too_large_an_angle_is_one_sentence(yaw: float, pitch: float) -> None:
    with pytest.raises(OptionError, match="up to 60 degrees to each side and 40"):
        rotation_of(yaw, pitch)


def test_depth_is_kept_where_it_is_known_and_continued_elsewhere(mesh: ImageMesh) -> None:
    points, on_head = mesh.anchor_points, mesh.on_head
    assert 0.1 < on_head.mean() < 0.9
    assert np.allclose(mesh.frame.camera.project(points), mesh.anchors.pixels, atol=1e-6)
    low, high = points[on_head, 2].min(), points[on_head, 2].max()
    assert ((points[:, 2] >= low - 1e-6) & (points[:, 2] <= high + 1e-6)).all(), "a smooth continuation has no peaks"


def test_continued_values_are_the_mean_of_their_neighbours() -> None:
    anchors = anchors_around(np.array([[20.0, 20.0], [60.0, 60.0]]), (100, 80))
    values = np.random.default_rng(1).normal(size=(len(anchors.pixels), 2))
    known = np.random.default_rng(2).random(len(values)) < 0.1
    result = extended(values, known, anchors.edges)
    assert np.array_equal(result[known], values[known])
    total, count = np.zeros_like(result), np.zeros(len(result))
    for one, other in (anchors.edges.T, anchors.edges.T[::-1]):
        np.add.at(total, one, result[other])
        np.add.at(count, one, 1)
    assert np.allclose(total[~known], (count[:, None] * result)[~known], atol=1e-8)


def test_the_light_of_a_photo_is_found(mesh: ImageMesh) -> None:
    light = mesh.skin.light
    assert light.direction @ (made_up.TOWARDS_LIGHT / np.linalg.norm(made_up.TOWARDS_LIGHT)) > 0.95
    assert np.allclose(light.directional / light.ambient, 0.6 / 0.45 * 0.5625, rtol=0.35), "as strong as it may be"


def test_skin_without_any_vertex_seen_is_still_skin() -> None:
    template = load_template()
    normals = vertex_normals(template.vertices, template.faces)
    nothing = np.zeros(len(normals))
    skin = fit_skin(template.vertices, normals, normals, np.zeros_like(normals), nothing, template)
    assert np.isfinite(skin.texture).all() and isinstance(skin.light, Light)


def test_the_same_shape_gives_the_photo_back(mesh: ImageMesh) -> None:
    assert np.array_equal(reshaped(mesh, mesh.vertices).pixels, mesh.pixels)


def test_a_reshaped_photo_looks_like_one_of_that_shape(mesh: ImageMesh) -> None:
    shape = other_parts(mesh.vertices, ["nose", "cheeks", "mouth"], np.random.default_rng(4), amount=1.5)
    assert 3 < np.linalg.norm(shape - mesh.vertices, axis=1).max() < 25
    drawn = reshaped(mesh, shape)
    truth, inside = made_up.photograph(shape, made_up.painted(shape))
    where = drawn.face & inside
    error, before = difference(drawn.pixels, truth)[where], difference(mesh.pixels, truth)[where]
    assert error.mean() < 0.5 * before.mean()
    border = np.ones(drawn.face.shape, dtype=bool)
    border[2:-2, 2:-2] = False
    assert np.abs(drawn.pixels[border].astype(int) - mesh.pixels[border]).max() <= 6, "the photo's edge stays"


def test_shading_follows_the_normals(mesh: ImageMesh) -> None:
    template = load_template()
    tilted = mesh.vertices.copy()
    nose = part_weights("nose")
    tilted[:, 2] += nose * 0.5 * tilted[:, 0]  # turned away from the light, which comes from the left
    photo, _inside = made_up.photograph(tilted, made_up.painted(tilted))
    drawn = reshaped(mesh, tilted)
    points = np.floor(mesh.project(tilted[(nose > 0.95) & (template.groups["nose"] > 0.9)])).astype(int)
    mean = [image[points[:, 1], points[:, 0]].mean() for image in (mesh.pixels, drawn.pixels, photo)]
    assert mean[1] == pytest.approx(mean[2], abs=0.5 * abs(mean[0] - mean[2]))


def test_parts_come_from_others_and_the_rest_stays() -> None:
    head = load_template().vertices
    donor = 2.0 * (head + 4.0 * np.sin(head / 30.0)) @ made_up.rotation(70.0).T + 500.0
    result = mixed(head, {"nose": donor})
    moved = np.linalg.norm(result - head, axis=1)
    nose = load_template().groups["nose"] > 0.9
    assert moved[nose].mean() > 4 * moved[~nose].mean()
    assert np.allclose(mixed(head, {"eyes": head @ made_up.rotation(30.0).T}), head, atol=1e-6)
    with pytest.raises(OptionError, match="no part ear of a face"):
        mixed(head, {"ear": donor})


def test_a_filling_that_agrees_changes_nothing_and_a_brighter_one_is_shifted() -> None:
    across, down = np.meshgrid(np.arange(80.0), np.arange(60.0))
    picture = np.stack([100 + across, 90 + down, np.full(across.shape, 80.0)], axis=-1).astype(np.uint8)
    hidden = np.zeros((60, 80), dtype=bool)
    hidden[10:50, 60:] = True
    everywhere = np.ones_like(hidden)
    same = fill_hidden(picture, picture, hidden, everywhere)
    assert np.abs(same.astype(int) - picture).max() <= 2
    brighter = fill_hidden(picture, picture + np.uint8(30), hidden, everywhere)
    assert np.abs(brighter.astype(int) - picture).max() <= 3, "its gradients, with the picture's colours at the border"
    wall = picture.copy()
    wall[:, 70:] = (0, 0, 255)
    beside = fill_hidden(wall, picture, hidden & (across < 70), across < 70)
    assert np.abs(beside.astype(int) - wall).max() <= 2, "what is beside the face does not count"
    alone = fill_hidden(wall, picture, across >= 70, across >= 70)
    assert np.array_equal(alone[:, 70:], picture[:, 70:]), "what joins nothing has the model's colours"
