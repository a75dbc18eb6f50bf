"""A direct solver for sparse symmetric systems on a mesh, with NumPy alone.

Vertices are put into layers by their distance from the first ones, counted in edges. Where a matrix couples only
vertices up to two edges apart, as a bi-Laplacian does, two layers at a time are blocks of a block tridiagonal matrix::

    A = | K0  E0'        |        D0 = K0,   D(i+1) = K(i+1) - Ei Di^-1 Ei'
        | E0  K1  E1'    |
        |     E1  K2 ... |

which is factorised and solved block by block: a third of a second for a head of 7,000 vertices, and milliseconds for a
right-hand side. Blender's process has no SciPy, which could do it with sparse factors.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Entries:
    """A symmetric sparse matrix; several values of one place add up.

    Attributes
    ----------
    rows, columns, values : (e,)
    """

    rows: NDArray[np.integer]
    columns: NDArray[np.integer]
    values: Array


class BlockFactors:
    """Solves with a symmetric positive definite matrix.

    Parameters
    ----------
    matrix : Entries
        Couples only vertices that are at most two edges apart.
    edges : (m, 2)
        Of the mesh.
    count : int
        How many vertices there are.
    """

    def __init__(self, matrix: Entries, edges: NDArray[np.integer], count: int) -> None:
        self._blocks = _blocks(_layers(edges, count))
        block_of, place = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
        for number, block in enumerate(self._blocks):
            block_of[block], place[block] = number, np.arange(len(block))
        self._inverses: list[Array] = []
        self._below: list[Array] = []
        order = np.argsort(block_of[matrix.columns], kind="stable")
        ends = np.searchsorted(block_of[matrix.columns][order], np.arange(len(self._blocks) + 1))
        for number, block in enumerate(self._blocks):
            own = order[ends[number] : ends[number + 1]]
            rows, columns, values = matrix.rows[own], place[matrix.columns[own]], matrix.values[own]
            diagonal = _dense(rows, columns, values, block_of == number, place, (len(block), len(block)))
            if number:
                below = self._below[-1]
                diagonal -= below @ self._inverses[-1] @ below.T
            self._inverses.append(np.linalg.inv(diagonal))
            if number + 1 < len(self._blocks):
                shape = len(self._blocks[number + 1]), len(block)
                self._below.append(_dense(rows, columns, values, block_of == number + 1, place, shape))

    def solve(self, right: Array) -> Array:
        """The solution (n, c) for right-hand sides (n, c)."""
        parts = [right[block].astype(np.float64) for block in self._blocks]
        for number, below in enumerate(self._below):
            parts[number + 1] -= below @ (self._inverses[number] @ parts[number])
        solution = np.empty_like(right, dtype=np.float64)
        for number in reversed(range(len(parts))):
            if number + 1 < len(parts):
                parts[number] -= self._below[number].T @ parts[number + 1]
            parts[number] = self._inverses[number] @ parts[number]
            solution[self._blocks[number]] = parts[number]
        return solution


def _dense(
    rows: NDArray[np.integer],
    columns: NDArray[np.integer],
    values: Array,
    wanted: NDArray[np.bool_],
    place: NDArray[np.int64],
    shape: tuple[int, int],
) -> Array:
    """A block of the matrix: the entries in wanted rows."""
    used = wanted[rows]
    flat = place[rows[used]] * shape[1] + columns[used]
    block: Array = np.bincount(flat, values[used], shape[0] * shape[1]).astype(np.float64)
    return block.reshape(shape)


def _layers(edges: NDArray[np.integer], count: int) -> NDArray[np.int64]:
    """The distance (n,) of each vertex from the first one of its part; parts follow one another."""
    layer = np.full(count, -1)
    ends = np.concatenate([edges, edges[:, ::-1]])
    ends = ends[np.argsort(ends[:, 0], kind="stable")]
    starts = np.searchsorted(ends[:, 0], np.arange(count + 1))
    next_layer = 0
    for first in range(count):
        front = [first] if layer[first] < 0 else []
        while front:
            layer[front] = next_layer
            next_layer += 1
            reached = np.concatenate([ends[starts[vertex] : starts[vertex + 1], 1] for vertex in front])
            front = np.unique(reached[layer[reached] < 0]).tolist()
    return layer


def _blocks(layer: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """The vertices of each two layers."""
    order = np.argsort(layer // 2, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(layer[order] // 2)) + 1)
