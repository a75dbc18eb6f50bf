import numpy as np
import pytest

from benchmarks.measures.curves import area_under_curve, cumulative_shares, failure_rate
from benchmarks.measures.landmarks import interocular_errors, means_by_yaw, normalised_errors


@pytest.fixture
def truth():
    """68 points whose box is 40 x 90 pixels: its size is 60."""
    points = np.zeros((68, 2))
    points[1] = (40, 0)
    points[2] = (0, 90)
    return points


def test_perfect_landmarks_score_zero(truth):
    assert not normalised_errors(truth, truth).any()


def test_a_hand_computed_landmark_error(truth):
    np.testing.assert_allclose(normalised_errors(truth + np.array([3.0, 4.0]), truth), 100 * 5 / 60)


def test_the_third_coordinate_counts_up_to_an_offset(truth):
    deep = np.column_stack([truth, np.linspace(0, 30, 68)])
    np.testing.assert_allclose(normalised_errors(deep + np.array([0, 0, 500.0]), deep), 0, atol=1e-9)
    moved = deep.copy()
    moved[:34, 2] += 6
    moved[34:, 2] -= 6
    np.testing.assert_allclose(normalised_errors(moved, deep), 100 * 6 / 60)


def test_interocular_error_by_hand():
    truth = np.zeros((68, 2))
    truth[36], truth[45] = (10, 50), (60, 50)
    np.testing.assert_allclose(interocular_errors(truth + np.array([0, 2.0]), truth), 4)


def test_landmarks_of_another_shape_are_refused(truth):
    with pytest.raises(ValueError, match=r"\(68, 3\)"):
        normalised_errors(np.zeros((68, 3)), truth)


def test_the_balanced_mean_weighs_the_intervals_alike():
    means = means_by_yaw([1, 1, 1, 4, 7, np.nan], [0, -29.9, 10, 30, -75, 80])
    assert means.bins == (1, 4, 7)
    assert means.counts == (3, 1, 1)
    assert means.balanced == 4
    assert means.overall == pytest.approx(14 / 5)


def test_photos_of_unknown_yaw_count_only_in_the_overall_mean():
    means = means_by_yaw([2, 4], [5, np.nan])
    assert means.counts == (1, 0, 0)
    assert means.overall == 3
    assert np.isnan(means.balanced)


def test_a_failed_photo_lowers_the_curve():
    shares = cumulative_shares([1, 3, np.nan, 3], np.array([0.5, 1, 3, 100]))
    np.testing.assert_array_equal(shares, [0, 0.25, 0.75, 0.75])
    assert failure_rate([1, 3, np.nan, 3], 2) == 0.75


def test_the_area_is_that_of_the_curve():
    errors = [0.0, 2.5, 6.0, 20.0, np.nan]
    fine = np.linspace(0, 10, 20001)
    area = cumulative_shares(errors, fine).mean()
    assert area_under_curve(errors, 10) == pytest.approx(area, abs=1e-3)
    assert area_under_curve([0, 0], 10) == 1
