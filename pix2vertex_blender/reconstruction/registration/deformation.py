"""The deformation energy of the registration and its minimisation (pix2vertex, eq. 8)."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
import scipy.sparse.linalg
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class DataTerms:
    """What draws the vertices. The weights contain each vertex's area: the sums stand for integrals over the template.

    Attributes
    ----------
    points : (n, 3)
        Where each vertex is drawn to.
    point_weights : (n,)
        Weight of ``|v - point|^2``, 0 without a match.
    plane_points, plane_normals : (n, 3)
        The tangent plane each vertex is drawn to.
    plane_weights : (n,)
        Weight of ``(plane_normal . (v - plane_point))^2``, 0 without a match.
    """

    points: Array
    point_weights: Array
    plane_points: Array
    plane_normals: Array
    plane_weights: Array


@dataclass(frozen=True)
class Contacts:
    """Pairs of vertices that keep to their sides: ``direction . (v[upper] - v[lower])`` is drawn to `gaps`.

    Attributes
    ----------
    upper, lower : (k,) integer
    directions : (k, 3)
        Unit vectors.
    gaps, weights : (k,)
    """

    upper: NDArray[np.intp]
    lower: NDArray[np.intp]
    directions: Array
    gaps: Array
    weights: Array

    @staticmethod
    def none() -> "Contacts":
        """No pairs."""
        index, numbers = np.zeros(0, dtype=np.intp), np.zeros(0)
        return Contacts(index, index, np.zeros((0, 3)), numbers, numbers)


class StiffnessSolver:
    """Solves with ``diagonal + stiffness * bilaplacian`` in single precision, as a preconditioner.

    The unknowns are ordered once for all factorisations.
    """

    def __init__(self, bilaplacian: sparse.spmatrix) -> None:
        self._matrix = bilaplacian.tocsc()
        self._order: NDArray[np.intp] | None = None

    def factorise(self, diagonal: Array, stiffness: float) -> None:
        """Prepare `solve`. The diagonal (n,) must be positive somewhere in each connected part of the mesh."""
        if self._order is None:
            first = self._splu(diagonal, stiffness, "MMD_AT_PLUS_A")
            self._order = np.argsort(first.perm_c)
            self._matrix = self._matrix[self._order][:, self._order].tocsc()
            self._factors, self._factors_order = first, np.arange(len(diagonal))
        else:
            self._factors, self._factors_order = self._splu(diagonal[self._order], stiffness, "NATURAL"), self._order

    def solve(self, right: Array) -> Array:
        """Solution (n, k) for right-hand sides (n, k)."""
        solution = np.empty_like(right)
        solution[self._factors_order] = self._factors.solve(right[self._factors_order].astype(np.float32))
        return solution

    def _splu(self, diagonal: Array, stiffness: float, ordering: str) -> scipy.sparse.linalg.SuperLU:
        matrix = (sparse.diags(diagonal) + stiffness * self._matrix).astype(np.float32).tocsc()
        return scipy.sparse.linalg.splu(
            matrix, permc_spec=ordering, diag_pivot_thresh=0.0, options={"SymmetricMode": True}
        )


class DeformationEnergy:
    """The energy of eq. 8 with fixed matches, a quadratic function of the vertices (n, 3).

    The thin-plate term is ``stiffness * (v . B v - 2 v . pull + rest)``. With ``pull = B r`` and ``rest = r . B r``
    it is the bi-Laplacian of the displacement from a reference r; with zeros it is that of the positions, as printed.
    """

    def __init__(
        self,
        data: DataTerms,
        bilaplacian: sparse.csr_matrix,
        stiffness: float,
        pull: Array,
        rest: float,
        contacts: Contacts | None = None,
    ) -> None:
        self.data = data
        self.bilaplacian = bilaplacian
        self.stiffness = stiffness
        self.rest = rest
        self.contacts = contacts or Contacts.none()
        self._pull = pull
        plane_distance = np.einsum("ij,ij->i", data.plane_normals, data.plane_points)
        self._right = (
            data.point_weights[:, None] * data.points
            + (data.plane_weights * plane_distance)[:, None] * data.plane_normals
            + stiffness * pull
        )
        pairs = len(self.contacts.gaps)
        rows = np.arange(pairs)
        shape = (pairs, len(data.points))
        ones = np.ones(pairs)
        self._difference = sparse.csr_matrix((ones, (rows, self.contacts.upper)), shape) - sparse.csr_matrix(
            (ones, (rows, self.contacts.lower)), shape
        )
        if pairs:
            force = (self.contacts.weights * self.contacts.gaps)[:, None] * self.contacts.directions
            self._right = self._right + self._difference.T @ force

    def value(self, vertices: Array) -> float:
        """The energy of vertices (n, 3)."""
        data = self.data
        difference = vertices - data.points
        to_point = np.einsum("ij,ij->i", difference, difference)
        to_plane = np.einsum("ij,ij->i", data.plane_normals, vertices - data.plane_points)
        bending = (vertices * (self.bilaplacian @ vertices - 2 * self._pull)).sum() + self.rest
        gaps = np.einsum("ij,ij->i", self.contacts.directions, self._difference @ vertices) - self.contacts.gaps
        return float(
            data.point_weights @ to_point
            + data.plane_weights @ to_plane**2
            + self.stiffness * bending
            + self.contacts.weights @ gaps**2
        )

    def minimise(
        self, vertices: Array, preconditioner: StiffnessSolver, smallest_step: float, most_steps: int
    ) -> tuple[Array, list[float]]:
        """Conjugate gradients until a step moves the vertices by less than `smallest_step` (root mean square).

        Parameters
        ----------
        vertices : (n, 3)
            The start.
        preconditioner : StiffnessSolver
            Factorised for a similar energy.
        smallest_step, most_steps : float, int

        Returns
        -------
        vertices : (n, 3)
        energies : list of float
            After each step; they never rise.
        """
        residual = self._right - self._hessian(vertices)
        direction, previous = np.zeros_like(vertices), 1.0
        energies = [self.value(vertices)]
        for _ in range(most_steps):
            conditioned = preconditioner.solve(residual)
            progress = float(np.vdot(residual, conditioned))
            if progress <= 0:
                break
            direction = conditioned + (progress / previous if len(energies) > 1 else 0.0) * direction
            image = self._hessian(direction)
            # The exact minimum along the direction, also where rounding has made it not quite conjugate.
            slope = float(np.vdot(residual, direction))
            length = slope / float(np.vdot(direction, image))
            vertices = vertices + length * direction
            residual = residual - length * image
            energies.append(energies[-1] - length * slope)
            previous = progress
            if length * np.sqrt(np.vdot(direction, direction) / len(direction)) < smallest_step:
                break
        return vertices, energies

    def _hessian(self, vertices: Array) -> Array:
        """Half the energy's second derivative applied to vertices (n, 3)."""
        data = self.data
        along = data.plane_weights * np.einsum("ij,ij->i", data.plane_normals, vertices)
        image = data.point_weights[:, None] * vertices + along[:, None] * data.plane_normals
        image += self.stiffness * (self.bilaplacian @ vertices)
        if len(self.contacts.gaps):
            gaps = np.einsum("ij,ij->i", self.contacts.directions, self._difference @ vertices)
            image += self._difference.T @ ((self.contacts.weights * gaps)[:, None] * self.contacts.directions)
        return image
