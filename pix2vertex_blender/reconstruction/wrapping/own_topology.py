"""A reconstructed face moves a head of another topology that our template was wrapped to."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from ...geometry.mesh import normalise, sum_to_vertices, triangle_normals, vertex_normals
from ...geometry.similarity import fit_similarity
from ...template import load_template


@dataclass(frozen=True)
class CarryParameters:
    """How the other head follows. Lengths are in millimetres of the template.

    Attributes
    ----------
    fading : float
        How far from the face the head becomes what it was: the neck has to fit the body, the skull the hair.
    followers : int
        Each vertex is moved as so many points of our surface around it.
    width : float
        Within about this distance they count alike.
    on_surface : float
        Vertices nearer than this to our surface are skin: only points with about their normal move them, so that shut
        lips and lids do not stick to each other.
    near, far : float
        What is no farther from our surface than the first, as teeth and eyes, moves as it does; what is farther than
        the second does not move.
    level : int
        Our surface's subdivision.
    """

    fading: float = 60.0
    followers: int = 12
    width: float = 1.5
    on_surface: float = 4.0
    near: float = 25.0
    far: float = 70.0
    level: int = 1


def carried(
    vertices: NDArray[np.float64],
    triangles: NDArray[np.integer],
    wrapped: NDArray[np.float64],
    face: NDArray[np.float64],
    parameters: CarryParameters = CarryParameters(),
) -> NDArray[np.float64]:
    """The vertices (k, 3) of a head of any topology with the shape of a face.

    The face is laid over the wrapped template as its own size and place ask for, so that the head keeps its own; the
    differences move the head's vertices, in their own order, and what is near them: teeth, lashes, eyes.

    Parameters
    ----------
    vertices : (k, 3)
    triangles : (m, 3)
        Of the other head; they tell its normals.
    wrapped : (c, 3)
        The template at level 0 on the other head, in its coordinates.
    face : (c, 3)
        The template at level 0 with the face's shape, anywhere.
    parameters : CarryParameters
    """
    template, level = load_template(), load_template(parameters.level)
    weights = template.groups["face"]
    laid = fit_similarity(face, wrapped, weights).apply(face)
    unit = fit_similarity(template.vertices, wrapped, weights).scale
    change = (laid - wrapped) * _share_of_change(template.vertices, weights > 0.5, parameters.fading)[:, None]
    surface, moves = template.subdivide(wrapped, level.level), template.subdivide(change, level.level)
    distances, nearest = KDTree(surface).query(vertices, k=parameters.followers)
    closest = distances[:, :1]
    counts = np.exp(-((distances - closest) ** 2) / (2 * (parameters.width * unit + 0.5 * closest) ** 2))
    own = normalise(sum_to_vertices(triangle_normals(vertices, triangles), triangles, len(vertices)))
    alike = np.einsum("kc,kfc->kf", own, vertex_normals(surface, level.faces)[nearest])
    skin = (closest < parameters.on_surface * unit) & (alike > 0).any(axis=1, keepdims=True)
    counts *= np.where(skin, np.clip(alike, 0, 1) ** 2 + 1e-9, 1.0)
    counts /= counts.sum(axis=1, keepdims=True)
    fade = (parameters.far - closest / unit) / (parameters.far - parameters.near)
    moved: NDArray[np.float64] = vertices + _smooth_step(fade) * np.einsum("kf,kfc->kc", counts, moves[nearest])
    return moved


def _share_of_change(rest: NDArray[np.float64], face: NDArray[np.bool_], fading: float) -> NDArray[np.float64]:
    """How much (n,) of a face's change a head takes: all on the face, nothing far from it."""
    distances = KDTree(rest[face]).query(rest)[0]
    return _smooth_step(1 - distances / fading)


def _smooth_step(values: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped = np.clip(values, 0.0, 1.0)
    return clipped * clipped * (3 - 2 * clipped)
