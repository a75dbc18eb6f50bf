"""Wrinkles and pores from the photo's shading (pix2vertex, section 4.2 and supplement B.2, eqs. 3 to 5 and 9 to 14).

Units. The paper gives dt = 0.2 and eta = 0.2 without units, for a mesh of one resolution. Here lengths are
millimetres on a head of natural size, and two readings make the result independent of the resolution of mesh and photo:

- The published dt counts square centimetres: the heat step then separates at a wavelength of about 28 mm, below which
  lie wrinkles, folds and pores. Square millimetres would leave less than the spacing of the vertices.
- Eqs. 12 and 13 compare a vertex with its ring of neighbours, which shrinks with the mesh. Here the neighbourhood has a
  radius in millimetres and its weighted average is that of the screened Laplace equation, ``(I - radius^2 Lap)^-1``,
  whose kernel falls off like the printed weights ``exp(-|v - v_i|)`` do; on a mesh whose edges are about the radius
  it is the printed average. The fairing step is implicit for the same reason: the explicit one is unstable on fine
  meshes.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.sparse as sparse
import scipy.sparse.linalg
from numpy.typing import NDArray

from ...errors import MeshError
from ...exchange.progress import Pause, no_pause
from ...geometry.laplacian import cotangent_laplacian, lumped_mass
from ...geometry.mesh import triangulate, vertex_normals

Array = NDArray[np.float64]

SQUARE_MILLIMETRES_PER_SQUARE_CENTIMETRE = 100.0

#: Contrast is relative to the surroundings, but never to less than this intensity: noise in the dark is no wrinkle.
DARKEST_SURROUNDINGS = 0.2

#: Heat steps other than the factorised one are solved to this relative error.
SMOOTHING_TOLERANCE = 1e-3

#: Millimetres over which the detail of one photo goes over into another's.
BLENDED = 2.0


@dataclass(frozen=True)
class DetailParameters:
    """Parameters of the fine detail.

    Attributes
    ----------
    strength : float
        The artist's slider: multiplies the whole displacement.
    scale : float
        The artist's slider: multiplies the wavelengths that count as detail.
    time_step : float
        dt of eq. 9 in square centimetres, as published.
    balance : float
        eta of eq. 14, as published: 0 is fairing only, 1 is the photo only.
    relief : float
        gamma of eqs. 11 and 12: millimetres per unit of relative intensity (1 is as bright as the surroundings).
    equation : 12 or 13
        Which data term; 13 attenuates it where the surface is curved.
    radius : float
        Radius in millimetres of the neighbourhood of eqs. 12 and 13.
    fairing_step : float
        Time in square millimetres of the fairing step.
    largest_contrast : float
        Relative intensities change the surface in proportion up to about this size; beyond it, where hair, make-up,
        moles or frames rather than shading are seen, less and less.
    largest_hue : float
        What differs in hue by more than this logarithm from the skin around is paint rather than shape and moves the
        surface less; infinite as published, where the hue does not count.
    largest_displacement : float
        The data term's displacement saturates at this many millimetres.
    """

    strength: float = 1.0
    scale: float = 1.0
    time_step: float = 0.2
    balance: float = 0.2
    relief: float = 32.0
    equation: Literal[12, 13] = 13
    radius: float = 3.0
    fairing_step: float = 0.2
    largest_contrast: float = 0.12
    largest_hue: float = 0.06
    largest_displacement: float = 5.0


@dataclass(frozen=True)
class Shading:
    """What a photo shows of a surface.

    Attributes
    ----------
    intensity : (n,)
        At each vertex, in [0, 1].
    visibility : (n,)
        How well the photo shows the relief of each vertex, in [0, 1].
    """

    intensity: Array
    visibility: Array


class DetailSolver:
    """The detail of one mesh: what depends on the mesh alone is computed once.

    Parameters
    ----------
    vertices : (n, 3)
        The subdivided registered template in millimetres.
    faces : (m, 3) or (m, 4)
    visibility : (n,)
        In [0, 1]: how well each vertex is seen; vertices at 0 are not moved, and the equations are solved on the rest.
    time_step : float
        The heat step in square centimetres that the system is factorised for; others near it cost little more.
    pause : Pause

    Raises
    ------
    ValueError
        If a shape is wrong.
    MeshError
        If a coordinate is not finite.
    """

    def __init__(
        self,
        vertices: NDArray[np.floating],
        faces: NDArray[np.integer],
        visibility: NDArray[np.floating],
        time_step: float = DetailParameters.time_step,
        pause: Pause = no_pause,
    ) -> None:
        vertices = np.asarray(vertices, dtype=np.float64)
        self.count = len(vertices)
        visibility = _per_vertex("visibility", visibility, self.count)
        finite = np.isfinite(vertices).all(axis=1)
        if not finite.all():
            raise MeshError(
                f"Vertex {int(np.flatnonzero(~finite)[0])} of the mesh has a coordinate that is not a number."
            )
        triangles = triangulate(np.asarray(faces))
        self.normals = vertex_normals(vertices, triangles)
        pause()
        seen = (visibility[triangles] > 0).any(axis=1)
        self._used, part = np.unique(triangles[seen], return_inverse=True)
        part = part.reshape(-1, 3)
        self._vertices, self._normals = vertices[self._used], self.normals[self._used]
        self._visibility = visibility[self._used]
        pause()
        self._mass = lumped_mass(self._vertices, part) if len(part) else np.zeros(0)
        self._laplacian = cotangent_laplacian(self._vertices, part)
        pause()
        self._curvature = ring_curvature(self._vertices, part, self._normals)
        self._factorised_time = time_step * SQUARE_MILLIMETRES_PER_SQUARE_CENTIMETRE
        self._factors: scipy.sparse.linalg.SuperLU | None = None
        self._fairings: dict[float, Array] = {}

    def displacement(
        self,
        intensity: NDArray[np.floating],
        parameters: DetailParameters | None = None,
        pause: Pause = no_pause,
    ) -> Array:
        """Displacement (n,) of the vertices along their normals in millimetres (eq. 14).

        Parameters
        ----------
        intensity : (n,)
            The photo's intensity at each vertex in [0, 1]; ignored where the vertex is not seen.
        parameters : DetailParameters, optional
        pause : Pause

        Raises
        ------
        ValueError
            If a shape is wrong or `parameters.equation` is neither 12 nor 13.
        """
        parameters = parameters or DetailParameters()
        values = _per_vertex("intensity", intensity, self.count)
        if len(self._used) == 0 or parameters.strength == 0:
            return np.zeros(self.count)
        return self._raised(self.high_pass(values[self._used], parameters, pause), parameters, pause)

    def blended(
        self,
        shadings: Sequence[Shading],
        qualities: Sequence[Array],
        parameters: DetailParameters | None = None,
        pause: Pause = no_pause,
    ) -> Array:
        """Displacement (n,) as `displacement` gives it, from what several photos show.

        Parameters
        ----------
        shadings : sequence of Shading
        qualities : sequence of (n,)
            What each photo's contrasts count at each vertex.
        parameters : DetailParameters, optional
        pause : Pause
        """
        parameters = parameters or DetailParameters()
        if len(self._used) == 0 or parameters.strength == 0:
            return np.zeros(self.count)
        weights = np.maximum(self._smooth(np.stack(qualities, axis=1)[self._used], BLENDED**2), 0.0)
        total, contrast = weights.sum(axis=1), np.zeros(len(self._used))
        for shading, weight in zip(shadings, weights.T, strict=True):
            seen = shading.visibility[self._used]
            contrast += weight * self.high_pass(shading.intensity[self._used], parameters, pause, seen)
            pause()
        return self._raised(contrast / np.maximum(total, 1e-12), parameters, pause)

    def _raised(self, contrast: Array, parameters: DetailParameters, pause: Pause) -> Array:
        """Displacement (n,) from contrasts of the seen part (eq. 14)."""
        displacement = np.zeros(self.count)
        fairing = self.fairing(parameters.fairing_step)
        pause()
        data = self._data_term(contrast, fairing, parameters)
        combined = parameters.balance * data + (1 - parameters.balance) * fairing
        displacement[self._used] = parameters.strength * self._visibility * combined
        return displacement

    def high_pass(
        self,
        intensity: Array,
        parameters: DetailParameters,
        pause: Pause = no_pause,
        visibility: Array | None = None,
    ) -> Array:
        """Eq. 9 (mu) relative to the intensity of the seen surroundings, at the vertices (n,) of the seen part.

        Where several photos see it, `visibility` is that of the one whose intensity it is.
        """
        time = parameters.time_step * SQUARE_MILLIMETRES_PER_SQUARE_CENTIMETRE * parameters.scale**2
        visibility = self._visibility if visibility is None else visibility
        seen = visibility > 0
        values = np.column_stack([np.where(seen, intensity * visibility, 0.0), visibility])
        smooth = self._smooth(values, time, pause)
        low = smooth[:, 0] / np.maximum(smooth[:, 1], 1e-6)
        return np.where(seen, (intensity - low) / np.maximum(low, DARKEST_SURROUNDINGS), 0.0)

    def fairing(self, time: float) -> Array:
        """The normal part (n,) in millimetres of a step of mean-curvature flow (delta_s of eq. 14), time in mm^2."""
        if time not in self._fairings:
            # So short a step is solved faster by a few plain conjugate gradients than through the factors.
            matrix = (sparse.diags(self._mass) - time * self._laplacian).tocsr()
            diagonal = 1.0 / matrix.diagonal()[:, None]
            faired = _conjugate_gradients(
                matrix, self._mass[:, None] * self._vertices, self._vertices, lambda r: diagonal * r, 1e-2
            )
            self._fairings[time] = np.einsum("ij,ij->i", faired - self._vertices, self._normals)
        return self._fairings[time]

    def _data_term(self, contrast: Array, fairing: Array, parameters: DetailParameters) -> Array:
        """Eq. 12 or 13 (delta_mu) with contrast that saturates."""
        damped = contrast / (1 + (contrast / parameters.largest_contrast) ** 2) ** 2
        shading = self._visibility * damped
        radius = parameters.radius * parameters.scale
        relative = parameters.relief * (shading - self._smooth(shading[:, None], radius**2)[:, 0])
        if parameters.equation == 13:
            term = relative * np.clip(1 - radius * self._curvature, 0.0, 1.0)
        elif parameters.equation == 12:
            term = relative + fairing
        else:
            raise ValueError(f"equation must be 12 or 13, not {parameters.equation}")
        return parameters.largest_displacement * np.tanh(term / parameters.largest_displacement)

    def _smooth(self, values: Array, time: float, pause: Pause = no_pause) -> Array:
        """An implicit heat step: solve ``(I - time Lap) u = values`` for values (n, k), time in square millimetres."""
        mass = sparse.diags(self._mass)
        if self._factors is None:
            self._factors = scipy.sparse.linalg.splu(
                (mass - self._factorised_time * self._laplacian).tocsc(),
                permc_spec="MMD_AT_PLUS_A",
                diag_pivot_thresh=0.0,
                options={"SymmetricMode": True},
            )
        pause()
        right = self._mass[:, None] * values
        start = self._factors.solve(right)
        if time == self._factorised_time:
            return start
        return _conjugate_gradients(
            (mass - time * self._laplacian).tocsr(), right, start, self._factors.solve, SMOOTHING_TOLERANCE
        )


def ring_curvature(vertices: Array, triangles: NDArray[np.integer], normals: Array) -> Array:
    """Mean of ``|<v - v_i, n>| / |v - v_i|^2`` over the ring of each vertex (n,), weighted by ``exp(-|v - v_i|)``.

    Eq. 13 attenuates by ``|<v - v_i, n>| / |v - v_i|``, which is this times the distance of the neighbour.
    """
    # Inner edges occur twice, once in each direction; that of border edges does not matter.
    start = triangles.ravel()
    end = np.roll(triangles, -1, axis=1).ravel()
    difference = vertices[start] - vertices[end]
    squared = np.maximum((difference**2).sum(axis=1), 1e-12)
    weight = np.exp(-np.sqrt(squared))
    bend = np.abs(np.einsum("ij,ij->i", difference, normals[start])) / squared
    count = len(vertices)
    total = np.bincount(start, weight, count)
    return np.bincount(start, weight * bend, count) / np.maximum(total, 1e-12)


def _per_vertex(name: str, values: NDArray[np.floating], count: int) -> Array:
    values = np.asarray(values, dtype=np.float64)
    if values.shape != (count,):
        raise ValueError(f"{name} must have shape ({count},), not {values.shape}")
    return values


def _conjugate_gradients(
    matrix: sparse.csr_matrix, right: Array, start: Array, condition: Callable[[Array], Array], tolerance: float
) -> Array:
    """Solve for right-hand sides (n, k) until the error has fallen by `tolerance` (in the preconditioned norm)."""
    solution = np.array(start, dtype=np.float64)
    residual = right - matrix @ solution
    conditioned = condition(residual)
    direction = conditioned
    progress = (residual * conditioned).sum(axis=0)
    enough = tolerance**2 * progress
    for _ in range(100):
        image = matrix @ direction
        length = progress / np.maximum((direction * image).sum(axis=0), 1e-300)
        solution += length * direction
        residual -= length * image
        conditioned = condition(residual)
        previous, progress = progress, (residual * conditioned).sum(axis=0)
        if (progress <= enough).all():
            break
        direction = conditioned + progress / np.maximum(previous, 1e-300) * direction
    return solution
