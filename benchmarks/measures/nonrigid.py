"""Correspondence of a mesh with a scan of another topology: stiff first, then softer (non-rigid ICP)."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.linalg import splu

from pix2vertex_blender.geometry.mesh import unique_edges, vertex_normals
from pix2vertex_blender.geometry.similarity import fit_similarity

from .surface import Points, Surface, Triangles


@dataclass(frozen=True)
class NonRigidParameters:
    """How a mesh is drawn onto a scan. Lengths in millimetres.

    Attributes
    ----------
    rigid_iterations : int
        Nearest-point steps of a similarity, after the landmarks'.
    stiffness : tuple of float
        Weights of the smoothness of the displacement, one stage after the other.
    iterations : int
        Nearest-point steps at each stiffness.
    landmark_weight : float
        Of a landmark against a vertex, at the first stiffness; it fades with the stiffness.
    largest_distance : float
        Farther nearest points draw nothing, and are not reliable at the end.
    largest_angle : float
        The same for the angle between normals, in degrees.
    """

    rigid_iterations: int = 10
    stiffness: tuple[float, ...] = (3000.0, 1000.0, 300.0, 100.0, 30.0)
    iterations: int = 2
    landmark_weight: float = 100.0
    largest_distance: float = 10.0
    largest_angle: float = 45.0


@dataclass(frozen=True)
class ScanCorrespondence:
    """Where each vertex lies on the scan.

    Attributes
    ----------
    aligned : (n, 3)
        The vertices after the similarity alone, in the scan's frame.
    points : (n, 3)
        Their counterparts on the scan.
    reliable : (n,) bool
        Near enough, facing alike and away from the scan's border (Beyond 3DMM 7.2).
    """

    aligned: Points
    points: Points
    reliable: NDArray[np.bool_]


def register_to_scan(
    vertices: Points,
    triangles: Triangles,
    scan: Surface,
    landmarks: sparse.csr_matrix,
    positions: Points,
    parameters: NonRigidParameters | None = None,
) -> ScanCorrespondence:
    """Find the counterpart of each vertex on a scan.

    Parameters
    ----------
    vertices : (n, 3)
    triangles : (m, 3)
    scan : Surface
    landmarks : sparse (l, n)
        Weights of the vertices in each landmark; at least three landmarks.
    positions : (l, 3)
        Where the landmarks are on the scan.
    """
    parameters = parameters or NonRigidParameters()
    aligned = fit_similarity(landmarks @ vertices, positions).apply(vertices)
    for _ in range(parameters.rigid_iterations):
        target, used = _matches(aligned, triangles, scan, parameters)
        if used.sum() < 10:
            break
        aligned = fit_similarity(aligned[used], target[used]).apply(aligned)
    smoothness = _smoothness(triangles, len(vertices))
    moved = aligned.copy()
    for stiffness in parameters.stiffness:
        landmark_weight = parameters.landmark_weight * stiffness / parameters.stiffness[0]
        fixed = stiffness * smoothness + landmark_weight * landmarks.T @ landmarks
        landmark_pull = landmark_weight * landmarks.T @ (positions - landmarks @ aligned)
        for _ in range(parameters.iterations):
            target, used = _matches(moved, triangles, scan, parameters)
            pull = used[:, None] * (target - aligned) + landmark_pull
            moved = aligned + splu((fixed + sparse.diags(used.astype(np.float64))).tocsc()).solve(pull)
    points, reliable = _matches(moved, triangles, scan, parameters)
    return ScanCorrespondence(aligned, points, reliable)


def _matches(
    vertices: Points, triangles: Triangles, scan: Surface, parameters: NonRigidParameters
) -> tuple[Points, NDArray[np.bool_]]:
    """Nearest points (n, 3) of the scan, and which of them are to be believed."""
    nearest = scan.nearest(vertices)
    facing = (nearest.normals * vertex_normals(vertices, triangles)).sum(axis=1)
    believed = (
        (nearest.distances < parameters.largest_distance)
        & (facing > np.cos(np.radians(parameters.largest_angle)))
        & nearest.inside
    )
    return nearest.points, believed


def _smoothness(triangles: Triangles, count: int) -> sparse.csr_matrix:
    """Square of the graph Laplacian plus a little of itself, which keeps parts without a match where they are."""
    edges = unique_edges(triangles)
    ones = np.ones(len(edges))
    adjacency = sparse.coo_matrix((ones, (edges[:, 0], edges[:, 1])), (count, count))
    adjacency = (adjacency + adjacency.T).tocsr()
    degree = np.maximum(np.asarray(adjacency.sum(axis=1)).ravel(), 1)
    laplacian = sparse.identity(count) - sparse.diags(1 / degree) @ adjacency
    return (laplacian.T @ laplacian + 1e-6 * sparse.identity(count)).tocsr()
