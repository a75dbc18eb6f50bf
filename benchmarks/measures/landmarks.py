"""Normalised mean error of landmarks, by yaw."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Without the jaw, whose points some data sets take from the visible contour.
INNER = slice(17, 68)
OUTER_EYE_CORNERS = (36, 45)
#: The field's intervals of |yaw| in degrees; the last one takes everything beyond.
YAW_BINS = ((0.0, 30.0), (30.0, 60.0), (60.0, 181.0))
BIN_LABELS = ("0 to 30", "30 to 60", "60 to 90")


@dataclass(frozen=True)
class MeansByYaw:
    """Means of an error in the intervals of `YAW_BINS`.

    Attributes
    ----------
    bins : tuple of float
        Mean of each interval; NaN where there is no photo.
    counts : tuple of int
        Photos in each interval.
    balanced : float
        Mean of the intervals' means, as if each had as many photos (3DDFA); NaN if an interval is empty.
    overall : float
        Mean over all photos, also those of unknown yaw.
    """

    bins: tuple[float, ...]
    counts: tuple[int, ...]
    balanced: float
    overall: float


def normalised_errors(landmarks: NDArray[np.floating], truth: NDArray[np.floating]) -> NDArray[np.float64]:
    """Distances (k,) of landmarks (k, 2) or (k, 3) in percent of the size of the truth's box.

    The size is sqrt(width x height) of the true points' bounding box in the image. The third coordinate is in pixels
    too and counts up to an offset, since a photo does not tell the distance: the means are made equal.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    landmarks, truth = np.asarray(landmarks, dtype=np.float64), np.asarray(truth, dtype=np.float64)
    if landmarks.shape != truth.shape or truth.ndim != 2 or truth.shape[1] not in (2, 3):
        raise ValueError(
            f"landmarks and truth must both have shape (k, 2) or (k, 3), not {landmarks.shape} and {truth.shape}"
        )
    difference = landmarks - truth
    difference[:, 2:] -= difference[:, 2:].mean(axis=0)
    return 100 * np.linalg.norm(difference, axis=1) / box_size(truth)


def box_size(points: NDArray[np.floating]) -> float:
    """sqrt(width x height) of the bounding box of points (k, 2 or more)."""
    return float(np.sqrt(np.ptp(np.asarray(points)[:, :2], axis=0).prod()))


def interocular_errors(landmarks: NDArray[np.floating], truth: NDArray[np.floating]) -> NDArray[np.float64]:
    """Distances (68,) in percent of the distance of the outer eye corners, the custom on 300W."""
    right, left = (np.asarray(truth)[corner] for corner in OUTER_EYE_CORNERS)
    return 100 * np.linalg.norm(np.asarray(landmarks) - truth, axis=1) / np.linalg.norm(left - right)


def bin_of(yaw: float) -> int | None:
    """Index of the interval of `YAW_BINS` that a yaw in degrees lies in; None if it is NaN."""
    for index, (lower, upper) in enumerate(YAW_BINS):
        if lower <= abs(yaw) < upper:
            return index
    return None


def means_by_yaw(errors: Sequence[float], yaws: Sequence[float]) -> MeansByYaw:
    """Means of errors (n,), one for each photo, by yaw (n,) in degrees; NaN errors (failures) are left out."""
    known = [(error, bin_of(yaw)) for error, yaw in zip(errors, yaws, strict=True) if not np.isnan(error)]
    binned = [[error for error, own in known if own == index] for index in range(len(YAW_BINS))]
    bins = tuple(float(np.mean(values)) if values else float("nan") for values in binned)
    overall = float(np.mean([error for error, _ in known])) if known else float("nan")
    return MeansByYaw(bins, tuple(len(values) for values in binned), float(np.mean(bins)), overall)
