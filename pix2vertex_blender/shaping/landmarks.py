"""The 68 landmarks as points of the head."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..template import load_template
from .points import Points


@cache
def landmark_points() -> Points:
    """Where annotators see the 68 landmarks, in iBUG's order."""
    template = load_template()
    return Points(template.landmark_corners.astype(np.int64), template.landmark_weights.astype(np.float64))


@cache
def mirrored_landmarks() -> NDArray[np.int64]:
    """For each landmark (68,) the one on the other side of the face; itself in the middle."""
    places = landmark_points().of(load_template().vertices)
    across = places * (-1.0, 1.0, 1.0)
    return np.linalg.norm(across[:, None] - places, axis=2).argmin(axis=1)
