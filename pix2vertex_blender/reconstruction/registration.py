"""The aligned template is deformed onto the target (pix2vertex, supplement B.1, eq. 8)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import RegistrationError
from ..geometry.laplacian import bilaplacian, check_triangle_mesh, cotangent_laplacian, lumped_mass
from ..geometry.mesh import triangulate, vertex_normals
from ..geometry.similarity import fit_similarity
from ..template.canonical import SIZE
from .deformation import Array, Contacts, DataTerms, DeformationEnergy, StiffnessSolver
from .matching import Matches, TargetIndex
from .progress import Progress, silent
from .target import TargetMesh

#: The published stiffness has no unit. It is multiplied by this (mm^4) and by the integral of the squared Laplacian
#: of the displacement over the template's area, against data terms that are integrated likewise, so that the result
#: depends neither on the template's resolution nor on the units of the input. With it the published 10^8 lets the
#: point term bend the template over about 45 mm and more, the published 10^6 over about 14 mm and more.
STIFFNESS_UNIT = 0.04**4

#: Fewer matches cannot hold the template.
FEWEST_MATCHES = 12

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
        Distance within the surface relative to that across it, of an unresolved deformation without noise.
    physical_reach, physical_canonical_reach : float
        The physical nearest neighbour counts if it lies within the first distance in space and the second in
        canonical space.
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
    resolved_ratio: float = 0.7
    physical_reach: float = 5.0
    physical_canonical_reach: float = 12.0
    reach: float = 20.0


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
    converged : bool
        Whether the last outer iteration moved the vertices by less than `RegistrationParameters.still_motion`.
    """

    vertices: Array
    iterations: int
    matches: int
    median_distance_mm: float
    correspondence_noise_mm: float
    converged: bool


class Deformable:
    """The aligned template as an elastic sheet, in millimetres on a face of the mean face's size."""

    def __init__(
        self,
        vertices: NDArray[np.floating],
        faces: NDArray[np.integer],
        canonical: NDArray[np.floating],
        weights: NDArray[np.floating] | None,
        reach: float = np.inf,
        mirror: NDArray[np.integer] | None = None,
    ) -> None:
        self.triangles = triangulate(np.asarray(faces))
        check_triangle_mesh(vertices, self.triangles, "template")
        self.canonical = np.asarray(canonical, dtype=np.float64)
        if self.canonical.shape != np.shape(vertices):
            raise RegistrationError(
                f"The template's canonical coordinates must have shape {np.shape(vertices)}, not "
                f"{self.canonical.shape}."
            )
        self.weights = np.ones(len(vertices)) if weights is None else np.asarray(weights, dtype=np.float64)
        if self.weights.shape != (len(vertices),) or not (self.weights > 0).any():
            raise RegistrationError(
                f"The template's weights must have shape ({len(vertices)},) and be positive somewhere; their shape is "
                f"{self.weights.shape}."
            )
        seen = self.weights > 0
        self.reach = reach
        self.unit = fit_similarity(self.canonical[seen], np.asarray(vertices)[seen]).scale / SIZE
        self.reference = np.asarray(vertices, dtype=np.float64) / self.unit
        self.mirror = mirror
        if mirror is not None:
            # The reflection of the template, as the alignment carries it into the target's axes.
            centred = self.reference - self.reference.mean(axis=0)
            self._reflection = np.linalg.lstsq(centred, centred[mirror], rcond=None)[0]
        self.mass = lumped_mass(self.reference, self.triangles)
        self.bilaplacian = bilaplacian(cotangent_laplacian(self.reference, self.triangles), self.mass)
        self.pull = self.bilaplacian @ self.reference
        self.rest = float((self.reference * self.pull).sum())
        self.solver = StiffnessSolver(self.bilaplacian)

    def data_terms(
        self, matches: Matches, point_weights: Array, plane_weights: Array, stiffness: float, current: Array
    ) -> DataTerms:
        """Data terms with weights (n,) of the matches; vertices of no weight are held where they were aligned.

        If their counterpart on the other side of the face has a match, they are held where that side's deformation,
        mirrored, takes them.

        They are held so weakly that the deformation around fades over the distance `self.reach`. A thin plate alone
        carries on with the slope it has at the border of what is seen.
        """
        free = point_weights <= 0
        hold = stiffness * STIFFNESS_UNIT / self.reach**4
        return DataTerms(
            points=np.where(free[:, None], self._expected(current, ~free), matches.points),
            point_weights=np.where(free, hold * self.mass, point_weights),
            plane_points=matches.points,
            plane_normals=matches.normals,
            plane_weights=plane_weights,
        )

    def _expected(self, current: Array, matched: NDArray[np.bool_]) -> Array:
        """Where vertices (n, 3) without a match belong, as far as the other side of the face tells."""
        if self.mirror is None:
            return self.reference
        displacement = (current - self.reference)[self.mirror] @ self._reflection
        return self.reference + np.where(matched[self.mirror, None], displacement, 0.0)

    def factorise(self, data: DataTerms, stiffness: float) -> None:
        """Prepare the preconditioner for energies with about these data terms."""
        # The plane term acts in one of three directions.
        diagonal = data.point_weights + data.plane_weights / 3
        self.solver.factorise(diagonal, stiffness * STIFFNESS_UNIT)

    def energy(self, data: DataTerms, stiffness: float, contacts: Contacts | None = None) -> DeformationEnergy:
        """Eq. 8 with the bi-Laplacian of the displacement from the aligned template, which keeps its features."""
        return DeformationEnergy(data, self.bilaplacian, stiffness * STIFFNESS_UNIT, self.pull, self.rest, contacts)

    def normals(self, vertices: Array) -> Array:
        """Unit normals (n, 3)."""
        return vertex_normals(vertices, self.triangles)


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
    matches = index.match_canonical(template.canonical).scaled(1 / template.unit)
    trusted = _trusted(matches, template, parameters)
    progress("registration", 0.2)
    current, robust, steps = _fit_stiffly(template, matches, trusted, parameters)
    progress("registration", 0.4)
    noise = correspondence_noise(current, matches, trusted > 0, parameters.resolved_ratio)
    smoothing = parameters.last_stiffness * (noise / parameters.tolerated_noise) ** 2
    if smoothing > parameters.last_stiffness:
        data = template.data_terms(matches, robust * parameters.point_weight, 0 * robust, smoothing, current)
        template.factorise(data, smoothing)
        current, energies = template.energy(data, smoothing).minimise(
            current, template.solver, parameters.smallest_step, parameters.most_steps
        )
        steps += len(energies) - 1
    motion = np.inf
    for round_ in range(parameters.most_rounds):
        progress("registration", 0.5 + 0.5 * round_ / parameters.most_rounds)
        if smoothing > parameters.last_stiffness:
            matches = index.match_positions(current * template.unit).scaled(1 / template.unit)
            used = template.weights * template.mass * _reachable(current, matches, template, parameters)
        else:
            used = trusted * _robust_weights(current, matches, trusted > 0, parameters.outlier_factor)
        used = used * facing(template.normals(current), matches.normals, parameters.largest_angle)
        data = template.data_terms(
            matches, used * parameters.point_weight, used * parameters.plane_weight, parameters.last_stiffness, current
        )
        if round_ == 0:
            template.factorise(data, parameters.last_stiffness)
        moved, energies = template.energy(data, parameters.last_stiffness).minimise(
            current, template.solver, parameters.smallest_step, parameters.most_steps
        )
        steps += len(energies) - 1
        motion = float(np.sqrt(((moved - current) ** 2).sum(axis=1).mean()))
        current = moved
        if motion < parameters.still_motion:
            break
    progress("registration", 1.0)
    taken = used > 0
    distances = np.linalg.norm(current - matches.points, axis=1)[taken]
    return Registration(
        vertices=current * template.unit,
        iterations=steps,
        matches=int(taken.sum()),
        median_distance_mm=float(np.median(distances)) * template.unit if taken.any() else float("nan"),
        correspondence_noise_mm=noise * template.unit,
        converged=motion < parameters.still_motion,
    )


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


def _fit_stiffly(
    template: Deformable, matches: Matches, trusted: Array, parameters: RegistrationParameters
) -> tuple[Array, Array, int]:
    """Fit the points at the first stiffness with robust weights; returns vertices, weights and the steps taken."""
    current, robust, steps = template.reference, trusted, 0
    for round_ in range(parameters.most_rounds):
        data = template.data_terms(
            matches, robust * parameters.point_weight, 0 * robust, parameters.first_stiffness, current
        )
        if round_ == 0:
            template.factorise(data, parameters.first_stiffness)
        current, energies = template.energy(data, parameters.first_stiffness).minimise(
            current, template.solver, parameters.still_motion, parameters.most_steps
        )
        steps += len(energies) - 1
        robust = trusted * _robust_weights(current, matches, trusted > 0, parameters.outlier_factor)
    return current, robust, steps


def _trusted(matches: Matches, template: Deformable, parameters: RegistrationParameters) -> Array:
    """Weight times area of the vertices (n,) whose match in canonical space can be believed."""
    distances = matches.distances * SIZE
    believed = (matches.inside & (distances < parameters.match_distance)) | (distances < parameters.border_distance)
    trusted = template.weights * template.mass * believed
    count = int((trusted > 0).sum())
    if count < FEWEST_MATCHES:
        raise RegistrationError(
            f"Only {count} of the template's vertices have a counterpart in the photo; {FEWEST_MATCHES} or more are "
            "needed. Choose a photo that shows more of the face."
        )
    return trusted


def _robust_weights(vertices: Array, matches: Matches, used: NDArray[np.bool_], factor: float) -> Array:
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
