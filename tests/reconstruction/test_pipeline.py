"""The whole algorithm on a real photo, without Blender."""

import cv2
import numpy as np
import pytest
import skimage.data
from PIL import Image

from pix2vertex_blender.errors import Cancelled, FaceNotFoundError
from pix2vertex_blender.exchange.glimpse import SIDE
from pix2vertex_blender.exchange.progress import STAGES
from pix2vertex_blender.exchange.record import from_bytes, to_bytes
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.exchange.view import no_pins
from pix2vertex_blender.geometry.similarity import fit_similarity
from pix2vertex_blender.reconstruction.corrections.eyelids import balls, lid_vertices
from pix2vertex_blender.reconstruction.photo.photo import decode_image
from pix2vertex_blender.reconstruction.pipeline import Options, reconstruct
from pix2vertex_blender.reconstruction.refit import refit
from pix2vertex_blender.template import load_template

pytestmark = pytest.mark.slow

CPU = Options(device="cpu", detail_level=0)


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "astronaut.png"
    Image.fromarray(skimage.data.astronaut()).save(path)
    return path


@pytest.fixture(scope="module")
def told():
    return []


@pytest.fixture(scope="module")
def glimpses():
    """Glimpses and the stages in which they were shown."""
    return []


@pytest.fixture(scope="module")
def reconstruction(photo, told, glimpses):
    return reconstruct(
        photo,
        CPU,
        lambda stage, fraction: told.append((stage, fraction)),
        lambda draw: glimpses.append((told[-1][0], draw())),
    )


def test_progress_names_the_stages_in_their_order(reconstruction, told):
    stages = list(dict.fromkeys(stage for stage, _ in told))
    assert stages == [stage for stage in STAGES if stage not in ("pins", "scene")]  # no pins; the scene is Blender's
    for stage in stages:
        fractions = [fraction for name, fraction in told if name == stage]
        assert fractions == sorted(fractions)
        assert (fractions[0], fractions[-1]) == (0.0, 1.0)


def test_the_face_is_shown_as_it_becomes_known(reconstruction, glimpses):
    assert [stage for stage, _picture in glimpses] == ["network", "network", "registration"]
    mask, surface, head = (picture.astype(float) for _stage, picture in glimpses)
    assert mask.shape == surface.shape == head.shape == (SIDE, SIDE, 3)
    view = reconstruction.view
    photo = cv2.resize(decode_image(view.crop_png), (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(float)
    face = cv2.erode(cv2.resize(view.maps.mask.astype(np.uint8), (SIDE, SIDE)), np.ones((9, 9), np.uint8)) > 0
    assert np.abs(mask - photo)[face].mean() < 6, "the face as in the photo"
    assert mask[~face].mean() < 0.6 * photo[~face].mean()
    for clay in (surface, head):
        assert np.abs(clay[face] @ [1, -1, 0]).max() < 20, "it has no colours"
        assert clay[face].std() > 10, "but light and shade"
    nose = (view.camera.resized(SIDE / len(view.maps.mask)).project(view.frame.to_camera(reconstruction.vertices)))[
        reconstruction.landmarks_68[30]
    ].astype(int)
    assert face[nose[1], nose[0]]
    higher = nose[1] - int(0.45 * SIDE)
    assert not face[higher, nose[0]] and np.abs(head - mask)[higher, nose[0]].max() > 60, "the skull under the hair"


def test_the_same_photo_and_seed_give_the_same_mesh(reconstruction, photo):
    again = reconstruct(photo, CPU)
    np.testing.assert_array_equal(again.vertices, reconstruction.vertices)
    np.testing.assert_array_equal(again.detail, reconstruction.detail)


def test_a_mirrored_photo_gives_the_mirrored_head(reconstruction, photo, tmp_path):
    with Image.open(photo) as image:
        image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(tmp_path / "mirrored.png")
    mirrored = reconstruct(tmp_path / "mirrored.png", CPU)
    template = load_template()
    back = (mirrored.vertices * [-1, 1, 1])[template.mirror]
    face = template.groups["face"] > 0.5
    assert np.median(np.linalg.norm(back - reconstruction.vertices, axis=1)[face]) < 1.5


def test_the_head_is_upright_whatever_the_pose_in_the_photo(reconstruction, photo, tmp_path):
    with Image.open(photo) as image:
        image.rotate(20, Image.Resampling.BICUBIC, fillcolor="grey", center=(225, 120)).save(tmp_path / "tilted.png")
    tilted = reconstruct(tmp_path / "tilted.png", CPU)
    face = load_template().groups["face"] > 0.5
    assert np.median(np.linalg.norm(tilted.vertices - reconstruction.vertices, axis=1)[face]) < 3.0
    turn = tilted.view.head_to_camera[:3, :3] @ reconstruction.view.head_to_camera[:3, :3].T
    angle = np.degrees(np.arccos((np.trace(turn) - 1) / 2))
    assert angle == pytest.approx(20, abs=4)


def test_the_camera_puts_the_mesh_over_the_photo(reconstruction):
    matrix = reconstruction.view.head_to_camera
    points = reconstruction.vertices @ matrix[:3, :3].T + matrix[:3, 3]
    pixels = reconstruction.view.camera.project(load_template().landmark_points(points))
    photo_pixels = pixels @ reconstruction.view.crop_to_photo[:, :2].T + reconstruction.view.crop_to_photo[:, 2]
    np.testing.assert_allclose(photo_pixels, reconstruction.report.landmarks_68, atol=1e-6)


def test_it_comes_back_whole_from_its_file(reconstruction, tmp_path):
    reconstruction.save(tmp_path / "face.npz")
    loaded = Reconstruction.load(tmp_path / "face.npz")
    np.testing.assert_array_equal(loaded.vertices, reconstruction.vertices)
    np.testing.assert_array_equal(loaded.view.maps.depth, reconstruction.view.maps.depth)
    assert loaded.report == reconstruction.report
    assert loaded.view.camera == reconstruction.view.camera
    assert set(loaded.groups) == set(reconstruction.groups)


@pytest.fixture(scope="module")
def kept(reconstruction):
    """The reconstruction as it comes back from a Blender file."""
    return from_bytes(to_bytes(reconstruction), [reconstruction.view.crop_png])


def test_refit_without_pins_gives_the_same_mesh(reconstruction, kept):
    again = refit(kept, no_pins(), 0)
    assert np.abs(again.vertices - reconstruction.vertices).max() < 0.001
    assert np.abs(again.detail - reconstruction.detail).max() < 0.05
    np.testing.assert_allclose(again.report.landmarks_68, reconstruction.report.landmarks_68, atol=0.01)


def test_refit_keeps_what_the_slider_of_likeness_needs(reconstruction, kept):
    again = refit(kept, no_pins(), 0)
    assert np.allclose(again.likeness, reconstruction.likeness, atol=0.01)
    assert np.allclose(again.character, reconstruction.character, atol=0.01)


def test_without_its_likeness_the_head_is_the_one_that_is_registered_without_the_estimate(
    reconstruction, photo, monkeypatch
):
    for name in ("likeliest", "emphasised", "with_mean_relief"):
        monkeypatch.setattr(f"pix2vertex_blender.reconstruction.fitting.{name}", lambda head, *_: head)
    plain = reconstruct(photo, CPU)
    face = load_template().groups["face"] > 0.5
    taken_off = reconstruction.vertices - reconstruction.likeness
    off = fit_similarity(taken_off[face], plain.vertices[face]).apply(taken_off) - plain.vertices
    assert np.linalg.norm(reconstruction.likeness, axis=1)[face].mean() > 1.0
    assert np.abs(plain.likeness).max() < 1e-6
    assert np.linalg.norm(off, axis=1)[face].mean() < 0.1, "all but lips and lids, which are fitted anew"


def test_a_moved_pin_is_reached_and_is_remembered(reconstruction, kept):
    pins = no_pins()
    pins[48] = np.array(reconstruction.report.landmarks_68)[48] + [-8.0, 3.0]
    moved = from_bytes(to_bytes(refit(kept, pins, 0)))
    crop_pixel = 128 / 1024 * reconstruction.view.crop_to_photo[0, 0]
    assert np.linalg.norm(np.array(moved.report.landmarks_68)[48] - pins[48]) < crop_pixel
    np.testing.assert_array_equal(moved.view.pins, pins)
    motion = np.linalg.norm(moved.vertices - reconstruction.vertices, axis=1)
    corner = reconstruction.vertices[load_template().landmarks_68[48]]
    assert motion.max() > 3.0
    assert motion[np.linalg.norm(reconstruction.vertices - corner, axis=1) > 60].max() < 0.05 * motion.max()


def test_taking_the_pin_away_takes_its_effect_away(reconstruction, kept):
    pins = no_pins()
    pins[8] = np.array(reconstruction.report.landmarks_68)[8] + [0.0, 12.0]
    pinned = from_bytes(to_bytes(refit(kept, pins, 0)), [reconstruction.view.crop_png])
    assert np.abs(pinned.vertices - reconstruction.vertices).max() > 5.0
    assert np.abs(refit(pinned, no_pins(), 0).vertices - reconstruction.vertices).max() < 0.001


def test_pins_on_the_lids_leave_the_eyeballs_behind_them(reconstruction, kept):
    """Both upper lids of the left eye are pulled down, and its outer corner up."""
    pins = no_pins()
    eye = [43, 44, 45]
    pins[eye] = np.array(reconstruction.report.landmarks_68)[eye] + [[0.0, 1.5], [0.0, 2.0], [0.0, -1.5]]
    moved = refit(kept, pins, 0)
    crop_pixel = np.linalg.norm(reconstruction.view.crop_to_photo[:, 0]) * len(reconstruction.view.maps.mask) / 1024
    assert np.linalg.norm(np.array(moved.report.landmarks_68)[eye] - pins[eye], axis=1).max() < crop_pixel
    template = load_template()
    lids = lid_vertices(template)
    for ball in balls(template, moved.coarse_vertices):
        depths = ball.depths(moved.coarse_vertices)
        assert depths[lids & (depths < ball.radius / 2)].max() < -0.05


def test_pins_hold_when_the_photo_is_reconstructed_again(reconstruction, photo):
    place = np.array(reconstruction.report.landmarks_68)[48] + [-8.0, 3.0]
    told = []
    pins = {48: tuple(place), 54: (-500.0, 40.0)}
    again = reconstruct(photo, Options(device="cpu", detail_level=0, pins=pins), lambda *news: told.append(news))
    following = [fraction for stage, fraction in told if stage == "pins"]
    assert following == sorted(following) and len(set(following)) > 3, "so that the artist sees it and Esc is heard"
    crop_pixel = 128 / 1024 * reconstruction.view.crop_to_photo[0, 0]
    assert np.linalg.norm(np.array(again.report.landmarks_68)[48] - place) < crop_pixel
    assert np.isnan(again.view.pins[54]).all(), "of another face"


@pytest.mark.parametrize("stage", ["network", "registration"])
def test_cancelling_stops_the_stage(photo, stage):
    def cancel(name, fraction):
        if name == stage:
            raise Cancelled

    with pytest.raises(Cancelled):
        reconstruct(photo, CPU, cancel)


def test_a_face_that_is_not_there_is_named(photo):
    with pytest.raises(FaceNotFoundError, match="face 5"):
        reconstruct(photo, Options(device="cpu", face=5))
