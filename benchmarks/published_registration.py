"""The registration as pix2vertex's supplement B.1 prints it, kept for comparison with the default one."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.exchange.progress import Progress, silent
from pix2vertex_blender.reconstruction.registration.contacts import Folds
from pix2vertex_blender.reconstruction.registration.deformation import Array, DataTerms, DeformationEnergy
from pix2vertex_blender.reconstruction.registration.elasticity import STIFFNESS_UNIT, Deformable
from pix2vertex_blender.reconstruction.registration.matching import Matches, TargetIndex
from pix2vertex_blender.reconstruction.registration.registration import CloseFit, Registration, facing, registered
from pix2vertex_blender.reconstruction.registration.target import TargetMesh
from pix2vertex_blender.reconstruction.registration.untangling import Untangler


@dataclass(frozen=True)
class PublishedParameters:
    """The published values; lengths are in millimetres on a face of the mean face's size.

    Attributes
    ----------
    point_weight, plane_weight : float
        Weights of the first two terms of eq. 8.
    first_stiffness, last_stiffness : float
        The third term's weight starts at the first and is halved until it is below the last.
    match_distance, largest_angle : float
        Matches farther apart, or whose normals differ by more degrees, are ignored.
    still_motion : float
        The stiffness is halved when an outer iteration moves the template less.
    switch_difference : int
        Matching turns to the physical nearest neighbour when the number of matches changes by less.
    smallest_step : float
        The inner loop stops when no vertex moves farther.
    thin_plate : "positions" or "displacement"
        What the third term keeps smooth: the vertices' positions, as printed, or their displacement from the aligned
        template.
    most_steps, most_iterations : int
        Caps of the inner and of the outer loop, which the paper does not need to state.
    """

    point_weight: float = 0.1
    plane_weight: float = 1.0
    first_stiffness: float = 1e8
    last_stiffness: float = 1e6
    match_distance: float = 1.0
    largest_angle: float = 5.0
    still_motion: float = 0.1
    switch_difference: int = 500
    smallest_step: float = 0.01
    thin_plate: Literal["positions", "displacement"] = "positions"
    most_steps: int = 100
    most_iterations: int = 100


def register_as_published(
    vertices: NDArray[np.floating],
    faces: NDArray[np.integer],
    canonical: NDArray[np.floating],
    target: TargetMesh | TargetIndex,
    parameters: PublishedParameters | None = None,
    weights: NDArray[np.floating] | None = None,
    progress: Progress = silent,
) -> Registration:
    """Deform the aligned template onto the target by the letter of supplement B.1.

    The third term is the bi-Laplacian energy of the positions themselves, matches are cut off at the published
    distance and angle from the first iteration on, and the stiffness is halved. Parameters, errors and result are
    those of `registration.register`.
    """
    parameters = parameters or PublishedParameters()
    index = target if isinstance(target, TargetIndex) else TargetIndex(target)
    template = Deformable(vertices, faces, canonical, weights)
    embedded = index.match_canonical(template.canonical).scaled(1 / template.unit)
    current, stiffness, physical = template.reference, parameters.first_stiffness, False
    previous_count = -parameters.switch_difference
    matches, used = embedded, np.zeros(len(current))
    for iteration in range(parameters.most_iterations):
        progress("registration", min(1.0, iteration / 20))
        matches = index.match_positions(current * template.unit).scaled(1 / template.unit) if physical else embedded
        used = _used(template, current, matches, parameters)
        energy = _energy(template, current, matches, used, stiffness, parameters)
        moved, energies = energy.minimise(current, template.solver, parameters.smallest_step, parameters.most_steps)
        template.steps += len(energies) - 1
        motion = float(np.sqrt(((moved - current) ** 2).sum(axis=1).mean()))
        current = moved
        if motion < parameters.still_motion:
            stiffness /= 2
        count = int((used > 0).sum())
        physical = physical or abs(count - previous_count) < parameters.switch_difference
        previous_count = count
        if stiffness < parameters.last_stiffness:
            break
    tangles = Untangler(template.reference, template.triangles, Folds(template.reference, template.triangles)).find(
        current
    )
    fit = CloseFit(current, matches, used, stiffness < parameters.last_stiffness)
    return registered(template, fit, tangles, noise=float("nan"))


def _used(template: Deformable, current: Array, matches: Matches, parameters: PublishedParameters) -> Array:
    """Weights (n,) of the matches, 0 of those that are too far away or face another way."""
    near = np.linalg.norm(current - matches.points, axis=1) <= parameters.match_distance
    agree = facing(template.normals(current), matches.normals, parameters.largest_angle)
    return template.weights * template.mass * near * agree


def _energy(
    template: Deformable,
    current: Array,
    matches: Matches,
    used: Array,
    stiffness: float,
    parameters: PublishedParameters,
) -> DeformationEnergy:
    """Eq. 8, whose third term is of the positions or of the displacement."""
    data = DataTerms(
        matches.points,
        used * parameters.point_weight,
        matches.points,
        matches.normals,
        used * parameters.plane_weight,
    )
    template.factorise(data, stiffness)
    if parameters.thin_plate == "displacement":
        return template.energy(data, stiffness)
    return DeformationEnergy(data, template.bilaplacian, stiffness * STIFFNESS_UNIT, np.zeros_like(current), 0.0)
