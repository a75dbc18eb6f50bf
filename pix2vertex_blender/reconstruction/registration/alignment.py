"""The affine map that lays the template over the target (pix2vertex, supplement B.1)."""

from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

from ...errors import RegistrationError
from ...geometry.similarity import fit_similarity
from ...template.canonical import SIZE
from .matching import FEWEST_MATCHES, TargetIndex, require_matches
from .target import TargetMesh


@dataclass(frozen=True)
class AlignmentParameters:
    """Parameters of the alignment; lengths are in millimetres on a face of the mean face's size.

    Attributes
    ----------
    iterations, inlier_distance : int, float
        Of RANSAC, as published.
    match_distance : float
        A template vertex with no target vertex within this distance in canonical space has no match.
    smallest_spread : float
        How much of the face's extent has to be seen in every direction for the data alone to determine the affine map:
        the smallest variance of the matched vertices relative to that of the whole face.
    similarity_weight : float
        Where less is seen, the affine map is drawn towards the similarity that fits best, as if this share of the
        matches were spread over the whole face and moved by it.
    scored_matches : int
        RANSAC's hypotheses are compared on at most this many matches.
    """

    iterations: int = 1000
    inlier_distance: float = 3.0
    match_distance: float = 4.0
    smallest_spread: float = 0.25
    similarity_weight: float = 1.0
    scored_matches: int = 600


@dataclass(frozen=True)
class Alignment:
    """An affine map from the template to the target.

    Attributes
    ----------
    matrix : (3, 4)
        ``x -> matrix[:, :3] @ x + matrix[:, 3]``.
    matches : int
        Template vertices with a match.
    inliers : int
        Matches within the threshold of the final map.
    """

    matrix: NDArray[np.float64]
    matches: int
    inliers: int

    def apply(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Map points (n, 3)."""
        return np.asarray(points, dtype=np.float64) @ self.matrix[:, :3].T + self.matrix[:, 3]


def align(
    source_vertices: NDArray[np.floating],
    source_canonical: NDArray[np.floating],
    target: TargetMesh | TargetIndex,
    generator: np.random.Generator,
    parameters: AlignmentParameters | None = None,
    weights: NDArray[np.floating] | None = None,
) -> Alignment:
    """Affine map of the template onto the target by RANSAC over vertices matched in canonical space.

    Parameters
    ----------
    source_vertices, source_canonical : (n, 3)
        The template.
    target : TargetMesh or TargetIndex
    generator : numpy Generator
        Draws the samples.
    parameters : AlignmentParameters, optional
    weights : (n,), optional
        Only vertices of positive weight (those the network can see) take part.

    Raises
    ------
    RegistrationError
        If there are too few matches to determine the map.
    """
    parameters = parameters or AlignmentParameters()
    index = target if isinstance(target, TargetIndex) else TargetIndex(target)
    source = np.asarray(source_vertices, dtype=np.float64)
    face = np.ones(len(source), dtype=bool) if weights is None else np.asarray(weights) > 0
    matches = index.match_canonical(source_canonical)
    used = face & matches.inside & (matches.distances * SIZE < parameters.match_distance)
    count = int(used.sum())
    require_matches(count)
    points, goals = source[used], matches.points[used]
    # The threshold is in millimetres of the mean face whatever the target's units are.
    threshold = parameters.inlier_distance * fit_similarity(source_canonical[used], goals).scale / SIZE
    inliers = _ransac(points, goals, threshold, generator, parameters)
    spread = _smallest_relative_variance(points[inliers], source[face])
    # Flat samples say little of depth: the flatter, the more the map is drawn towards a similarity.
    share = float(np.clip(1.0 - spread / parameters.smallest_spread, 0.0, 1.0))
    for _ in range(5):
        matrix = fit_affine(points[inliers], goals[inliers], source[face], share * parameters.similarity_weight)
        residuals = np.linalg.norm(points @ matrix[:, :3].T + matrix[:, 3] - goals, axis=1)
        # A face with an expression is no affine image of the neutral one: the cut follows the typical distance.
        inliers = residuals <= max(threshold, 2.0 * float(np.median(residuals)))
    if np.linalg.det(matrix[:, :3]) <= 0:
        raise RegistrationError("The face in the photo cannot be told from its mirror image; choose another photo.")
    return Alignment(matrix, count, int((residuals <= threshold).sum()))


def fit_affine(
    source: NDArray[np.float64],
    target: NDArray[np.float64],
    whole_source: NDArray[np.float64],
    similarity_weight: float,
) -> NDArray[np.float64]:
    """Least-squares affine map (3, 4), drawn towards the best similarity S.

    Minimises the mean of ``|A x - y|^2`` over the pairs plus `similarity_weight` times the mean of ``|A x - S x|^2``
    over `whole_source` about its centre, which only concerns the linear part and weighs little along directions the
    pairs span.

    Parameters
    ----------
    source, target : (n, 3)
    whole_source : (k, 3)
        The shape whose proportions are to be kept.
    similarity_weight : float
        0 gives the plain affine fit.
    """
    centre, goal = source.mean(axis=0), target.mean(axis=0)
    offsets = source - centre
    covariance = offsets.T @ offsets / len(source)
    cross = (target - goal).T @ offsets / len(source)
    if similarity_weight > 0:
        similarity = fit_similarity(source, target)
        whole = whole_source - whole_source.mean(axis=0)
        prior = similarity_weight * (whole.T @ whole) / len(whole)
        covariance = covariance + prior
        cross = cross + similarity.scale * similarity.rotation @ prior
    linear = scipy.linalg.lstsq(covariance, cross.T)[0].T
    return np.column_stack([linear, goal - linear @ centre])


def _ransac(
    points: NDArray[np.float64],
    goals: NDArray[np.float64],
    threshold: float,
    generator: np.random.Generator,
    parameters: AlignmentParameters,
) -> NDArray[np.bool_]:
    """Which matches agree with the best of the affine maps through four random matches."""
    homogeneous = np.column_stack([points, np.ones(len(points))])
    samples = generator.integers(len(points), size=(parameters.iterations, 4))
    scored = generator.permutation(len(points))[: parameters.scored_matches]
    # A whisper of ridge makes flat samples solvable; they score badly.
    corners = homogeneous[samples]
    normal = np.einsum("kia,kib->kab", corners, corners)
    normal += 1e-9 * np.trace(normal, axis1=1, axis2=2)[:, None, None] * np.eye(4)
    matrices = np.linalg.solve(normal, np.einsum("kia,kib->kab", corners, goals[samples]))
    squared = np.zeros((len(matrices), len(scored)))
    for axis in range(3):
        squared += (matrices[:, :, axis] @ homogeneous[scored].T - goals[scored, axis]) ** 2
    best = matrices[np.argmax(np.count_nonzero(squared < threshold**2, axis=1))]
    distances = np.linalg.norm(homogeneous @ best - goals, axis=1)
    inliers = distances < threshold
    if inliers.sum() < FEWEST_MATCHES:
        inliers = distances <= np.partition(distances, FEWEST_MATCHES - 1)[FEWEST_MATCHES - 1]
    return inliers


def _smallest_relative_variance(part: NDArray[np.float64], whole: NDArray[np.float64]) -> float:
    """The smallest variance of a part relative to the whole over all directions."""
    return float(scipy.linalg.eigh(np.cov(part.T), np.cov(whole.T), eigvals_only=True)[0])
