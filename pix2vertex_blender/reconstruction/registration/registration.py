"""The aligned template is deformed onto the target (pix2vertex, supplement B.1, eq. 8)."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ...exchange.progress import Progress, silent
from ...template.canonical import SIZE
from .contacts import Folds, facing_rims, grow
from .deformation import Array
from .elasticity import Deformable, InnerLoop
from .matching import Matches, TargetIndex, require_matches
from .target import TargetMesh
from .untangling import Tangles, Untangler

#: How often the robust weights are found anew at the first stiffness.
ROBUST_ROUNDS = 3

#: The factors of one stiffness serve as well for another that differs by less than this factor.
SIMILAR_STIFFNESS = 6.0

#: As long as the template moves, steps are small enough at this share of its last motion, but no more than so many
#: times `smallest_step`.
NEXT_STEP, FIRST_STEP = 0.01, 3.0

#: Weight of a crossing pair of lips or lids, against the published 1 of the plane term.
CONTACT_WEIGHT = 10.0

#: The median of an absolute Gaussian in one dimension, times this, is that of the length in two dimensions.
ONE_TO_TWO_DIMENSIONS = 1.746


@dataclass(frozen=True)
class RegistrationParameters:
    """Parameters of the registration. Lengths are in millimetres on a face of the mean face's size.

    Attributes
    ----------
    point_weight, plane_weight : float
        Weights of the first two terms of eq. 8, as published.
    first_stiffness, last_stiffness : float
        The range of the third term's weight, as published; see `STIFFNESS_UNIT`.
    smallest_step : float
        The inner loop stops when the root mean square of the vertices' steps is below this, as published.
    still_motion : float
        The registration has converged when the root mean square of the vertices' motion in an outer iteration is below
        this, as published.
    most_steps, most_rounds : int
        Caps of the inner loop and of the outer iterations at one stiffness.
    match_distance : float
        A template vertex has no match if the nearest target point lies farther in canonical space. The published
        cut-off of 1 mm in space would reject almost everything while the template is stiff; there, robust weights
        take its place.
    border_distance : float
        Matches at the border of the target count only if they are this near in canonical space: beyond the border,
        every hidden vertex has its nearest neighbour there.
    largest_angle : float
        Matches whose normals disagree by more degrees are ignored. The published 5 degrees are less than the roughness
        of the target's normals.
    outlier_factor : float
        Matches farther away than this many median distances lose their weight (Geman and McClure's function).
    tolerated_noise : float
        How noisy the correspondence may be to be followed with the last stiffness. Noise moves matches within the
        surface only, while an unresolved deformation moves them in all directions: that tells the two apart. The
        stiffness with which the correspondence is smoothed grows with the variance of the noise.
    resolved_ratio : float
        Distance within the surface relative to that across it, of an unresolved deformation without noise (measured
        between 0.6 and 0.75).
    least_noise : float
        The noise that is assumed if less is measured, for a correspondence whose errors go with errors of the depth and
        hide from the measurement.
    physical_reach, physical_canonical_reach : float
        The physical nearest neighbour counts if it lies within the first distance in space and the second in
        canonical space.
    smallest_gap : float
        How far lips and lids stay apart where they meet, unless they are nearer at rest.
    reach : float
        How far from what is seen the deformation fades to the alignment, or to the mirrored deformation of the other
        side.
    """

    point_weight: float = 0.1
    plane_weight: float = 1.0
    first_stiffness: float = 1e8
    last_stiffness: float = 1e6
    smallest_step: float = 0.01
    still_motion: float = 0.1
    most_steps: int = 40
    most_rounds: int = 3
    match_distance: float = 4.0
    border_distance: float = 1.0
    largest_angle: float = 60.0
    outlier_factor: float = 3.0
    tolerated_noise: float = 0.13
    resolved_ratio: float = 0.8
    least_noise: float = 0.0
    physical_reach: float = 5.0
    physical_canonical_reach: float = 12.0
    reach: float = 20.0
    smallest_gap: float = 0.2


#: For maps that a network has guessed from a photo.
NETWORK_MAPS = RegistrationParameters(least_noise=0.3, most_rounds=8)


@dataclass(frozen=True)
class Registration:
    """The registered template.

    Attributes
    ----------
    vertices : (n, 3)
        In the target's units.
    iterations : int
        Conjugate gradient steps in all.
    matches : int
        Vertices that the last outer iteration drew to the target.
    median_distance_mm : float
        Their median distance from their matches, in the target's units (millimetres).
    correspondence_noise_mm : float
        The estimated noise of the correspondence within the surface.
    folded : int
        Vertices at edges whose triangles still lie folded onto each other.
    intersecting : int
        Vertices of triangles around mouth and eyes, and around folds, that still cut others.
    converged : bool
        Whether the last outer iteration moved the vertices by less than `RegistrationParameters.still_motion`.
    """

    vertices: Array
    iterations: int
    matches: int
    median_distance_mm: float
    correspondence_noise_mm: float
    folded: int
    intersecting: int
    converged: bool


def register(
    vertices: NDArray[np.floating],
    faces: NDArray[np.integer],
    canonical: NDArray[np.floating],
    target: TargetMesh | TargetIndex,
    parameters: RegistrationParameters | None = None,
    weights: NDArray[np.floating] | None = None,
    mirror: NDArray[np.integer] | None = None,
    progress: Progress = silent,
) -> Registration:
    """Deform the aligned template onto the target (supplement B.1, steps 1 to 4).

    The order of B.1 with three stiffnesses: at the first, stiff enough to be fitted to anything, matches that
    contradict their neighbours lose their weight and the correspondence's noise is measured; at the second, chosen
    from the noise and left out where there is none, the correspondence is smoothed; at the last, the template takes
    the target's shape, matched to the smoothed template's physical nearest neighbours if there is noise and in the
    embedding if there is none.

    Parameters
    ----------
    vertices : (n, 3)
        The template, aligned with the target.
    faces : (m, 3) or (m, 4)
    canonical : (n, 3)
        Canonical coordinates of the template's vertices.
    target : TargetMesh or TargetIndex
    parameters : RegistrationParameters, optional
    weights : (n,), optional
        How much each vertex takes part in matching: 0 for what the network never sees (scalp, back, neck, inner
        rims), which follows by smoothness.
    mirror : (n,) integer, optional
        The vertex on the other side of the face: what is hidden is completed from the side that is seen.
    progress : Progress, optional

    Raises
    ------
    MeshError
        If the template's mesh is degenerate or not manifold.
    RegistrationError
        If shapes disagree or hardly any vertex has a match.
    """
    parameters = parameters or RegistrationParameters()
    index = target if isinstance(target, TargetIndex) else TargetIndex(target)
    template = Deformable(vertices, faces, canonical, weights, parameters.reach, mirror)
    matching = Matching.of(template, index, parameters)
    progress("registration", 0.2)
    current, robust = _fit_stiffly(matching)
    progress("registration", 0.4)
    noise = correspondence_noise(current, matching.embedded, matching.trusted > 0, parameters.resolved_ratio)
    noise = max(noise, parameters.least_noise)
    smoothing = parameters.last_stiffness * (noise / parameters.tolerated_noise) ** 2
    match = matching.in_embedding
    if smoothing > parameters.last_stiffness:
        current = _fit_smoothly(matching, robust, current, smoothing)
        match = matching.in_space
    progress("registration", 0.5)
    folds = Folds(template.reference, template.triangles)
    fit = fit_closely(template, current, match, folds, parameters, progress)
    pause = partial(progress, "registration", 1.0)
    pause()
    final, tangles = Untangler(template.reference, template.triangles, folds).repair(fit.vertices, pause)
    pause()
    return registered(template, replace(fit, vertices=final), tangles, noise)


def registered(template: Deformable, fit: "CloseFit", tangles: Tangles, noise: float) -> Registration:
    """What there is to tell of a fitted template, in the target's units."""
    distances = np.linalg.norm(fit.vertices - fit.matches.points, axis=1)[fit.used > 0]
    return Registration(
        vertices=fit.vertices * template.unit,
        iterations=template.steps,
        matches=len(distances),
        median_distance_mm=float(np.median(distances)) * template.unit if len(distances) else float("nan"),
        correspondence_noise_mm=noise * template.unit,
        converged=fit.converged,
        folded=int(tangles.folded.sum()),
        intersecting=int(tangles.intersecting.sum()),
    )


@dataclass(frozen=True)
class Matching:
    """Step 1 of B.1: matches of the template's vertices, in its unit, and weights (n,) of those that are not ignored.

    Attributes
    ----------
    template : Deformable
    index : TargetIndex
    parameters : RegistrationParameters
    embedded : Matches
        In canonical space.
    trusted : (n,)
        Weight times area of the vertices whose match there can be believed.
    """

    template: Deformable
    index: TargetIndex
    parameters: RegistrationParameters
    embedded: Matches
    trusted: Array

    @classmethod
    def of(cls, template: Deformable, index: TargetIndex, parameters: RegistrationParameters) -> "Matching":
        """Match in canonical space.

        Raises
        ------
        RegistrationError
            If hardly any vertex has a match.
        """
        matches = index.match_canonical(template.canonical).scaled(1 / template.unit)
        return cls(template, index, parameters, matches, _trusted(matches, template, parameters))

    def in_embedding(self, vertices: Array) -> tuple[Matches, Array]:
        """The matches in canonical space, whatever they are away from the vertices (n, 3), by robust weights."""
        robust = robust_weights(vertices, self.embedded, self.trusted > 0, self.parameters.outlier_factor)
        return self._facing(vertices, self.embedded, self.trusted * robust)

    def in_space(self, vertices: Array) -> tuple[Matches, Array]:
        """The physical nearest neighbours of the vertices (n, 3) on the same part of the face."""
        template, parameters = self.template, self.parameters
        near = (template.weights > 0) & (self.embedded.distances * SIZE < 2 * parameters.match_distance)
        found = self.index.match_positions(vertices * template.unit, near).scaled(1 / template.unit)
        reachable = _reachable(vertices, found, template, parameters)
        return self._facing(vertices, found, template.weights * template.mass * reachable)

    def _facing(self, vertices: Array, matches: Matches, used: Array) -> tuple[Matches, Array]:
        normals = self.template.normals(vertices)
        return matches, used * facing(normals, matches.normals, self.parameters.largest_angle)


def _fit_stiffly(matching: Matching) -> tuple[Array, Array]:
    """Fit the points at the first stiffness with robust weights; returns vertices (n, 3) and weights (n,)."""
    template, matches, trusted, parameters = matching.template, matching.embedded, matching.trusted, matching.parameters
    current, robust, stiffness = template.reference, trusted, parameters.first_stiffness
    for round_ in range(ROBUST_ROUNDS):
        data = template.data_terms(matches, robust * parameters.point_weight, 0 * robust, stiffness, current)
        if round_ == 0:
            template.factorise(data, stiffness)
        current = template.fit(data, stiffness, current, InnerLoop(parameters.still_motion, parameters.most_steps))
        robust = trusted * robust_weights(current, matches, trusted > 0, parameters.outlier_factor)
    return current, robust


def _fit_smoothly(matching: Matching, robust: Array, current: Array, smoothing: float) -> Array:
    """Fit to the matches, as far as they are trusted (n,), at the stiffness that smooths their noise away."""
    template, parameters = matching.template, matching.parameters
    data = template.data_terms(matching.embedded, robust * parameters.point_weight, 0 * robust, smoothing, current)
    if smoothing < parameters.first_stiffness / SIMILAR_STIFFNESS:
        template.factorise(data, smoothing)
    loop = InnerLoop(FIRST_STEP * parameters.smallest_step, parameters.most_steps)
    return template.fit(data, smoothing, current, loop)


def correspondence_noise(vertices: Array, matches: Matches, used: NDArray[np.bool_], resolved_ratio: float) -> float:
    """Median error of the correspondence within the surface, beyond what an unresolved deformation explains.

    Parameters
    ----------
    vertices : (n, 3)
        The template fitted stiffly to the matches.
    matches : Matches
    used : (n,) bool
    resolved_ratio : float
        See `RegistrationParameters`.
    """
    difference = (vertices - matches.points)[used]
    normals = matches.normals[used]
    along = np.einsum("ij,ij->i", difference, normals)
    across = np.linalg.norm(difference - along[:, None] * normals, axis=1)
    explained = resolved_ratio * ONE_TO_TWO_DIMENSIONS * np.median(np.abs(along))
    return float(np.sqrt(max(np.median(across) ** 2 - explained**2, 0.0)))


@dataclass(frozen=True)
class CloseFit:
    """The template at the last stiffness, in its own unit.

    Attributes
    ----------
    vertices : (n, 3)
    matches : Matches
        Of the last outer iteration.
    used : (n,)
        How much each of them counted.
    converged : bool
    """

    vertices: Array
    matches: Matches
    used: Array
    converged: bool


def fit_closely(
    template: Deformable,
    current: Array,
    match: Callable[[Array], tuple[Matches, Array]],
    folds: Folds,
    parameters: RegistrationParameters,
    progress: Progress,
) -> CloseFit:
    """Outer iterations at the last stiffness.

    After each, crossing lips and lids are driven apart in the next, and folded triangles are freed from their matches.
    """
    rims = facing_rims(template.reference, template.triangles, parameters.smallest_gap)
    stiffness = parameters.last_stiffness
    touching, tangled = np.zeros(len(rims.gaps), dtype=bool), np.zeros(len(current), dtype=bool)
    motion, rounds = np.inf, 0
    while True:
        matches, used = match(current)
        used = np.where(tangled, 0.0, used)
        data = template.data_terms(
            matches, used * parameters.point_weight, used * parameters.plane_weight, stiffness, current
        )
        if rounds == 0:
            template.factorise(data, stiffness)
        # What matches will be found anew for need not be fitted to the last step.
        step = np.clip(NEXT_STEP * motion, parameters.smallest_step, FIRST_STEP * parameters.smallest_step)
        loop = InnerLoop(float(step), parameters.most_steps)
        moved = template.fit(data, stiffness, current, loop, rims.contacts(touching, CONTACT_WEIGHT * template.mass))
        motion = float(np.sqrt(((moved - current) ** 2).sum(axis=1).mean()))
        current, rounds = moved, rounds + 1
        progress("registration", 0.5 + 0.5 * rounds / parameters.most_rounds)
        folded = folds.find(current)
        crossing = rims.overlaps(current) > 0
        untangled = not (folded & ~tangled).any() and not (crossing & ~touching).any()
        if rounds == parameters.most_rounds or (motion < parameters.still_motion and untangled):
            break
        touching |= crossing
        tangled |= grow(folded, template.triangles, rounds)
    return CloseFit(current, matches, used, motion < parameters.still_motion)


def _trusted(matches: Matches, template: Deformable, parameters: RegistrationParameters) -> Array:
    """Weight times area of the vertices (n,) whose match in canonical space can be believed."""
    distances = matches.distances * SIZE
    believed = (matches.inside & (distances < parameters.match_distance)) | (distances < parameters.border_distance)
    trusted = template.weights * template.mass * believed
    require_matches(int((trusted > 0).sum()))
    return trusted


def robust_weights(vertices: Array, matches: Matches, used: NDArray[np.bool_], factor: float) -> Array:
    """Geman and McClure's weights (n,) of the distances, their scale a multiple of the median distance."""
    distances = np.linalg.norm(vertices - matches.points, axis=1)
    scale = factor * max(float(np.median(distances[used])), 0.5)
    return 1 / (1 + (distances / scale) ** 2) ** 2


def _reachable(
    vertices: Array, matches: Matches, template: Deformable, parameters: RegistrationParameters
) -> NDArray[np.bool_]:
    """Which physical nearest neighbours are on the same part of the face."""
    apart = np.linalg.norm(matches.canonical - template.canonical, axis=1) * SIZE
    return (
        matches.inside
        & (np.linalg.norm(vertices - matches.points, axis=1) < parameters.physical_reach)
        & (apart < parameters.physical_canonical_reach)
    )


def facing(normals: Array, others: Array, largest_angle: float) -> NDArray[np.bool_]:
    """Which normals (n, 3) agree."""
    return np.einsum("ij,ij->i", normals, others) > np.cos(np.radians(largest_angle))
