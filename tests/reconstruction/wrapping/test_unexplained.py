"""What distances count where a basis does not explain them."""

import numpy as np
import pytest

from pix2vertex_blender.reconstruction.wrapping.unexplained import UnexplainedParameters, noise_of, pairs_of, told_by

#: A sheet of 20 by 20 places, 4 mm apart.
SHEET = 4.0 * np.stack([*np.meshgrid(np.arange(20.0), np.arange(20.0)), np.zeros((20, 20))], axis=-1).reshape(-1, 3)
PARAMETERS = UnexplainedParameters()


def form(length: float) -> np.ndarray:
    """A wave (400,) of a tenth of a millimetre."""
    return 0.1 * np.sin(2 * np.pi * SHEET[:, 0] / length) * np.cos(2 * np.pi * SHEET[:, 1] / length)


def told(gaps: np.ndarray, noise: float = 0.0) -> float:
    """How much against a head the distances (400,) are."""
    counts = np.ones(len(SHEET))
    known = gaps + noise * np.random.default_rng(0).standard_normal(len(gaps))
    return float(gaps @ told_by(gaps[:, None], known, counts, pairs_of(SHEET, PARAMETERS), PARAMETERS)[:, 0])


def test_what_is_smooth_counts_less() -> None:
    """A flat cheek says less about where features lie than a fold as deep as it is flat."""
    cheek, fold = form(80.0), form(20.0)
    assert (cheek**2).sum() == pytest.approx((fold**2).sum(), rel=0.2)
    assert told(fold) > 3 * told(cheek)


def test_noise_counts_no_more_than_it_may() -> None:
    """On a rough scan, no distance is better known than its noise allows, and large forms count as before."""
    fold, whole = form(20.0), np.full(len(SHEET), 0.1)
    assert told(fold, noise=0.5) < 1.3 * (fold**2).sum() / 0.5**2
    assert told(fold, noise=0.5) < 0.5 * told(fold)
    assert told(whole, noise=0.5) > 0.6 * told(whole)


def test_noise_is_told_from_forms() -> None:
    """Its standard deviation is found on a bent sheet, on which there is hardly any without it."""
    bent, pairs = 20 * form(80.0), pairs_of(SHEET, PARAMETERS)
    counts, generator = np.ones(len(SHEET)), np.random.default_rng(1)
    assert noise_of(bent, counts, pairs) < 0.2
    assert noise_of(bent + generator.normal(0, 0.6, len(bent)), counts, pairs) == pytest.approx(0.6, rel=0.2)


def test_what_is_unknown_counts_nothing() -> None:
    """Wherever a scan has a hole, its distances are made up."""
    counts, gaps = np.ones(len(SHEET)), form(40.0)
    counts[:100] = 0.0
    across = np.eye(len(SHEET))
    before = told_by(across, gaps, counts, pairs_of(SHEET, PARAMETERS), PARAMETERS)
    assert np.abs(before[:99, :99]).max() < 1e-9
    np.testing.assert_allclose(before, before.T, atol=1e-6 * np.abs(before).max())
