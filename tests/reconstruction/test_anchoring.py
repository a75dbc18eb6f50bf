"""Landmarks correct a shifted correspondence map, and only as far as they are to be believed."""

import numpy as np
import pytest

from pix2vertex_blender.reconstruction.anchoring import AnchoringParameters, anchor_correspondence, find_landmarks

SIDE = 48
CENTRES = np.stack(np.meshgrid(np.arange(SIDE) + 0.5, np.arange(SIDE) + 0.5), axis=-1)
#: A flat face that fills the map: canonical x and y run from -0.6 to 0.6.
TRUTH = np.stack(
    [(CENTRES[..., 0] / SIDE - 0.5) * 1.2, (0.5 - CENTRES[..., 1] / SIDE) * 1.2, np.zeros((SIDE, SIDE))]
).astype(np.float32)
WHOLE = np.ones((SIDE, SIDE), dtype=bool)


@pytest.fixture
def places():
    return np.random.default_rng(3).uniform(4, SIDE - 4, (40, 2)).astype(np.float32)


def canonical_of(places):
    x, y = (places / SIDE - 0.5).T * 1.2
    return np.stack([x, -y, 0 * x], axis=1)


def errors(correspondence):
    return np.linalg.norm(correspondence - TRUTH, axis=0)


def test_landmarks_are_read_between_the_pixels(places):
    grid = np.arange(SIDE) + 0.5
    across, down = (-((grid - places[:, [axis]]) ** 2) / 2 for axis in (0, 1))
    found, certainty = find_landmarks((across[:, None, :] + down[:, :, None]).astype(np.float32))
    np.testing.assert_allclose(found, places, atol=0.05)
    assert certainty.min() > 0.95
    _, unsure = find_landmarks(np.zeros((1, SIDE, SIDE), np.float32))
    assert unsure[0] < 0.1


def test_a_second_peak_takes_certainty_but_does_not_move_the_place():
    heatmap = np.full((1, SIDE, SIDE), -20.0, np.float32)
    heatmap[0, 10, 12] = 0.0
    heatmap[0, 40, 30] = -0.2
    places, certainty = find_landmarks(heatmap)
    np.testing.assert_allclose(places, [[12.5, 10.5]], atol=1e-3)
    assert certainty[0] == pytest.approx(1 / (1 + np.exp(-0.2)), abs=0.01)


def test_a_correct_map_is_left_as_it_is(places):
    corrected = anchor_correspondence(TRUTH, WHOLE, places, np.ones(40), canonical_of(places))
    np.testing.assert_allclose(corrected, TRUTH, atol=1e-5)


@pytest.mark.parametrize("disturb", [lambda c: c + np.float32(0.05), lambda c: c * np.float32(1.1)])
def test_a_shifted_or_scaled_map_is_put_right(places, disturb):
    wrong = disturb(TRUTH)
    corrected = anchor_correspondence(wrong, WHOLE, places, np.ones(40), canonical_of(places))
    assert errors(corrected).mean() < 0.25 * errors(wrong).mean()


def test_the_correction_is_smooth(places):
    corrected = anchor_correspondence(TRUTH + np.float32(0.05), WHOLE, places, np.ones(40), canonical_of(places))
    steps = np.diff(corrected - TRUTH, axis=2)
    assert np.abs(steps).max() < 0.01


def test_uncertain_far_and_hidden_landmarks_change_little(places):
    wrong = TRUTH + np.float32(0.05)
    landmarks = canonical_of(places)
    unsure = anchor_correspondence(wrong, WHOLE, places, np.full(40, 1e-4), landmarks)
    np.testing.assert_allclose(unsure, wrong, atol=2e-3)
    mistaken = landmarks.copy()
    mistaken[0, 0] += 0.6
    corrected = anchor_correspondence(TRUTH, WHOLE, places, np.ones(40), mistaken)
    assert errors(corrected).max() < 0.01
    mask = WHOLE.copy()
    mask[:, : SIDE // 2] = False
    corrected = anchor_correspondence(wrong, mask, places, np.ones(40), landmarks)
    np.testing.assert_array_equal(corrected[:, ~mask], wrong[:, ~mask])
    nothing = anchor_correspondence(wrong, np.zeros_like(mask), places, np.ones(40), landmarks)
    np.testing.assert_array_equal(nothing, wrong)


def test_one_mistaken_landmark_among_many_is_outvoted_away_from_it(places):
    landmarks = canonical_of(places)
    landmarks[0] += [0.08, 0.0, 0.0]
    corrected = anchor_correspondence(TRUTH, WHOLE, places, np.ones(40), landmarks)
    far = np.linalg.norm(CENTRES - places[0], axis=-1) > SIDE / 3
    assert errors(corrected)[far].max() < 0.01


def test_a_narrower_reach_follows_single_landmarks_more_closely(places):
    landmarks = canonical_of(places)
    landmarks[0] += [0.05, 0.0, 0.0]
    column, row = np.floor(places[0]).astype(int)
    moved = [
        anchor_correspondence(TRUTH, WHOLE, places, np.ones(40), landmarks, AnchoringParameters(reaches=reaches))
        for reaches in ((0.6,), (0.6, 0.12))
    ]
    assert errors(moved[1])[row, column] > 3 * errors(moved[0])[row, column]
