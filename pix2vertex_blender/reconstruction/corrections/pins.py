"""Landmarks that the artist has put where they belong in the photo draw the registered mesh after them.

The mesh is deformed by the energy of the registration (pix2vertex, eq. 8) with one more term, which draws each pinned
landmark p to the line of sight through its pin (o a point on it, d its unit direction)::

    strength * |(I - d d^T) (p - o)|^2

The registered mesh is the elastic sheet's shape at rest and each vertex is weakly held in its place: without a pin
nothing moves, and far from one hardly anything. The target draws the mesh as before, but not around a pin, where the
artist has said that it is wrong.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ...exchange.camera import Camera
from ...exchange.progress import Progress, silent
from ...geometry.laplacian import bilaplacian, cotangent_laplacian, lumped_mass
from ...geometry.mesh import triangulate, vertex_normals
from ...shaping.points import Points
from ...template import load_template, subdivision_matrix
from ..registration.deformation import Array, DataTerms, DeformationEnergy, StiffnessSolver
from ..registration.elasticity import STIFFNESS_UNIT
from ..registration.matching import TargetIndex
from ..registration.registration import facing


@dataclass(frozen=True)
class PinParameters:
    """Parameters of the correction by pins. Lengths are in millimetres.

    Attributes
    ----------
    strength : float
        Weight of a pin against the 1 per square millimetre of the plane term.
    stiffness : float
        The registration's first: a pin takes some 10 mm around with it. Pins that move farther than that get more.
    point_weight, plane_weight : float
        Weights of a vertex's own place and of the target's tangent plane, as published.
    hidden_weight : float
        Weight of a vertex's own place where nothing is seen.
    overruled_radius : float
        Standard deviation of the Gaussian around a pin in which the target counts less.
    physical_reach, largest_angle : float
        The target does not draw vertices that are farther away, or whose normals differ by more degrees.
    rounds, most_steps : int
        How often the mesh is matched with the target, and the conjugate gradient steps each time.
    smallest_step : float
        The steps end when they move the mesh by less than this (root mean square).
    """

    strength: float = 1e5
    stiffness: float = 1e8
    point_weight: float = 0.1
    plane_weight: float = 1.0
    hidden_weight: float = 3e-2
    overruled_radius: float = 15.0
    physical_reach: float = 5.0
    largest_angle: float = 60.0
    rounds: int = 2
    most_steps: int = 40
    smallest_step: float = 1e-3


@dataclass(frozen=True)
class Sightlines:
    """Where pinned points of a mesh of n vertices belong.

    Attributes
    ----------
    weights : (k, n) sparse
        The points as weighted means of vertices.
    origins : (k, 3)
        A point on each line.
    across : (k, 2, 3)
        Two unit vectors perpendicular to each line and to each other.
    """

    weights: sparse.csr_matrix
    origins: Array
    across: Array

    def offsets(self, vertices: Array) -> Array:
        """The components (k, 2) of the points' offsets from their lines."""
        return np.einsum("kaj,kj->ka", self.across, self.weights @ vertices - self.origins)


@cache
def landmark_matrix(level: int) -> sparse.csr_matrix:
    """The 68 landmarks at a subdivision level as weighted means (68, n) of the vertices of level 0."""
    template = load_template(level)
    return point_matrix(Points(template.landmark_corners, template.landmark_weights), level)


def point_matrix(points: Points, level: int) -> sparse.csr_matrix:
    """Points of a subdivision level as weighted means (k, n) of the vertices of level 0."""
    rows = np.repeat(np.arange(len(points.corners)), points.corners.shape[1])
    shape = (len(points.corners), len(load_template(level).vertices))
    at_level = sparse.csr_matrix((points.weights.ravel(), (rows, points.corners.ravel())), shape)
    return (at_level @ subdivision_matrix(level)).tocsr()


def sightlines(weights: sparse.csr_matrix, camera: Camera, pixels: NDArray[np.floating]) -> Sightlines:
    """Lines through pixels (k, 2) of the camera's picture, for points with the given weights (k, n)."""
    near, far = (camera.unproject(pixels, np.full(len(pixels), depth)) for depth in (0.0, 100.0))
    directions = (far - near) / np.linalg.norm(far - near, axis=1, keepdims=True)
    first = np.cross(directions, [0.0, 1.0, 0.0])
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    return Sightlines(weights, near, np.stack([first, np.cross(directions, first)], axis=1))


def register_to_pins(
    vertices: NDArray[np.floating],
    target: TargetIndex,
    camera: Camera,
    points: sparse.csr_matrix,
    pixels: NDArray[np.floating],
    parameters: PinParameters | None = None,
    progress: Progress = silent,
) -> Array:
    """Move the registered template so that landmarks or other points are seen at given pixels.

    Parameters
    ----------
    vertices : (n, 3)
        The registered template at level 0, in millimetres in the camera's axes.
    target : TargetIndex
    camera : Camera
        From millimetres to pixels.
    points : (k, n) sparse
        As weighted means of the vertices: see `landmark_matrix` and `point_matrix`.
    pixels : (k, 2)
        Where they belong.
    parameters : PinParameters, optional
    progress : Progress, optional

    Returns
    -------
    (n, 3)
        Without pins, `vertices` unchanged.
    """
    if points.shape[0] == 0:
        return np.array(vertices, dtype=np.float64)
    return follow_sightlines(vertices, target, sightlines(points, camera, pixels), parameters, progress)


def follow_sightlines(
    vertices: NDArray[np.floating],
    target: TargetIndex,
    lines: Sightlines,
    parameters: PinParameters | None = None,
    progress: Progress = silent,
) -> Array:
    """Move the registered template (n, 3), in millimetres in the camera's axes, so that points lie on their lines."""
    parameters = parameters or PinParameters()
    rest = np.array(vertices, dtype=np.float64)
    template = load_template()
    triangles = triangulate(template.faces)
    mass = lumped_mass(rest, triangles)
    plate = bilaplacian(cotangent_laplacian(rest, triangles), mass)
    # A stiffness whose reach is at least the longest way keeps the surface from folding in front of a pin.
    longest = float(np.linalg.norm(lines.offsets(rest), axis=1).max())
    stiffness = max(parameters.stiffness * STIFFNESS_UNIT, parameters.point_weight * longest**4)
    believed = (template.groups["face"] > 0) * (1 - _nearness(rest, lines.weights @ rest, parameters.overruled_radius))
    matches = target.match_positions(rest, believed > 0)
    clearance = np.einsum("ij,ij->i", rest - matches.points, matches.normals)
    current = rest
    for round_ in range(parameters.rounds):
        matches = target.match_positions(current, believed > 0) if round_ else matches
        normals = vertex_normals(current, triangles)
        near = np.linalg.norm(matches.points - current, axis=1) < parameters.physical_reach
        used = matches.inside & near & facing(normals, matches.normals, parameters.largest_angle)
        data = DataTerms(
            points=rest,
            point_weights=mass * np.where(used, parameters.point_weight, parameters.hidden_weight),
            plane_points=matches.points + clearance[:, None] * matches.normals,
            plane_normals=matches.normals,
            plane_weights=mass * parameters.plane_weight * np.where(used, believed, 0.0),
        )
        energy = PinnedEnergy(data, plate, stiffness, rest, lines, parameters.strength)
        solver = PinnedSolver(data, plate, stiffness, lines, parameters.strength)
        current, _ = energy.minimise(current, solver, parameters.smallest_step, parameters.most_steps)
        progress("pins", (round_ + 1) / parameters.rounds)
    return current


class PinnedEnergy(DeformationEnergy):
    """The energy of eq. 8, of the displacement from `rest`, with the pins' term."""

    def __init__(
        self,
        data: DataTerms,
        plate: sparse.csr_matrix,
        stiffness: float,
        rest: Array,
        lines: Sightlines,
        strength: float,
    ) -> None:
        pull = plate @ rest
        super().__init__(data, plate, stiffness, pull, float((rest * pull).sum()))
        self._lines = lines
        self._strength = strength
        self._right = self._right + self._pinned(lines.origins)

    def value(self, vertices: Array) -> float:
        """The energy of vertices (n, 3)."""
        return super().value(vertices) + self._strength * float((self._lines.offsets(vertices) ** 2).sum())

    def _hessian(self, vertices: Array) -> Array:
        return super()._hessian(vertices) + self._pinned(self._lines.weights @ vertices)

    def _pinned(self, points: Array) -> Array:
        """What the term's derivative makes of points (k, 3): their part across the lines, spread on the vertices."""
        across = self._lines.across
        return self._strength * (self._lines.weights.T @ np.einsum("kai,kaj,kj->ki", across, across, points))


class PinnedSolver(StiffnessSolver):
    """Solves nearly with the Hessian of a `PinnedEnergy`, by Woodbury's formula for the few pins."""

    def __init__(
        self, data: DataTerms, plate: sparse.csr_matrix, stiffness: float, lines: Sightlines, strength: float
    ) -> None:
        super().__init__(plate)
        # The plane term acts in one of three directions.
        self.factorise(data.point_weights + data.plane_weights / 3, stiffness)
        self._lines = lines
        self._spread = super().solve(lines.weights.T.toarray())
        count = 2 * len(lines.origins)
        coupling = np.einsum("kl,kai,lbi->kalb", lines.weights @ self._spread, lines.across, lines.across)
        self._inner = np.linalg.inv(coupling.reshape(count, count) + np.eye(count) / strength)

    def solve(self, right: Array) -> Array:
        """Solution (n, 3) for a right-hand side (n, 3)."""
        free = super().solve(right)
        across = self._lines.across
        forces = self._inner @ np.einsum("kaj,kj->ka", across, self._lines.weights @ free).ravel()
        return free - self._spread @ np.einsum("kaj,ka->kj", across, forces.reshape(-1, 2))


def _nearness(vertices: Array, points: Array, radius: float) -> Array:
    """How near (n,) the vertices (n, 3) are to the nearest of points (k, 3): 1 at a point, a Gaussian around it."""
    distances, _ = cKDTree(points).query(vertices)
    return np.exp(-0.5 * (distances / radius) ** 2)
