"""Small repairs of a registered mesh: folds and self-intersections give way to a locally affine deformation."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from ...exchange.progress import Pause, no_pause
from ...geometry.intersections import intersecting_triangles
from .contacts import Folds, grow, openings
from .deformation import Array

#: How far (mm) around a tangle the deformation becomes affine, and how far it fades to what it was, at first.
CORE, FADE = 1.0, 3.0
#: Both grow by this factor at every attempt.
GROWTH = 1.4
#: Surroundings that are flatter than this share of their extent do not tell the slope across them.
FLATNESS = 0.02
ATTEMPTS = 5
#: Intersections are looked for on this many rings around mouth and eyes, and around folds: where surfaces are close.
RINGS = 8
FOLD_RINGS = 3


@dataclass(frozen=True)
class Tangles:
    """What is wrong with a mesh.

    Attributes
    ----------
    folded : (n,) bool
        Vertices at edges whose triangles lie folded onto each other.
    intersecting : (n,) bool
        Vertices of triangles that cut each other, though they do not in the reference.
    """

    folded: NDArray[np.bool_]
    intersecting: NDArray[np.bool_]

    @property
    def any(self) -> NDArray[np.bool_]:
        """Either (n,)."""
        return self.folded | self.intersecting


class Untangler:
    """Finds and repairs tangles of deformed versions of one mesh (n, 3) in millimetres.

    Parameters
    ----------
    reference : (n, 3)
    triangles : (m, 3)
    folds : Folds
        Of both.
    close : (n,) bool, optional
        Where surfaces are close; around the mesh's openings if it is not told.
    """

    def __init__(
        self,
        reference: Array,
        triangles: NDArray[np.integer],
        folds: Folds,
        close: NDArray[np.bool_] | None = None,
    ) -> None:
        self._reference, self._triangles, self._folds = reference, triangles, folds
        self._near = _around_openings(triangles, len(reference)) if close is None else close

    def find(self, vertices: Array) -> Tangles:
        """The tangles of a deformed mesh (n, 3)."""
        folded = self._folds.find(vertices)
        close = self._near | grow(folded, self._triangles, FOLD_RINGS)
        chosen = self._triangles[close[self._triangles].all(axis=1)]
        intersecting = np.zeros(len(vertices), dtype=bool)
        pairs = intersecting_triangles(vertices, chosen) if len(chosen) else np.zeros((0, 2), dtype=np.intp)
        if len(pairs):
            some = chosen[np.unique(pairs)]
            known = intersecting_triangles(self._reference, some)
            intersecting[some] = True
            intersecting[some[np.unique(known)]] = False
        return Tangles(folded, intersecting)

    def repair(
        self, vertices: Array, pause: Pause = no_pause, undeformed: Array | None = None
    ) -> tuple[Array, Tangles]:
        """The mesh (n, 3) with its tangles smoothed away as far as possible, and those that remain.

        Around each tangle the deformation becomes the affine map that fits its surroundings, which cannot make
        surfaces cross that did not; where that is not enough, on a wider scale. Attempts that help nothing are undone.

        Parameters
        ----------
        vertices : (n, 3)
        pause : Pause, optional
        undeformed : (n, 3), optional
            From where the deformation is counted, if not from the reference: an affine map from shut lips moves both
            of them alike, one from lips that are as open leaves them so.
        """
        undeformed = self._reference if undeformed is None else undeformed
        repaired, tangles = vertices, self.find(vertices)
        current, found = repaired, tangles
        core, fade = CORE, FADE
        for _ in range(ATTEMPTS):
            if not found.any.any():
                break
            pause()
            current = self._smoothed(current, undeformed, found.any, core, fade)
            found = self.find(current)
            if found.any.sum() < tangles.any.sum():
                repaired, tangles = current, found
            core, fade = GROWTH * core, GROWTH * fade
        return repaired, tangles

    def _smoothed(
        self, vertices: Array, undeformed: Array, marked: NDArray[np.bool_], core: float, fade: float
    ) -> Array:
        """The mesh with a locally affine deformation around each cluster of marked vertices (n,)."""
        result = vertices.copy()
        tangled = np.flatnonzero(marked)
        tree = cKDTree(self._reference[tangled])
        close = tree.query_pairs(core + fade, output_type="ndarray")
        graph = sparse.csr_matrix((np.ones(len(close)), close.T), (len(tangled), len(tangled)))
        count, cluster = connected_components(graph, directed=False)
        for number in range(count):
            members = self._reference[tangled[cluster == number]]
            distances = cKDTree(members).query(self._reference, distance_upper_bound=core + fade)[0]
            around = np.flatnonzero(np.isfinite(distances))
            share = np.clip((core + fade - distances[around]) / fade, 0.0, 1.0)
            share = share * share * (3 - 2 * share)
            moved = affine_displacement(undeformed[around], vertices[around] - undeformed[around])
            result[around] += share[:, None] * (undeformed[around] + moved - result[around])
        return result


def _around_openings(triangles: NDArray[np.integer], count: int) -> NDArray[np.bool_]:
    near = np.zeros(count, dtype=bool)
    for loop in openings(triangles, count):
        near[loop] = True
    return grow(near, triangles, RINGS)


def affine_displacement(points: Array, displacements: Array) -> Array:
    """The affine field (n, 3) nearest to displacements (n, 3) of points (n, 3), drawn a bit towards a translation."""
    centred = points - points.mean(axis=0)
    mean = displacements.mean(axis=0)
    spread = centred.T @ centred
    ridge = (FLATNESS * np.trace(spread) / 3 + np.finfo(float).tiny) * np.eye(3)  # not zero for a single point
    return mean + centred @ np.linalg.solve(spread + ridge, centred.T @ (displacements - mean))
