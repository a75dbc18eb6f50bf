"""The normalisation of canonical coordinates."""

import numpy as np
from numpy.typing import NDArray

#: Millimetres of the mean neutral face's axes.
ORIGIN = np.array([0.0, 15.0, 45.0])
SIZE = 120.0


def to_millimetres(canonical: NDArray[np.floating]) -> NDArray[np.float64]:
    """Points (..., 3) of the mean neutral face in millimetres."""
    return np.asarray(canonical, dtype=np.float64) * SIZE + ORIGIN


def from_millimetres(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Canonical coordinates (..., 3) of points of the mean neutral face."""
    return (np.asarray(points, dtype=np.float64) - ORIGIN) / SIZE
