"""The finer forms of a face whose likeliest head is not known: the maps are too coarse to tell the rim of a lip or a
nostril, and blur or invent it.

Such a head keeps its coarse forms. What is finer comes from the mean head, turned with the surface on which it lies.
"""

from collections.abc import Callable
from functools import cache

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray
from scipy.sparse.linalg import splu

from ..geometry.laplacian import cotangent_laplacian, lumped_mass
from ..geometry.mesh import triangulate, unique_edges
from ..geometry.similarity import fit_similarity
from ..template import load_template
from .likeness.model import face_vertices

Array = NDArray[np.float64]

#: Millimetres on the template: forms of this size are halfway between the coarse and the fine ones.
FINE = 12.0


def with_mean_relief(vertices: Array, share: float) -> Array:
    """A head (n, 3) with a share, 0 to 1, of the mean one's finer forms in place of its own.

    Lids stay as they are: how far they are shut is fine, and the mean head has its eyes open.
    """
    if share == 0:
        return vertices
    template = load_template()
    face = face_vertices(template)
    mean = fit_similarity(template.vertices[face], vertices[face]).apply(template.vertices)
    smooth = coarse_forms()
    coarse, mean_coarse = smooth(vertices), smooth(mean)
    turns = local_rotations(mean_coarse, coarse)
    fine = np.einsum("nij,nj->ni", turns, mean - mean_coarse)
    groups = template.groups
    inside = groups["mouth_interior"] + groups["nostril_interior"]  # which goes along with the lips and nostrils
    where = share * np.clip(groups["face"] + inside, 0, 1) * (1 - groups["eyelids"])
    return vertices + where[:, None] * (coarse + fine - vertices)


def coarse_forms() -> Callable[[Array], Array]:
    """What leaves the coarse forms of values (n, k) at the template's vertices."""
    return smoothing(FINE)


@cache
def smoothing(length: float) -> Callable[[Array], Array]:
    """What makes values (n, k) at the template's vertices smooth: twice the screened Laplace equation of detail.

    Parameters
    ----------
    length : float
        Millimetres on the template: forms of this size are halfway between those that stay and those that go.
    """
    template = load_template()
    triangles = triangulate(template.faces)
    mass = lumped_mass(template.vertices, triangles)
    matrix = sparse.diags(mass) - length**2 * cotangent_laplacian(template.vertices, triangles)
    solve = splu(matrix.tocsc()).solve

    def smooth(values: Array) -> Array:
        return solve(mass[:, None] * solve(mass[:, None] * values))

    return smooth


def local_rotations(before: Array, after: Array) -> Array:
    """The rotations (n, 3, 3) that turn the edges around each vertex of the template most nearly as they have turned.

    Parameters
    ----------
    before, after : (n, 3)
    """
    start, end = _edges()
    moments = np.zeros((len(before), 9))
    old, new = before[end] - before[start], after[end] - after[start]
    products = np.einsum("ei,ej->eij", new, old).reshape(-1, 9)
    count = len(before)
    gather = sparse.csr_matrix((np.ones(len(start)), (start, np.arange(len(start)))), (count, len(start)))
    moments = (gather @ products).reshape(-1, 3, 3)
    left, _, right = np.linalg.svd(moments)
    left[..., 2] *= np.sign(np.linalg.det(left @ right))[:, None]
    rotations: Array = left @ right
    return rotations


@cache
def _edges() -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """The template's edges, in both directions."""
    edges = unique_edges(load_template().faces)
    return np.concatenate([edges[:, 0], edges[:, 1]]), np.concatenate([edges[:, 1], edges[:, 0]])
