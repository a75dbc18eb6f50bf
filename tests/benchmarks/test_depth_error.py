import numpy as np
import pytest

from benchmarks.measures.depth import mean_errors, measure_depth

PIXEL = 0.6


@pytest.fixture
def scan():
    rows, columns = np.mgrid[-60:60, -50:50]
    inside = (rows / 58) ** 2 + (columns / 45) ** 2
    return 90 - 80 * np.sqrt(np.clip(1 - inside, 0, None)), inside < 0.8


def test_a_perfect_depth_scores_zero(scan):
    depth, mask = scan
    errors = measure_depth(depth, mask, depth, mask, PIXEL, PIXEL)
    assert errors.mean == pytest.approx(0, abs=1e-9)
    assert errors.normals_degrees == pytest.approx(0, abs=1e-4)
    assert errors.covered == 1


def test_scale_and_offset_do_not_count(scan):
    depth, mask = scan
    errors = measure_depth(0.02 * depth + 7, mask, depth, mask, 0.02 * PIXEL, PIXEL)
    assert errors.percentile_90 == pytest.approx(0, abs=1e-6)
    assert errors.normals_degrees == pytest.approx(0, abs=1e-4)


def test_known_steps_score_their_height(scan):
    depth, mask = scan
    extent = np.ptp(depth[mask])
    wrong = depth.copy()
    rows, columns = np.nonzero(mask)
    chosen = np.random.default_rng(0).random(len(rows)) < 0.2
    wrong[rows[chosen], columns[chosen]] += 0.3 * extent
    errors = measure_depth(wrong, mask, depth, mask, PIXEL, PIXEL)
    assert errors.mean == pytest.approx(100 * 0.3 * chosen.mean(), rel=0.02)
    assert errors.median == pytest.approx(0, abs=0.05)


def test_depth_turned_inside_out_is_no_fit(scan):
    depth, mask = scan
    assert measure_depth(-depth, mask, depth, mask, PIXEL, PIXEL).mean > 10


def test_a_plane_turned_by_ten_degrees_has_normals_ten_degrees_off():
    columns = np.mgrid[:40, :40][1] * PIXEL
    mask = np.ones((40, 40), dtype=bool)
    errors = measure_depth(np.tan(np.radians(30)) * columns, mask, np.tan(np.radians(20)) * columns, mask, PIXEL, PIXEL)
    assert errors.normals_degrees == pytest.approx(10)
    assert errors.mean == pytest.approx(0, abs=1e-9)  # a plane's slope is a scale


def test_half_of_the_truth_is_covered(scan):
    depth, mask = scan
    half = mask & (np.arange(mask.shape[1]) < 50)
    assert measure_depth(depth, half, depth, mask, PIXEL, PIXEL).covered == pytest.approx(0.5, abs=0.01)


def test_maps_of_another_size_are_refused(scan):
    depth, mask = scan
    with pytest.raises(ValueError, match=r"\(119, 100\)"):
        measure_depth(depth[1:], mask[1:], depth, mask, PIXEL, PIXEL)


def test_the_mean_of_no_maps_is_not_a_number():
    assert np.isnan(mean_errors([]).mean)
