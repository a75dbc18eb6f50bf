"""The registration as pix2vertex's supplement B.1 prints it, kept for comparison with the default one."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.exchange.progress import Progress, silent
from pix2vertex_blender.reconstruction.registration.contacts import Folds
from pix2vertex_blender.reconstruction.registration.deformation import Array, DataTerms, DeformationEnergy
from pix2vertex_blender.reconstruction.registration.elasticity import STIFFNESS_UNIT, Deformable
from pix2vertex_blender.reconstruction.registration.matching import TargetIndex
from pix2vertex_blender.reconstruction.registration.registration import Registration, facing
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
    previous_matches, steps, motion = -parameters.switch_difference, 0, np.inf
    matches, used = embedded, np.zeros(len(current))
    for iteration in range(parameters.most_iterations):
        progress("registration", min(1.0, iteration / 20))
        matches = index.match_positions(current * template.unit).scaled(1 / template.unit) if physical else embedded
        near = np.linalg.norm(current - matches.points, axis=1) <= parameters.match_distance
        agree = facing(template.normals(current), matches.normals, parameters.largest_angle)
        used = template.weights * template.mass * near * agree
        data = DataTerms(
            matches.points,
            used * parameters.point_weight,
            matches.points,
            matches.normals,
            used * parameters.plane_weight,
        )
        template.factorise(data, stiffness)
        if parameters.thin_plate == "displacement":
            energy = template.energy(data, stiffness)
        else:
            nothing = np.zeros_like(current)
            energy = DeformationEnergy(data, template.bilaplacian, stiffness * STIFFNESS_UNIT, nothing, 0.0)
        moved, energies = energy.minimise(current, template.solver, parameters.smallest_step, parameters.most_steps)
        steps += len(energies) - 1
        motion = float(np.sqrt(((moved - current) ** 2).sum(axis=1).mean()))
        current = moved
        if motion < parameters.still_motion:
            stiffness /= 2
        count = int((used > 0).sum())
        physical = physical or abs(count - previous_matches) < parameters.switch_difference
        previous_matches = count
        if stiffness < parameters.last_stiffness:
            break
    return _report(template, current, matches.points, used, steps, stiffness < parameters.last_stiffness)


def _report(
    template: Deformable, vertices: Array, points: Array, used: Array, steps: int, converged: bool
) -> Registration:
    tangles = Untangler(template.reference, template.triangles, Folds(template.reference, template.triangles)).find(
        vertices
    )
    distances = np.linalg.norm(vertices - points, axis=1)[used > 0]
    return Registration(
        vertices=vertices * template.unit,
        iterations=steps,
        matches=len(distances),
        median_distance_mm=float(np.median(distances)) * template.unit if len(distances) else float("nan"),
        correspondence_noise_mm=float("nan"),
        converged=converged,
        folded=int(tangles.folded.sum()),
        intersecting=int(tangles.intersecting.sum()),
    )
