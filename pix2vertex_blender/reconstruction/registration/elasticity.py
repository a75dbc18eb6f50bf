"""The template as an elastic sheet: what the energy of eq. 8 needs of it (pix2vertex, supplement B.1)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...errors import RegistrationError
from ...geometry.laplacian import bilaplacian, check_triangle_mesh, cotangent_laplacian, lumped_mass
from ...geometry.mesh import triangulate, vertex_normals
from ...geometry.similarity import fit_similarity
from ...template.canonical import SIZE
from .deformation import Array, Contacts, DataTerms, DeformationEnergy, StiffnessSolver
from .matching import Matches

#: The published stiffness has no unit. It is multiplied by this (mm^4) and by the integral of the squared Laplacian
#: of the displacement over the template's area, against data terms that are integrated likewise, so that the result
#: depends neither on the template's resolution nor on the units of the input. With it the published 10^8 lets the
#: point term bend the template over about 45 mm and more, the published 10^6 over about 14 mm and more.
STIFFNESS_UNIT = 0.04**4


@dataclass(frozen=True)
class InnerLoop:
    """When the inner loop stops: at steps smaller than `smallest_step` (root mean square), or after `most_steps`."""

    smallest_step: float
    most_steps: int


class Deformable:
    """The aligned template as an elastic sheet, in millimetres on a face of the mean face's size.

    Parameters
    ----------
    vertices, canonical : (n, 3)
    faces : (m, 3) or (m, 4)
    weights, mirror
        See `registration.register`.
    reach : float
        How far from the data a deformation fades.
    """

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
        self.steps = 0

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

    def fit(
        self, data: DataTerms, stiffness: float, current: Array, loop: InnerLoop, contacts: Contacts | None = None
    ) -> Array:
        """Minimise the energy from `current` (n, 3) with the factors at hand; returns the vertices."""
        moved, energies = self.energy(data, stiffness, contacts).minimise(
            current, self.solver, loop.smallest_step, loop.most_steps
        )
        self.steps += len(energies) - 1
        return moved

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
