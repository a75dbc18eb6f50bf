"""Cumulative error curves."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def cumulative_shares(errors: Sequence[float], thresholds: NDArray[np.floating]) -> NDArray[np.float64]:
    """Share (k,) of the photos whose error is at most each threshold; NaN is a failure and never is."""
    values = np.nan_to_num(np.asarray(errors, dtype=np.float64), nan=np.inf)
    if len(values) == 0:
        raise ValueError("errors must hold at least one photo")
    return (values[:, None] <= np.asarray(thresholds)[None]).mean(axis=0)


def area_under_curve(errors: Sequence[float], limit: float) -> float:
    """Area under the cumulative curve from 0 to `limit`, over `limit`: 1 for a perfect, 0 for a useless prediction."""
    values = np.nan_to_num(np.asarray(errors, dtype=np.float64), nan=np.inf)
    return float(np.clip(1 - values / limit, 0, 1).mean())


def failure_rate(errors: Sequence[float], limit: float) -> float:
    """Share of the photos that failed or whose error exceeds `limit`."""
    return 1 - float(cumulative_shares(errors, np.array([limit]))[0])
