"""Lips and lids of a head of another topology that a change has driven into each other part again."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from ...template import load_template
from ..registration.contacts import Folds
from ..registration.untangling import Untangler
from .binding import Array

#: Groups of the template around which surfaces lie close to each other.
SLITS = ("upper_lip", "lower_lip", "mouth_interior", "eyelids")
#: What is no farther from them than this (mm of the template) is looked at: more than is smoothed around a crossing.
REACH = 20.0


class Parting:
    """Finds and mends what crosses around mouth and eyes.

    Parameters
    ----------
    vertices : (k, 3)
    triangles : (m, 3)
        Of its skin alone: lashes and eyes may reach into it.
    wrapped : (c, 3)
        Our template at level 0 on the head.
    unit : float
        A millimetre of the template in the head's coordinates.
    """

    def __init__(self, vertices: Array, triangles: NDArray[np.integer], wrapped: Array, unit: float) -> None:
        groups = load_template().groups
        slits = wrapped[np.max([groups[name] for name in SLITS], axis=0) > 0.5]
        close = KDTree(slits).query(vertices, distance_upper_bound=REACH * unit)[0] < REACH * unit
        chosen = triangles[close[triangles].all(axis=1)]
        self._rows, own = np.unique(chosen, return_inverse=True)
        self._triangles, self._unit = own.reshape(-1, 3), unit
        self._reference = vertices[self._rows] / unit

    def parted(self, moves: Array) -> Array:
        """Motions (k, 3) of the head's vertices after which nothing crosses that did not, as far as possible."""
        if len(self._triangles) == 0:
            return moves
        folds = Folds(self._reference, self._triangles)
        everywhere = np.ones(len(self._reference), dtype=bool)
        untangler = Untangler(self._reference, self._triangles, folds, everywhere)
        repaired, _tangles = untangler.repair(self._reference + moves[self._rows] / self._unit)
        result = moves.copy()
        result[self._rows] = (repaired - self._reference) * self._unit
        return result
