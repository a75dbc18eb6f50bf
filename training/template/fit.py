"""Fit the half head to the mean surface: the fairest mesh through the anatomical places that lies on the surface."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.linalg import splu

from pix2vertex_blender.geometry.mesh import unique_edges, vertex_normals

from .layout import Symmetry
from .surface import Surface

Points = NDArray[np.float64]


@dataclass(frozen=True)
class FitParameters:
    """Weights of the fit relative to the squared second differences of the mesh, and the number of rounds."""

    pin_weight: float = 10.0
    landmark_weight: float = 0.5
    surface_weight: float = 1.0
    rounds: int = 8


def fit(
    quads: NDArray[np.int64],
    symmetry: Symmetry,
    pins: dict[int, Points],
    free: NDArray[np.bool_],
    skin: Surface,
    soft: dict[int, Points] | None = None,
    parameters: FitParameters | None = None,
) -> Points:
    """Positions (h, 3) of the half head.

    `pins` are firm positions by half vertex and `soft` those that may yield to fairness; vertices of `free` (h,) do not
    follow the surface (the inner rims). In turn, each vertex's tangent plane of the surface is found, and the quadratic
    energy solved.
    """
    parameters = parameters or FitParameters()
    count = len(free)
    bending = fairness_matrices(quads, symmetry, count)
    target = np.zeros((count, 3))
    pin_weight = np.zeros(count)
    for wanted, stiffness in ((soft or {}, parameters.landmark_weight), (pins, parameters.pin_weight)):
        for vertex, place in wanted.items():
            target[vertex], pin_weight[vertex] = place, stiffness
    points = np.stack(
        [_solve(bending[min(axis, 1)] + sparse.diags(pin_weight), pin_weight * target[:, axis]) for axis in range(3)],
        axis=1,
    )
    whole = sparse.block_diag([bending[0], bending[1], bending[1]])
    loose = ~free
    for round_number in range(parameters.rounds):
        places, normals = _on_surface(points, quads, symmetry, skin, round_number > 1)
        weight = np.where(loose, parameters.surface_weight, 0.0)
        blocks = [[sparse.diags(weight * normals[:, i] * normals[:, j]) for j in range(3)] for i in range(3)]
        offset = weight * np.einsum("nc,nc->n", normals, places)
        right = pin_weight[:, None] * target + offset[:, None] * normals
        matrix = whole + sparse.bmat(blocks) + sparse.diags(np.tile(pin_weight, 3))
        points = _solve(matrix, right.T.ravel()).reshape(3, count).T
    places, _ = _on_surface(points, quads, symmetry, skin, True)
    return np.where(loose[:, None], places, points)


def _on_surface(
    points: Points, quads: NDArray[np.int64], symmetry: Symmetry, skin: Surface, facing: bool
) -> tuple[Points, Points]:
    """Nearest surface points of the half head, if `facing` only where it faces the same way, and the normals there."""
    normals = vertex_normals(symmetry.unfold(points), quads)[: len(points)]
    return skin.closest(points, normals if facing else None)


def _solve(matrix: sparse.spmatrix, right: Points) -> Points:
    factor = splu(matrix.tocsc(), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}, diag_pivot_thresh=0.0)
    return factor.solve(right)


def fairness_matrices(
    quads: NDArray[np.int64], symmetry: Symmetry, count: int
) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
    """Squared umbrella Laplacian of the half head for the coordinate that mirrors (x), and for those that do not."""
    edges = unique_edges(quads)
    total = len(symmetry.source)
    both = np.concatenate([edges, edges[:, ::-1]])
    adjacency = sparse.csr_matrix((np.ones(len(both)), (both[:, 0], both[:, 1])), (total, total))
    degree = np.asarray(adjacency.sum(axis=1)).ravel()
    umbrella = sparse.identity(total) - sparse.diags(1 / degree) @ adjacency
    matrices = []
    for sign in (-1.0, 1.0):
        unfold = sparse.csr_matrix(
            (np.where(symmetry.mirrored, sign, 1.0), (np.arange(total), symmetry.source)), (total, count)
        )
        half = (umbrella @ unfold)[:count]
        matrices.append((half.T @ half).tocsr())
    return matrices[0], matrices[1]
