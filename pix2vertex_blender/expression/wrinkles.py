"""Which part of a photo's fine detail comes with its expression: what lies where the expression compresses the skin."""

import numpy as np
from numpy.typing import NDArray

from ..geometry.mesh import triangulate
from ..template import load_template

Array = NDArray[np.float64]

#: Skin that is compressed by this share or less has no wrinkles from it, and by this share or more has no others.
SLIGHT, STRONG = 0.05, 0.2


def wrinkle_share(neutral: NDArray[np.floating], shown: NDArray[np.floating]) -> Array:
    """How much (n,) of the detail at each vertex comes with an expression, from 0 to 1.

    Parameters
    ----------
    neutral, shown : (n, 3)
        The head at level 0 without and with the expression.
    """
    share = np.clip((compression(neutral, shown) - SLIGHT) / (STRONG - SLIGHT), 0.0, 1.0)
    smooth: Array = share * share * (3 - 2 * share)
    return smooth


def compression(neutral: NDArray[np.floating], shown: NDArray[np.floating]) -> Array:
    """By what share (n,) of its length the skin at each vertex becomes shorter, in the direction in which most.

    The smaller singular value of each triangle's deformation, averaged over the triangles at a vertex by their areas.
    """
    triangles = triangulate(load_template().faces)
    before, after = (_gram(np.asarray(head, dtype=np.float64)[triangles]) for head in (neutral, shown))
    # Of the squared stretches, the eigenvalues of before^-1 after: their sum and their product.
    determinant = np.maximum(before[0] * before[2] - before[1] ** 2, 1e-12)
    total = (before[2] * after[0] - 2 * before[1] * after[1] + before[0] * after[2]) / determinant
    product = np.maximum(after[0] * after[2] - after[1] ** 2, 0.0) / determinant
    least = total / 2 - np.sqrt(np.maximum(total**2 / 4 - product, 0.0))
    shorter = np.maximum(1 - np.sqrt(np.maximum(least, 0.0)), 0.0)
    weights = np.sqrt(determinant)
    sums, areas = (
        sum(np.bincount(triangles[:, corner], each, len(neutral)) for corner in range(3))
        for each in (weights * shorter, weights)
    )
    result: Array = sums / np.maximum(areas, 1e-12)
    return result


def _gram(corners: Array) -> tuple[Array, Array, Array]:
    """The products of two edges of triangles (m, 3, 3) with themselves and each other."""
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return (first**2).sum(axis=1), (first * second).sum(axis=1), (second**2).sum(axis=1)
