"""Points anywhere on a head, and where the artist has pinned them in the photo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Points:
    """Points of the template's surface.

    Attributes
    ----------
    corners : (k, 3) int
        Vertices of level 0.
    weights : (k, 3)
        How much each counts; they add up to 1.
    """

    corners: NDArray[np.int64]
    weights: NDArray[np.float64]

    def chosen(self, indices: Sequence[int] | NDArray[np.integer]) -> "Points":
        """Some of the points, in the given order."""
        keep = np.asarray(indices, dtype=np.int64)
        return Points(self.corners[keep], self.weights[keep])

    def of(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """Values (k, ...) at the points, from those of the vertices (n, ...) of any level: level 0 comes first."""
        found: NDArray[np.float64] = np.einsum(
            "kc,kc...->k...", self.weights, np.asarray(values, dtype=np.float64)[self.corners]
        )
        return found


@dataclass(frozen=True)
class PinnedPoints:
    """Points, and where in the photo they belong.

    Attributes
    ----------
    places : Points
    pixels : (k, 2)
        Of the photo.
    """

    places: Points
    pixels: NDArray[np.float64]

    @classmethod
    def none(cls) -> "PinnedPoints":
        """No point at all."""
        return cls(Points(np.zeros((0, 3), dtype=np.int64), np.zeros((0, 3))), np.zeros((0, 2)))

    def to_lists(self) -> dict[str, list[Any]]:
        """What `from_lists` reads, for a request to the worker."""
        return {
            "corners": self.places.corners.tolist(),
            "weights": self.places.weights.tolist(),
            "pixels": self.pixels.tolist(),
        }

    @classmethod
    def from_lists(cls, lists: Mapping[str, Sequence[Any]]) -> "PinnedPoints":
        """Points from what `to_lists` made."""
        corners = np.array(lists["corners"], dtype=np.int64).reshape(-1, 3)
        weights = np.array(lists["weights"], dtype=np.float64).reshape(-1, 3)
        return cls(Points(corners, weights), np.array(lists["pixels"], dtype=np.float64).reshape(-1, 2))
