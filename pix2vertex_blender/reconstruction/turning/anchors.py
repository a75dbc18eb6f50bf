"""Anchors over a whole photo, their depth and their displacement (Beyond 3DMM, eqs. 12 and 16).

Both equations ask for values that are given at some anchors and differ as little as possible along the edges of the
mesh everywhere else. Here what is given is kept, and the differences are squared, so that each is one sparse system.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
import scipy.sparse.linalg
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Anchors across the head, and by how much each farther step away from it is longer than the one before.
ACROSS, GROWTH = 72, 1.25
#: How far the mesh reaches beyond the photo, in sides of it.
BEYOND = 0.75


@dataclass(frozen=True)
class Anchors:
    """A grid of w x h anchors, denser around the head, that reaches beyond the photo.

    Attributes
    ----------
    columns, rows : (w,), (h,)
        Their photo pixels.
    """

    columns: Array
    rows: Array

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.rows), len(self.columns)

    @property
    def pixels(self) -> Array:
        """Photo pixels (h w, 2)."""
        across, down = np.meshgrid(self.columns, self.rows)
        return np.column_stack([across.ravel(), down.ravel()])

    @property
    def triangles(self) -> NDArray[np.int64]:
        """The mesh (m, 3) over the anchors."""
        index = np.arange(len(self.rows) * len(self.columns)).reshape(self.shape)
        a, b, c, d = (part.ravel() for part in (index[:-1, :-1], index[:-1, 1:], index[1:, 1:], index[1:, :-1]))
        return np.concatenate([np.column_stack([a, b, c]), np.column_stack([a, c, d])])

    @property
    def edges(self) -> NDArray[np.int64]:
        """The pairs (e, 2) of anchors that the mesh connects along rows and columns."""
        index = np.arange(len(self.rows) * len(self.columns)).reshape(self.shape)
        beside = np.column_stack([index[:, :-1].ravel(), index[:, 1:].ravel()])
        below = np.column_stack([index[:-1].ravel(), index[1:].ravel()])
        return np.concatenate([beside, below])

    def inside(self, size: tuple[int, int]) -> NDArray[np.bool_]:
        """Which anchors (h w,) lie in a photo of a width and height, its border not included."""
        within: NDArray[np.bool_] = ((self.pixels > 0) & (self.pixels < size)).all(axis=1)
        return within


def anchors_around(head: Array, size: tuple[int, int]) -> Anchors:
    """Anchors for a photo of a width and height with a head at pixels (n, 2)."""
    low, high = head.min(axis=0), head.max(axis=0)
    step = max(float((high - low).max()) / ACROSS, 1.5)
    columns, rows = (_lines(float(low[k]), float(high[k]), float(size[k]), step) for k in range(2))
    return Anchors(columns, rows)


def extended(values: Array, known: NDArray[np.bool_], edges: NDArray[np.int64]) -> Array:
    """Values (n, k) that are kept where they are known (n,) and elsewhere minimise eq. 12's or 16's second sum."""
    count = len(values)
    differences = sparse.csr_matrix(
        (
            np.repeat([1.0, -1.0], len(edges)),
            (np.tile(np.arange(len(edges)), 2), np.concatenate([edges[:, 0], edges[:, 1]])),
        ),
        (len(edges), count),
    )
    laplacian = (differences.T @ differences).tocsr()
    unknown = np.flatnonzero(~known)
    result = np.where(known[:, None], values, 0.0)
    if len(unknown) and known.any():
        right = -laplacian[unknown] @ result
        system = laplacian[unknown][:, unknown].tocsc()
        factors = scipy.sparse.linalg.splu(
            system, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True}
        )
        result[unknown] = factors.solve(right)
    return result


def _lines(low: float, high: float, length: float, step: float) -> Array:
    """Places along one side of the photo: even between two, with growing steps outside, at its ends and beyond them."""
    low, high = max(low, 0.0), min(high, length)
    if high - low < step:  # beside the photo
        low, high = 0.0, length
    inner = np.linspace(low, high, max(2, round((high - low) / step) + 1))
    before = low - _growing(low, step)
    after = high + _growing(length - high, step)
    ends = [-BEYOND * length, 0.0, length, (1 + BEYOND) * length]
    lines = np.unique(np.concatenate([before, inner, after, ends]).round(6))
    keep = np.concatenate([[True], np.diff(lines) > 1e-3])
    return lines[keep]


def _growing(distance: float, step: float) -> Array:
    """Distances from a place up to another, in growing steps; the last is left out if it is close."""
    places, place = [], 0.0
    while (place := place + step) < distance - step / 2:
        places.append(place)
        step *= GROWTH
    return np.array(places)
