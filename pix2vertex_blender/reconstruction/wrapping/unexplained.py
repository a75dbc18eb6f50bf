"""What distances from a surface count where a basis cannot explain them: forms that are smooth, and noise that is not.

If each vertex counted for itself, a head would be dragged along a surface, with all of its features, for the sake of a
cheek that the basis makes a bit too flat. What is left between neighbours says where features lie.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
import scipy.sparse.linalg
from numpy.typing import NDArray
from scipy.spatial import KDTree

from ..registration.deformation import Array

#: The median of an absolute Gaussian, times this, is its standard deviation.
TO_DEVIATION = 1.4826


@dataclass(frozen=True)
class UnexplainedParameters:
    """How what is left differs between neighbours.

    Attributes
    ----------
    neighbours : int
        So many of each vertex.
    slope : float
        Standard deviation of the difference of two neighbours' distances, over the length between them.
    steepest : float
        Much steeper ones are outliers.
    """

    neighbours: int = 4
    slope: float = 0.1
    steepest: float = 0.17


@dataclass(frozen=True)
class Pairs:
    """Neighbours (p,), each pair once, and the lengths (p,) between them in millimetres."""

    one: NDArray[np.intp]
    other: NDArray[np.intp]
    lengths: Array


def pairs_of(points: Array, parameters: UnexplainedParameters) -> Pairs:
    """Points (m, 3) and those that are nearest to them."""
    count = parameters.neighbours
    nearest = KDTree(points).query(points, k=count + 1)[1]
    both = np.column_stack([np.repeat(np.arange(len(points)), count), nearest[:, 1:].ravel()])
    one, other = np.unique(np.sort(both, axis=1), axis=0).T
    return Pairs(one, other, np.linalg.norm(points[one] - points[other], axis=1))


def told_by(across: Array, gaps: Array, counts: Array, pairs: Pairs, parameters: UnexplainedParameters) -> Array:
    """The inverse covariance of distances, times ways across the surface (m, k).

    That of smooth forms is A, which weighs distances and how they differ between neighbours; with noise of the standard
    deviation s it is A (I + s^2 A)^-1.

    Parameters
    ----------
    across : (m, k)
    gaps : (m,)
        Distances in millimetres.
    counts : (m,)
        What each of them counts for itself, 0 where it is not known.
    pairs : Pairs
    parameters : UnexplainedParameters
    """
    steep = (gaps[pairs.one] - gaps[pairs.other]) / pairs.lengths / parameters.steepest
    certain = np.minimum(counts[pairs.one], counts[pairs.other]) / max(float(counts.max()), np.finfo(float).tiny)
    weights = certain / (1 + steep**2) ** 2 / (parameters.slope * pairs.lengths) ** 2
    graph = sparse.csr_matrix((weights, (pairs.one, pairs.other)), (len(gaps), len(gaps)))
    graph = graph + graph.T
    smooth = sparse.diags(counts + np.asarray(graph.sum(axis=1)).ravel()) - graph
    damped = sparse.identity(len(gaps)) + noise_of(gaps, counts, pairs) ** 2 * smooth
    told: Array = smooth @ scipy.sparse.linalg.splu(damped.tocsc()).solve(across)
    return told


def noise_of(gaps: Array, counts: Array, pairs: Pairs) -> float:
    """The standard deviation by which distances (m,) that count differ from their neighbours' mean for no reason."""
    if not (counts > 0).any():
        return 0.0
    sums = np.bincount(pairs.one, gaps[pairs.other], len(gaps)) + np.bincount(pairs.other, gaps[pairs.one], len(gaps))
    number = np.bincount(pairs.one, minlength=len(gaps)) + np.bincount(pairs.other, minlength=len(gaps))
    apart = np.abs(gaps - sums / number) / np.sqrt(1 + 1 / number)
    return TO_DEVIATION * float(np.median(apart[counts > 0]))
