"""The finer forms of a face: the maps are too coarse to tell the rim of a lip or a nostril, and blur or invent it.

The registered head keeps its coarse forms. What is finer comes from the person's likeliest head, turned with the
surface on which it lies: measured on rendered people, that head alone has better lips and noses than one that follows
the maps to the last vertex.
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
from .likeness import Likeness, LikenessModel, face_vertices

Array = NDArray[np.float64]

#: Millimetres on the template: forms of this size are halfway between the coarse and the fine ones.
FINE = 12.0


def with_likely_relief(vertices: Array, likeness: Likeness | None, model: LikenessModel) -> Array:
    """The registered head (n, 3) with the finer forms of the likeliest one, or of the mean one where nothing is known.

    Lids stay as they are registered: how far they are shut is fine, and the likeliest head has its eyes open.
    """
    template = load_template()
    likely = template.vertices
    if likeness is not None:
        likely = likely + np.einsum("k,knc->nc", likeness.strength * likeness.coefficients, model.basis)
    face = face_vertices(template)
    likely = fit_similarity(likely[face], vertices[face]).apply(likely)
    smooth = coarse_forms()
    coarse, likely_coarse = smooth(vertices), smooth(likely)
    turns = local_rotations(likely_coarse, coarse)
    fine = np.einsum("nij,nj->ni", turns, likely - likely_coarse)
    groups = template.groups
    inside = groups["mouth_interior"] + groups["nostril_interior"]  # which goes along with the lips and nostrils
    share = np.clip(groups["face"] + inside, 0, 1) * (1 - groups["eyelids"])
    return vertices + share[:, None] * (coarse + fine - vertices)


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
