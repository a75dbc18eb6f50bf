"""The points of the target that the template's vertices are drawn to (pix2vertex, supplement B.1, step 1)."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ...errors import RegistrationError
from ...geometry.laplacian import vertex_triangle_incidence
from ...geometry.mesh import border_vertices, normalise
from ...geometry.nearest import nearest_in_fans
from .target import TargetMesh

#: Fewer matches cannot hold the template.
FEWEST_MATCHES = 12

#: More triangles than this around one target vertex are not looked at.
LARGEST_FAN = 8


def require_matches(count: int) -> None:
    """Look whether there are matches enough.

    Raises
    ------
    RegistrationError
        If there are not.
    """
    if count < FEWEST_MATCHES:
        raise RegistrationError(
            f"Only {count} of the template's vertices have a counterpart in the photo; {FEWEST_MATCHES} or more are "
            "needed. Choose a photo that shows more of the face."
        )


@dataclass(frozen=True)
class Matches:
    """For each query the nearest point of the target mesh.

    Attributes
    ----------
    points : (n, 3)
        Positions on the target's triangles.
    normals : (n, 3)
        The target's unit normals there.
    canonical : (n, 3)
        The target's canonical coordinates there.
    distances : (n,)
        From the query, in the space that was searched.
    inside : (n,) bool
        False where the nearest vertex lies on the border of the target: what is seen ends there, so the true
        correspondence may lie beyond it.
    """

    points: NDArray[np.float64]
    normals: NDArray[np.float64]
    canonical: NDArray[np.float64]
    distances: NDArray[np.float64]
    inside: NDArray[np.bool_]

    def scaled(self, factor: float) -> "Matches":
        """The matches with their positions multiplied by a factor."""
        return replace(self, points=self.points * factor)


class TargetIndex:
    """Finds the nearest points of one target mesh, in canonical coordinates or in space."""

    def __init__(self, target: TargetMesh) -> None:
        self.target = target
        incidence = vertex_triangle_incidence(target.triangles, len(target.vertices))
        self._fans = incidence.indptr, incidence.indices
        self._border = border_vertices(target.triangles, len(target.vertices))
        self._canonical_tree = _tree(target.canonical)
        self._position_tree: cKDTree | None = None
        self._last: tuple[NDArray[np.floating], Matches] | None = None

    def match_canonical(self, canonical: NDArray[np.floating]) -> Matches:
        """Nearest points to canonical coordinates (n, 3), interpolated within the target's triangles.

        Alignment and registration ask for the same vertices: the last answer is kept.
        """
        if self._last is None or not np.array_equal(self._last[0], canonical):
            _, nearest = self._canonical_tree.query(canonical)
            self._last = np.array(canonical), self._refine(canonical, self.target.canonical, nearest)
        return self._last[1]

    def match_positions(self, points: NDArray[np.floating], which: NDArray[np.bool_] | None = None) -> Matches:
        """Nearest points to positions (n, 3), interpolated within the target's triangles.

        If only some are wanted, `which` (n,) says so; the others are matched with themselves and are not inside.
        """
        if self._position_tree is None:
            self._position_tree = _tree(self.target.vertices)
        wanted = points if which is None else points[which]
        _, nearest = self._position_tree.query(wanted)
        matches = self._refine(wanted, self.target.vertices, nearest)
        if which is None:
            return matches
        count = len(points)
        spread = Matches(
            np.array(points), np.zeros((count, 3)), np.zeros((count, 3)), np.zeros(count), np.zeros(count, dtype=bool)
        )
        for name in ("points", "normals", "canonical", "distances", "inside"):
            getattr(spread, name)[which] = getattr(matches, name)
        return spread

    def _refine(
        self, queries: NDArray[np.floating], space: NDArray[np.float64], nearest: NDArray[np.integer]
    ) -> Matches:
        """The closest point on the triangles around each nearest vertex."""
        chosen, weights, squared = nearest_in_fans(
            queries, space, self.target.triangles, self._fans, nearest, LARGEST_FAN
        )
        triangle = self.target.triangles[chosen]
        return Matches(
            points=np.einsum("ij,ijk->ik", weights, self.target.vertices[triangle]),
            normals=normalise(np.einsum("ij,ijk->ik", weights, self.target.normals[triangle])),
            canonical=np.einsum("ij,ijk->ik", weights, self.target.canonical[triangle]),
            distances=np.sqrt(squared),
            inside=~self._border[nearest],
        )


def _tree(points: NDArray[np.float64]) -> cKDTree:
    return cKDTree(points, balanced_tree=False, compact_nodes=False, leafsize=24)
