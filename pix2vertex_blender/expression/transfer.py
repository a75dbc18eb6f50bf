"""Deformation transfer: the template's expressions become those of another head of the same topology.

Sumner and Popovic, Deformation Transfer for Triangle Meshes (2004): each triangle of the head shall deform as the same
triangle of the template does, whatever its own size and shape. Their least-squares problem (eq. 8) is solved in the
form of Botsch et al., Deformation Transfer for Detail-Preserving Surface Editing (2006), who show that with triangles
weighted by their areas it is a Poisson equation on the head: its matrix has as many rows as there are vertices and
is the same for all expressions, so that it is factorised once. For the displacements u of the vertices x, with the
cotangent weights w of the edges ij of each triangle t and the deformation gradients Q of the template's triangles::

    sum_t sum_ij w_ij |(u_i - u_j) - (Q_t - I)(x_i - x_j)|^2  +  sum_i m_i / l^2 |u_i - s d_i|^2  ->  min

The second term is ours: gradients alone leave it to small errors how far a chin moves in the end, so that over the
length l the displacements are held to the template's, d, times the ratio s of the sizes of the two heads. Vertices that
no expression of the template moves stay where they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.linalg import splu

from ..geometry.cotangents import LARGEST_COTANGENT
from ..geometry.laplacian import lumped_mass
from ..geometry.mesh import triangulate
from ..geometry.similarity import fit_similarity
from ..template import load_template
from .shapes import load_expressions

Array = NDArray[np.float64]

#: l: over this length (mm) displacements are held to those of the template.
REACH = 60.0


@dataclass(frozen=True)
class Gradients:
    """How the triangles of a mesh deform under shapes.

    Attributes
    ----------
    triangles : (m, 3)
        Those that any shape deforms.
    changes : (m, 3, k, 3) float32
        Deformation gradients less the identity, Q - I: what a triangle (m) adds along each axis (last) for each
        component (second) of an edge, in each shape (k). So all shapes of a triangle are one matrix product.
    """

    triangles: NDArray[np.int64]
    changes: NDArray[np.float32]

    def some(self, numbers: Sequence[int]) -> "Gradients":
        """Those of some of the shapes."""
        everything = len(numbers) == self.changes.shape[2] and list(numbers) == sorted(numbers)
        return self if everything else Gradients(self.triangles, self.changes[:, :, numbers])


def deformation_gradients(vertices: Array, triangles: NDArray[np.integer], offsets: NDArray[np.floating]) -> Gradients:
    """The gradients of shapes (k, n, 3) that deform a mesh (n, 3).

    A triangle's third direction is its normal, as long as the square root of its doubled area (their eq. 1).
    """
    moved = (np.abs(offsets) > 0).any(axis=(0, 2))
    used = triangles[moved[triangles].any(axis=1)].astype(np.int64)
    inverse = np.linalg.inv(_frames(vertices[used]))
    changes = np.empty((len(used), 3, len(offsets), 3), dtype=np.float32)
    for shape, offset in enumerate(offsets):
        changes[:, :, shape] = np.swapaxes(_frames((vertices + offset)[used]) @ inverse - np.eye(3), 1, 2)
    return Gradients(used, changes)


def _frames(corners: Array) -> Array:
    """Matrices (m, 3, 3) whose columns are two edges and the normal of triangles (m, 3, 3)."""
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    normal = np.cross(first, second)
    length = np.sqrt(np.maximum(np.linalg.norm(normal, axis=1), 1e-12))[:, None]
    return np.stack([first, second, normal / np.maximum(length, 1e-12)], axis=2)


class DeformationTransfer:
    """Carries shapes of the template to a head; factorises its matrix once.

    Parameters
    ----------
    head : (n, 3)
        With a neutral face, upright, in millimetres.
    movable : (n,) bool
        The vertices that may move.
    """

    def __init__(self, head: Array, movable: NDArray[np.bool_]) -> None:
        template = load_template()
        triangles = triangulate(template.faces)
        self._head = head
        self._movable = movable
        self._scale = fit_similarity(template.vertices, head, template.groups["face"]).scale
        self._mass = lumped_mass(head, triangles) / REACH**2
        self._triangles = triangles[movable[triangles].any(axis=1)]
        self._edges, self._weights = _weighted_edges(head, self._triangles)
        matrix = self._edges.T @ sparse.diags(self._weights) @ self._edges + sparse.diags(self._mass)
        self._factor = splu(
            matrix.tocsr()[movable][:, movable].tocsc(),
            permc_spec="MMD_AT_PLUS_A",
            diag_pivot_thresh=0.0,
            options={"SymmetricMode": True},
        )

    def transfer(self, gradients: Gradients, offsets: NDArray[np.floating]) -> Array:
        """Displacements (k, n, 3) of the head for shapes of the template, given by gradients and offsets (k, n, 3)."""
        vertices, count, triangles = len(self._head), len(offsets), gradients.triangles
        pulls = _pulls(self._head, triangles).astype(np.float32)
        wanted = np.matmul(pulls, gradients.changes.reshape(len(triangles), 3, 3 * count))
        wanted = wanted.reshape(triangles.size, 3 * count)
        corners = (np.ones(triangles.size, dtype=np.float32), (triangles.ravel(), np.arange(triangles.size)))
        right = (sparse.csr_matrix(corners, (vertices, triangles.size)) @ wanted).astype(np.float64)
        held = np.moveaxis(offsets, 0, 1).reshape(vertices, -1)
        right += (self._mass * self._scale)[:, None] * held
        solution = np.zeros_like(right)
        solution[self._movable] = self._factor.solve(right[self._movable])
        return np.ascontiguousarray(np.moveaxis(solution.reshape(vertices, count, 3), 1, 0))


def _weighted_edges(vertices: Array, triangles: NDArray[np.integer]) -> tuple[sparse.csr_matrix, Array]:
    """The matrix (3 m, n) of the edges' differences, those opposite to the first corners first, and weights (3 m,)."""
    start, end = (np.concatenate([triangles[:, (corner + i) % 3] for corner in range(3)]) for i in (1, 2))
    rows = np.arange(len(start))
    values = np.ones(len(start))
    shape = (len(start), len(vertices))
    edges = sparse.csr_matrix((values, (rows, start)), shape) - sparse.csr_matrix((values, (rows, end)), shape)
    return edges.tocsr(), _edge_weights(vertices[triangles]).ravel()


def _edge_weights(corners: Array) -> Array:
    """The cotangent weights (3, m) of the edges opposite to each corner of triangles (m, 3, 3)."""
    weights = []
    for corner in range(3):
        one = corners[:, (corner + 1) % 3] - corners[:, corner]
        other = corners[:, (corner + 2) % 3] - corners[:, corner]
        doubled_area = np.linalg.norm(np.cross(one, other), axis=1)
        cotangent = np.einsum("ij,ij->i", one, other) / np.maximum(doubled_area, 1e-12)
        weights.append(np.clip(cotangent, 0.0, LARGEST_COTANGENT) / 2)
    return np.stack(weights)


def _pulls(vertices: Array, triangles: NDArray[np.integer]) -> Array:
    """What the edges of each triangle add up to at its corners (m, 3, 3): ``sum_j w_ij (x_i - x_j)``.

    Times a triangle's Q - I it is what the triangle adds to the right side of the equation there.
    """
    corners = vertices[triangles]
    weights = _edge_weights(corners)
    # Opposite to each corner: from the next corner to the one after it.
    opposite = [
        weights[corner][:, None] * (corners[:, (corner + 1) % 3] - corners[:, (corner + 2) % 3]) for corner in range(3)
    ]
    return np.stack([opposite[(corner + 2) % 3] - opposite[(corner + 1) % 3] for corner in range(3)], axis=1)


@cache
def template_gradients() -> Gradients:
    """The gradients of ARKit's expressions on the template."""
    template = load_template()
    return deformation_gradients(template.vertices, triangulate(template.faces), load_expressions().offsets)


@cache
def expressive() -> NDArray[np.bool_]:
    """The vertices (n,) that any expression of the template moves."""
    moved: NDArray[np.bool_] = (np.abs(load_expressions().offsets) > 0).any(axis=(0, 2))
    return moved
