"""Similarity transforms between corresponding points."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Similarity:
    """The map ``x -> scale * rotation @ x + translation``."""

    scale: float
    rotation: NDArray[np.float64]
    translation: NDArray[np.float64]

    def apply(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map points (n, 3)."""
        return self.scale * np.asarray(points, dtype=np.float64) @ self.rotation.T + self.translation

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The map as a (4, 4) matrix of homogeneous coordinates."""
        matrix = np.eye(4)
        matrix[:3, :3] = self.scale * self.rotation
        matrix[:3, 3] = self.translation
        return matrix

    def after(self, first: "Similarity") -> "Similarity":
        """The map that applies `first`, then this."""
        translation = self.apply(first.translation[None])[0]
        return Similarity(self.scale * first.scale, self.rotation @ first.rotation, translation)

    def inverse(self) -> "Similarity":
        """The map back."""
        rotation = self.rotation.T
        return Similarity(1 / self.scale, rotation, -rotation @ self.translation / self.scale)


def fit_similarity(
    source: NDArray[np.floating], target: NDArray[np.floating], weights: NDArray[np.floating] | None = None
) -> Similarity:
    """Least-squares similarity from source to target, never a reflection (Umeyama 1991, eqs. 40 to 42).

    Parameters
    ----------
    source, target : (n, 3)
        Corresponding points, n >= 3.
    weights : (n,), optional
        Not negative.

    Raises
    ------
    ValueError
        If the shapes differ or the points do not determine the rotation.
    """
    source = np.asarray(source, dtype=np.float64)
    target = np.asarray(target, dtype=np.float64)
    if source.shape != target.shape or source.ndim != 2 or source.shape[1] != 3:
        raise ValueError(f"source and target must both have shape (n, 3), not {source.shape} and {target.shape}")
    share = np.ones(len(source)) if weights is None else np.asarray(weights, dtype=np.float64)
    total = share.sum()
    if len(source) < 3 or not total > 0:
        raise ValueError(f"three or more weighted points are needed, not {len(source)} of total weight {total:g}")
    share = share / total
    source_mean, target_mean = share @ source, share @ target
    source = source - source_mean
    u, singular, vt = np.linalg.svd((share[:, None] * (target - target_mean)).T @ source)
    if singular[1] <= 1e-12 * max(singular[0], 1e-300):
        raise ValueError("the points lie on one line, which leaves the rotation open")
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
    rotation = (u * sign) @ vt
    scale = (singular * sign).sum() / (share @ source**2).sum()
    return Similarity(float(scale), rotation, target_mean - scale * rotation @ source_mean)


def fit_similarity_robustly(
    source: NDArray[np.floating], target: NDArray[np.floating], iterations: int = 8
) -> tuple[Similarity, NDArray[np.float64]]:
    """Similarity that ignores outliers: Cauchy weights at twice the median distance, reweighted.

    Returns
    -------
    similarity : Similarity
    distances : (n,)
        Of the mapped source points from the target points, in the target's units.
    """
    weights = np.ones(len(source))
    for _ in range(iterations):
        similarity = fit_similarity(source, target, weights)
        difference = similarity.apply(source) - target
        distances = np.sqrt(np.einsum("ij,ij->i", difference, difference))
        weights = 1 / (1 + (distances / (2 * np.median(distances) + 1e-12)) ** 2)
    return similarity, distances
