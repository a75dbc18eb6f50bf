"""What one photo knows of a head: where its vertices are, and how well it sees each."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.spatial import KDTree

from ...exchange.camera import Camera
from ...exchange.maps import OPEN, FaceMaps
from ...geometry.mesh import normalise, unique_edges, vertex_normals
from ...template import load_template
from ...template.canonical import SIZE

Array = NDArray[np.float64]

#: Canonical units (millimetres over `SIZE`) within which a pixel shows a vertex.
SHOWN = 4.0 / SIZE
#: What a photo says of vertices that it does not show, against 1 for those that it sees from the front: the
#: registration has completed them by smoothness and from the other side of the face.
LEAST_WEIGHT = 0.15
#: So often the weights are averaged over the neighbours, so that no step is left where what is seen ends.
WEIGHT_PASSES = 3


@dataclass(frozen=True)
class Evidence:
    """One photo's head.

    Attributes
    ----------
    vertices : (n, 3)
        The registered template at level 0 without the photo's expression, millimetres in the camera's axes.
    sightlines : (n, 3)
        Unit vectors towards the camera: the direction in which one photo knows least.
    weights : (n,)
        How well each vertex is seen, `LEAST_WEIGHT` to 1.
    """

    vertices: Array
    sightlines: Array
    weights: Array

    @property
    def seen(self) -> float:
        """Share of the face that the photo sees, 0 to 1, what is seen at an angle counting less."""
        face = load_template().groups["face"]
        return float((face * (self.weights - LEAST_WEIGHT)).sum() / ((1 - LEAST_WEIGHT) * face.sum()))


def evidence_of(maps: FaceMaps, registered: Array, neutral: Array) -> Evidence:
    """What the maps of a photo say of a head.

    Parameters
    ----------
    maps : FaceMaps
    registered, neutral : (n, 3)
        The template registered to them, with and without the photo's expression.
    """
    template = load_template()
    skin = maps.mask & (maps.opening < OPEN)
    distances, _ = KDTree(maps.correspondence[skin]).query(template.canonical, distance_upper_bound=SHOWN)
    rays = sightlines(maps.camera, registered)
    facing = np.einsum("ij,ij->i", vertex_normals(registered, template.faces), rays)
    weights = averaged(np.where(np.isfinite(distances), np.clip(facing, 0, 1), 0.0), WEIGHT_PASSES)
    return Evidence(neutral, rays, np.maximum(weights * maps.confidence, LEAST_WEIGHT))


def sightlines(camera: Camera, points: Array) -> Array:
    """Unit vectors (n, 3) from points (n, 3) in the camera's axes towards the camera."""
    pixels = camera.project(points)
    return normalise(camera.unproject(pixels, points[:, 2] + 1.0) - points)


def averaged(values: Array, passes: int) -> Array:
    """Values (n,) or (n, k) of the template's vertices, so often averaged with those of their neighbours."""
    for _ in range(passes):
        values = _average() @ values
    return values


@cache
def _average() -> sparse.csr_matrix:
    """The matrix (n, n) that takes the mean of a vertex and its neighbours."""
    template = load_template()
    edges, count = unique_edges(template.faces), len(template.vertices)
    rows = np.concatenate([edges[:, 0], edges[:, 1], np.arange(count)])
    columns = np.concatenate([edges[:, 1], edges[:, 0], np.arange(count)])
    matrix = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), (count, count))
    return sparse.diags(1 / np.asarray(matrix.sum(axis=1)).ravel()) @ matrix
