"""Depth error of one depth map: pix2vertex 5.2, and the angle between normals beside it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RANSAC_ITERATIONS = 1000
#: Of RANSAC, as a share of the true depth's range.
INLIER_SHARE = 0.05
#: RANSAC counts the inliers among every seventh pixel.
COUNTING_STEP = 7

Depth = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class DepthErrors:
    """Absolute errors of one depth map in percent of the true range, and the mean angle between normals."""

    mean: float
    deviation: float
    median: float
    percentile_90: float
    normals_degrees: float
    covered: float


def measure_depth(
    depth: Depth, mask: Mask, true_depth: Depth, true_mask: Mask, pixel: float, true_pixel: float
) -> DepthErrors:
    """Errors of a depth map on the pixels that it shares with the truth.

    Scale and offset along z are found by RANSAC with the same parameters for every method (pix2vertex 5.2).

    Parameters
    ----------
    depth, true_depth : (H, W)
        Larger is farther, each up to a scale and an offset.
    mask, true_mask : (H, W) bool
    pixel, true_pixel : float
        The size of a pixel in the unit of each depth, for the normals.

    Raises
    ------
    ValueError
        If the shapes differ, or nothing is left to compare.
    """
    if not depth.shape == mask.shape == true_depth.shape == true_mask.shape:
        raise ValueError(
            "depth, mask, true_depth and true_mask must have one shape, not "
            f"{depth.shape}, {mask.shape}, {true_depth.shape} and {true_mask.shape}"
        )
    both = mask & true_mask
    if both.sum() < 2:
        raise ValueError("mask and true_mask share no pixels")
    truth = true_depth[both]
    extent = float(np.ptp(true_depth[true_mask]))
    scale, offset = fit_scale_and_offset(depth[both], truth, INLIER_SHARE * extent)
    errors = 100 * np.abs(scale * depth[both] + offset - truth) / extent
    own = depth_normals(np.where(mask, depth, np.nan), pixel)
    true = depth_normals(np.where(true_mask, true_depth, np.nan), true_pixel)
    cosine = np.clip((own * true).sum(axis=-1), -1, 1)
    angle = np.degrees(np.arccos(cosine[np.isfinite(cosine)]))
    return DepthErrors(
        float(errors.mean()),
        float(errors.std()),
        float(np.median(errors)),
        float(np.percentile(errors, 90)),
        float(angle.mean()) if angle.size else float("nan"),
        float(both.sum() / true_mask.sum()),
    )


def mean_errors(rows: list[DepthErrors]) -> DepthErrors:
    """Each figure's mean over several depth maps; NaN if there are none."""
    if not rows:
        return DepthErrors(*6 * [float("nan")])
    return DepthErrors(*(float(value) for value in np.mean([list(vars(row).values()) for row in rows], axis=0)))


def fit_scale_and_offset(source: Depth, target: Depth, threshold: float, seed: int = 0) -> tuple[float, float]:
    """Scale and offset that bring most of source (n,) within the threshold of target (n,), refined on those.

    A scale is never negative: depth turned inside out is no fit.
    """
    generator = np.random.default_rng(seed)
    best, best_count = np.array([0.0, float(np.median(target))]), 0
    some_source, some_target = source[::COUNTING_STEP], target[::COUNTING_STEP]
    for first, second in generator.integers(0, len(source), (RANSAC_ITERATIONS, 2)):
        run = source[second] - source[first]
        if abs(run) < 1e-9:
            continue
        scale = (target[second] - target[first]) / run
        if scale <= 0:
            continue
        offset = target[first] - scale * source[first]
        count = int((np.abs(scale * some_source + offset - some_target) < threshold).sum())
        if count > best_count:
            best, best_count = np.array([scale, offset]), count
    inliers = np.abs(best[0] * source + best[1] - target) < threshold
    if inliers.sum() > 2:
        system = np.column_stack([source[inliers], np.ones(inliers.sum())])
        refined = np.linalg.lstsq(system, target[inliers], rcond=None)[0]
        best = refined if refined[0] > 0 else best
    return float(best[0]), float(best[1])


def depth_normals(depth: Depth, pixel: float) -> Depth:
    """Unit normals (H, W, 3) towards the camera of a depth map; NaN beside unknown pixels."""
    down, right = np.gradient(depth, pixel)
    vectors = np.stack([right, -down, np.ones_like(depth)], axis=-1)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
