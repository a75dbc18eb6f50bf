"""Augmented labels are those of the new picture."""

import dataclasses

import numpy as np
import pytest

from pix2vertex_blender.reconstruction.photo.localisation import LocalisationParameters
from tests.training.made_up import made_up_sample
from training.data.augmentation import (
    UPRIGHT,
    AugmentationParameters,
    Crop,
    augment,
    crop_labels,
    crop_landmarks,
    resample_image,
    resample_labels,
    sample_crop,
    settled_crop,
    upright_crop,
)
from training.data.backgrounds import background_bank
from training.data.composition import add_occluder
from training.data.photometry import degrade, develop
from training.generate import TRAINING_STREAM, generate_sample
from training.renderer.camera import ViewParameters, rotation_matrix
from training.renderer.synthesis import SynthesisParameters
from training.template.landmarks import MIRROR

BACKGROUNDS = background_bank(count=4, size=64)
WEAK = ViewParameters(weak_perspective_share=1, largest_yaw=35, largest_pitch=20)


@pytest.fixture(
    scope="module",
    params=["made up", pytest.param("rendered", marks=pytest.mark.development_data("face_models/ict_facekit.npz"))],
)
def sample(request):
    if request.param == "made up":
        return made_up_sample()
    return generate_sample(3, 1, TRAINING_STREAM, SynthesisParameters(size=96, view=WEAK))


def similarity_rotation(source, target):
    """Rotation (3, 3) that best turns centred points to others (Kabsch)."""
    left, _, right = np.linalg.svd((target - target.mean(0)).T @ (source - source.mean(0)))
    return left @ np.diag([1, 1, np.linalg.det(left @ right)]) @ right


def cropped(sample, crop, resolution):
    matrix = crop.source(len(sample.mask), resolution)
    mask, correspondence, geometry = resample_labels(
        sample.mask, sample.correspondence, sample.geometry, matrix, resolution
    )
    pose = crop_labels(crop, correspondence, geometry, (sample.yaw, sample.pitch, sample.roll))
    return mask, correspondence, geometry, pose


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(("angle", "zoom", "shift"), [(0, 1, (0, 0)), (17, 1.3, (0.05, -0.02)), (-11, 0.9, (0, 0.1))])
def test_cropped_geometry_is_in_the_pixels_of_the_crop(sample, mirrored, angle, zoom, shift):
    """Under weak perspective x and y of the geometry are the pixel's place but for an offset."""
    resolution = 64
    mask, _, geometry, _ = cropped(sample, Crop(mirrored, angle, zoom, shift), resolution)
    rows, columns = np.nonzero(mask)
    assert len(rows) > 100
    offset_x = geometry[0, rows, columns] * resolution / 2 - columns
    offset_y = geometry[1, rows, columns] * resolution / 2 + rows
    assert np.percentile(np.abs(offset_x - np.median(offset_x)), 95) < 0.3
    assert np.percentile(np.abs(offset_y - np.median(offset_y)), 95) < 0.3


@pytest.mark.parametrize("mirrored", [False, True])
def test_cropped_pose_turns_with_the_face(sample, mirrored):
    before = similarity_rotation(sample.correspondence[:, sample.mask == 1].T, sample.geometry[:, sample.mask == 1].T)
    bias = before @ rotation_matrix(sample.yaw, sample.pitch, sample.roll).T
    mask, correspondence, geometry, pose = cropped(sample, Crop(mirrored, 12.0, 1.1, (0, 0)), 96)
    after = similarity_rotation(correspondence[:, mask == 1].T, geometry[:, mask == 1].T)
    found = after @ rotation_matrix(*(float(angle) for angle in pose)).T
    reflection = np.diag([-1, 1, 1]) if mirrored else np.eye(3)
    turn = rotation_matrix(0, 0, 12) @ reflection
    np.testing.assert_allclose(found, turn @ bias @ turn.T, atol=0.02)


@pytest.mark.parametrize("mirrored", [False, True])
def test_landmarks_stay_on_their_points_of_the_face(sample, mirrored):
    matrix = Crop(mirrored, 12.0, 1.1, (0.02, -0.03)).source(96, 96)
    mask, correspondence, _, _ = cropped(sample, Crop(mirrored, 12.0, 1.1, (0.02, -0.03)), 96)
    before = shown_at(sample.correspondence, sample.mask, sample.landmarks)
    after = shown_at(correspondence, mask, crop_landmarks(sample.landmarks, mirrored, matrix))
    if mirrored:
        before = before[MIRROR] * (-1, 1, 1)
    seen = np.isfinite(before[:, 0]) & np.isfinite(after[:, 0])
    assert seen.sum() > 30
    assert np.median(np.linalg.norm(after - before, axis=1)[seen]) < 0.02


def shown_at(correspondence, mask, places):
    """What a map (3, S, S) shows at places (68, 2), NaN off the mask."""
    columns, rows = np.clip(np.floor(places).astype(int), 0, len(mask) - 1).T
    return np.where(mask[rows, columns, None] == 1, correspondence[:, rows, columns].T, np.nan)


def test_picture_and_mask_stay_together(sample):
    crop = Crop(True, 9.0, 1.15, (0.03, 0.02))
    matrix = crop.source(96, 64)
    labelled = np.zeros_like(sample.image)
    labelled[sample.mask > 0] = 255
    picture, alpha = resample_image(labelled, matrix, 64)
    mask = cropped(sample, crop, 64)[0]
    assert ((alpha[..., 0] > 0.5) == (mask > 0)).mean() > 0.985
    np.testing.assert_allclose(picture, np.repeat(alpha, 3, 2) * 255, atol=0.5)


def test_augmentation_is_a_function_of_the_generator(sample):
    first, second, third = (
        augment(sample, 64, np.random.default_rng(seed), BACKGROUNDS, [sample.image]) for seed in (1, 1, 2)
    )
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    assert (first.image != third.image).any()


def test_every_augmented_sample_is_well_formed(sample):
    everything = AugmentationParameters(person_share=1, body_share=1, occluder_share=1)
    bare = AugmentationParameters(person_share=1, body_share=1, occluder_share=0)
    hidden = 0
    for seed in range(30):
        result, unhidden = (
            augment(sample, 64, np.random.default_rng(seed), BACKGROUNDS, [sample.image], parameters)
            for parameters in (everything, bare)
        )
        assert result.image.shape == (64, 64, 3) and result.image.dtype == np.uint8
        assert result.correspondence.dtype == result.geometry.dtype == np.float32
        assert not result.correspondence[:, result.mask == 0].any() and not result.geometry[:, result.mask == 0].any()
        assert np.isfinite(result.geometry).all()
        assert ((result.mask == unhidden.mask) | (result.mask == 0)).all()
        hidden += (result.mask != unhidden.mask).any()
    assert hidden > 5


def test_things_in_front_often_have_the_skins_colour_and_are_as_even():
    skin = np.array([210.0, 160.0, 140.0])
    picture = np.full((64, 64, 3), (20, 60, 120), np.float32)
    alike, even = 0, 0
    for seed in range(300):
        result, cover = add_occluder(picture, skin, np.random.default_rng(seed), BACKGROUNDS)
        inside = cover == 1
        np.testing.assert_allclose(result[cover == 0], picture[cover == 0])
        if inside.sum() < 40:
            continue
        direction = result[inside].mean(0) / np.linalg.norm(result[inside].mean(0))
        if direction @ skin / np.linalg.norm(skin) > 0.995:
            alike += 1
            even += result[inside].std(0).max() < 8
    assert 150 < alike < 260, "fingers, and two of five of all else"
    assert even > alike / 4


def test_crops_mirror_half_of_the_samples():
    crops = [sample_crop(np.random.default_rng(seed), AugmentationParameters()) for seed in range(200)]
    assert 70 < sum(crop.mirrored for crop in crops) < 130
    assert max(abs(crop.angle) for crop in crops) <= 25


@pytest.mark.parametrize("mirrored", [False, True])
def test_settled_crops_lie_around_the_landmarks_as_the_product_lays_them(sample, mirrored):
    exact = AugmentationParameters(settled_zoom_deviation=0, settled_shift_deviation=0)
    crop = settled_crop(Crop(mirrored, 0.0, 1.0, (0.2, -0.1)), sample, np.random.default_rng(0), exact)
    matrix = crop.source(len(sample.mask), 128)
    landmarks = (sample.landmarks - matrix[:, 2]) @ np.linalg.inv(matrix[:, :2]).T
    lower, upper = landmarks.min(0), landmarks.max(0)
    parameters = LocalisationParameters()
    assert (upper - lower).max() == pytest.approx(128 / parameters.enlargement, rel=1e-5)
    np.testing.assert_allclose((lower + upper) / 2, (64, 64 + 128 * parameters.rise), atol=1e-4)


@pytest.mark.parametrize("photograph", [degrade, develop])
def test_degraded_pictures_remain_pictures(photograph):
    picture = np.tile(np.linspace(0, 255, 64)[None, :, None], (64, 1, 3))
    for seed in range(60):
        result = photograph(picture, np.random.default_rng(seed))
        assert result.shape == (64, 64, 3) and result.dtype == np.uint8
        assert result[:, 48:].mean() > result[:, :16].mean()


def test_backgrounds_are_kept_and_read_again(tmp_path):
    made = background_bank(tmp_path / "folder" / "backgrounds.npy", count=3, size=32)
    np.testing.assert_array_equal(made, background_bank(tmp_path / "folder" / "backgrounds.npy", count=3, size=32))
    np.testing.assert_array_equal(made, background_bank(count=3, size=32))
    assert made.std() > 10


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_second_pass_sees_the_face_upright_and_filling_the_square(sample, mirrored):
    exact = AugmentationParameters(upright_zoom_deviation=0, upright_shift_deviation=0, upright_turn_deviation=0)
    turned = dataclasses.replace(sample, roll=sample.roll + 25.0)
    generator = np.random.default_rng(0)
    crop = upright_crop(Crop(mirrored, 5.0, 1.2, (0.1, 0.1)), turned, generator, exact)
    mask, _, _, pose = cropped(turned, crop, 192)
    assert crop.mirrored == mirrored
    assert pose[2] == pytest.approx(0, abs=1e-4)
    landmarks = crop_landmarks(sample.landmarks, mirrored, crop.source(96, 192))
    rows, columns = np.nonzero(mask)
    points = np.concatenate([np.column_stack([columns, rows]) + 0.5, landmarks])
    extent = np.ptp(points, axis=0)
    assert extent.max() == pytest.approx(192 / (1 + exact.upright_margin), rel=0.02)
    np.testing.assert_allclose((points.min(0) + points.max(0)) / 2, 96, atol=2)


def test_a_second_pass_errs_as_a_first_one_does(sample):
    parameters = AugmentationParameters()
    drawn = [upright_crop(Crop(False, 0, 1, (0, 0)), sample, np.random.default_rng(k), parameters) for k in range(300)]
    assert np.std([crop.angle for crop in drawn]) == pytest.approx(parameters.upright_turn_deviation, rel=0.15)
    assert np.std(np.log([crop.zoom for crop in drawn])) == pytest.approx(parameters.upright_zoom_deviation, rel=0.15)
    assert np.mean([crop.angle for crop in drawn]) == pytest.approx(-sample.roll, abs=0.6)


def test_ordinary_crops_do_not_depend_on_the_second_pass(sample):
    ordinary, wider = (
        augment(sample, 64, np.random.default_rng(4), BACKGROUNDS, (), AugmentationParameters(upright_margin=margin))
        for margin in (0.06, 0.5)
    )
    np.testing.assert_array_equal(ordinary.image, wider.image)
    upright = augment(sample, 64, np.random.default_rng(4), BACKGROUNDS, (), UPRIGHT)
    assert (upright.mask > 0).sum() > 1.2 * (ordinary.mask > 0).sum()
