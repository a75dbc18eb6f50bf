"""Values known on a part of a surface are continued smoothly over all of it."""

import numpy as np
import scipy.sparse as sparse
import scipy.sparse.linalg
from numpy.typing import NDArray

from ..exchange.progress import Pause, no_pause
from .laplacian import cotangent_laplacian, lumped_mass
from .mesh import Indices, Points, triangulate

#: The smoothing's equation is solved to this relative error, and that of a brief extension to the second.
TOLERANCE, BRIEF_TOLERANCE = 1e-3, 1e-5


class SmoothExtension:
    """Solves ``(W M - a^2 C + (a / b)^2 M) u = W M d + (a / b)^2 M p`` on a surface.

    It minimises the squared distance from the known values d with weights W, plus a^2 times the Dirichlet energy, plus
    the squared distance from the prior p times (a / b)^2. Where nothing is known the solution decays to the prior
    within the length b.

    Parameters
    ----------
    vertices : (n, 3)
        In millimetres.
    faces : (m, 4) or (m, 3)
    """

    def __init__(self, vertices: Points, faces: Indices) -> None:
        triangles = triangulate(faces)
        self._mass = lumped_mass(vertices, triangles)
        self._laplacian = cotangent_laplacian(vertices, triangles)

    def extend(
        self,
        values: NDArray[np.floating],
        weights: NDArray[np.floating],
        prior: NDArray[np.floating],
        smoothing: float,
        reach: float,
        pause: Pause = no_pause,
    ) -> NDArray[np.float64]:
        """Smooth values (n, c) on the whole surface.

        Parameters
        ----------
        values : (n, c)
            Ignored where the weight is 0.
        weights : (n,)
            In [0, 1].
        prior : (c,)
        smoothing : float
            a: known values are averaged over about this length in millimetres.
        reach : float
            b: the length in millimetres over which the solution decays to the prior.
        pause : Pause
        """
        matrix, right = self._equation(values, weights, prior, smoothing, reach)
        pause()
        factors = scipy.sparse.linalg.splu(
            matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
        )
        pause()
        solution: NDArray[np.float64] = factors.solve(right)
        return solution

    def extend_briefly(
        self,
        values: NDArray[np.floating],
        weights: NDArray[np.floating],
        prior: NDArray[np.floating],
        smoothing: float,
        reach: float,
        pause: Pause = no_pause,
    ) -> NDArray[np.float64]:
        """`extend`, for reaches of few edges: conjugate gradients take a fraction of the factors' time and memory."""
        matrix, right = self._equation(values, weights, prior, smoothing, reach)
        pause()
        return _solved(matrix, right, right / matrix.diagonal()[:, None], BRIEF_TOLERANCE, pause)

    def _equation(
        self,
        values: NDArray[np.floating],
        weights: NDArray[np.floating],
        prior: NDArray[np.floating],
        smoothing: float,
        reach: float,
    ) -> tuple[sparse.csr_matrix, NDArray[np.float64]]:
        """Its matrix (n, n) and right-hand sides (n, c)."""
        pull = (smoothing / reach) ** 2
        known = weights * self._mass
        matrix = sparse.diags(known + pull * self._mass) - smoothing**2 * self._laplacian
        right = known[:, None] * np.where(weights[:, None] > 0, values, 0.0) + pull * self._mass[:, None] * prior
        return matrix.tocsr(), right


def smoothed(
    values: NDArray[np.floating],
    vertices: NDArray[np.floating],
    faces: NDArray[np.integer],
    length: float,
    pause: Pause = no_pause,
) -> NDArray[np.float64]:
    """Values (n, c) averaged over about a length in mm along the surface: ``(M - length^2 C) u = M values``."""
    values = np.asarray(values, dtype=np.float64)
    if length <= 0:
        return values
    triangles = triangulate(faces)
    mass = lumped_mass(vertices, triangles)
    pause()
    matrix = (sparse.diags(mass) - length**2 * cotangent_laplacian(vertices, triangles)).tocsr()
    pause()
    return _solved(matrix, mass[:, None] * values, values, TOLERANCE, pause)


def _solved(
    matrix: sparse.csr_matrix, right: NDArray[np.float64], start: NDArray[np.float64], tolerance: float, pause: Pause
) -> NDArray[np.float64]:
    """Solutions (n, c) for right-hand sides (n, c) by conjugate gradients."""
    condition = sparse.diags(1 / matrix.diagonal())
    columns = [
        scipy.sparse.linalg.cg(
            matrix, column, x0=first, rtol=tolerance, maxiter=200, M=condition, callback=lambda _solution: pause()
        )[0]
        for column, first in zip(right.T, start.T, strict=True)
    ]
    return np.stack(columns, axis=1)
