import numpy as np
import pytest

from benchmarks.depth import measure
from benchmarks.landmarks import normalised_errors

PIXEL = 0.6


@pytest.fixture
def scan():
    rows, columns = np.mgrid[-60:60, -50:50]
    inside = (rows / 58) ** 2 + (columns / 45) ** 2
    return 90 - 80 * np.sqrt(np.clip(1 - inside, 0, None)), inside < 0.8


def test_a_perfect_depth_scores_zero(scan):
    depth, mask = scan
    errors = measure(depth, mask, depth, mask, PIXEL, PIXEL)
    assert errors.mean == pytest.approx(0, abs=1e-9)
    assert errors.normals_degrees == pytest.approx(0, abs=1e-4)
    assert errors.covered == 1


def test_scale_and_offset_do_not_count(scan):
    depth, mask = scan
    errors = measure(0.02 * depth + 7, mask, depth, mask, 0.02 * PIXEL, PIXEL)
    assert errors.percentile_90 == pytest.approx(0, abs=1e-6)
    assert errors.normals_degrees == pytest.approx(0, abs=1e-4)


def test_known_steps_score_their_height(scan):
    depth, mask = scan
    extent = np.ptp(depth[mask])
    wrong = depth.copy()
    rows, columns = np.nonzero(mask)
    chosen = np.random.default_rng(0).random(len(rows)) < 0.2
    wrong[rows[chosen], columns[chosen]] += 0.3 * extent
    errors = measure(wrong, mask, depth, mask, PIXEL, PIXEL)
    assert errors.mean == pytest.approx(100 * 0.3 * chosen.mean(), rel=0.02)
    assert errors.median == pytest.approx(0, abs=0.05)


def test_depth_turned_inside_out_is_no_fit(scan):
    depth, mask = scan
    assert measure(-depth, mask, depth, mask, PIXEL, PIXEL).mean > 10


def test_a_hand_computed_landmark_error():
    truth = np.zeros((68, 2))
    truth[1] = (40, 0)
    truth[2] = (0, 90)
    moved = truth + np.array([3.0, 4.0])
    np.testing.assert_allclose(normalised_errors(moved, truth), 100 * 5 / 60)
