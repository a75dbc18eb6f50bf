"""The face's contour in a depth photo, and the vertices that lie on it (Beyond 3DMM, eq. 10).

Which vertices form the contour depends on the view: they are found anew each time the template has moved, by landmark
marching, as those where the surface turns away from the camera. Each is drawn to the nearest point of the curve where
what is seen of the face ends, not to a landmark on it.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ...geometry.mesh import unique_edges, vertex_normals
from ...template import load_template
from ..corrections.picture_edges import towards_camera
from .feature_edges import hidden_behind
from .viewing import Picture

Array = NDArray[np.float64]

#: Where the face's contour is looked for: elsewhere hair or a neck lies in front of what ends there.
CONTOUR_GROUPS = ("cheeks", "jaw", "chin")
_SIDES = ((0, 1), (0, -1), (1, 0), (-1, 0))


@dataclass(frozen=True)
class ContourParameters:
    """What counts as contour. Lengths are in millimetres.

    Attributes
    ----------
    jump : float
        Beyond it nothing is known, or what is seen there lies farther behind than this.
    steepness : float
        Depth falls so many millimetres in one, where a surface turns away and does not just end in the data.
    span : int
        Pixels over which it is measured.
    reach : float
        A vertex belongs to no curve that is farther away.
    """

    jump: float = 5.0
    steepness: float = 1.0
    span: int = 2
    reach: float = 4.0


def contour_curve(picture: Picture, parameters: ContourParameters = ContourParameters()) -> Array:
    """Points (k, 2) of a picture, in pixels, where a surface turns away from the camera and ends."""
    depth, scale = picture.depth, picture.viewpoint.camera.scale
    ends = np.zeros(depth.shape, dtype=bool)
    margin = parameters.span
    padded = np.pad(depth, margin, constant_values=np.nan)
    height, width = depth.shape

    def beside(row: int, column: int) -> Array:
        return padded[margin + row : margin + row + height, margin + column : margin + column + width]

    with np.errstate(invalid="ignore"):
        for row, column in _SIDES:
            beyond = beside(row, column)
            before = beside(-margin * row, -margin * column)
            falling = (before - depth) * scale / margin > parameters.steepness
            ends |= falling & (np.isnan(beyond) | (beyond < depth - parameters.jump))
    rows, columns = np.nonzero(ends)
    return np.column_stack([columns, rows]) + 0.5


def contour_goals(
    vertices: Array, picture: Picture, curve: Array, parameters: ContourParameters = ContourParameters()
) -> tuple[NDArray[np.intp], Array]:
    """Which vertices (k,) of the contour belong at which pixels (k, 2).

    Parameters
    ----------
    vertices : (n, 3)
        The registered template at level 0, in millimetres in the camera's axes.
    picture : Picture
    curve : (m, 2)
        See `contour_curve`.
    parameters : ContourParameters
    """
    template, camera = load_template(), picture.viewpoint.camera
    if len(curve) == 0:
        return np.zeros(0, dtype=np.intp), np.zeros((0, 2))
    facing = np.einsum("ij,ij->i", vertex_normals(vertices, template.faces), towards_camera(vertices, camera))
    edges = unique_edges(template.faces)
    turning = edges[(facing[edges] > 0).sum(axis=1) == 1]
    marching = turning[np.arange(len(turning)), np.argmin(np.abs(facing[turning]), axis=1)]
    allowed = np.sum([template.groups[name] for name in CONTOUR_GROUPS], axis=0) > 0.5
    chosen = np.unique(marching[allowed[marching]])
    places = camera.project(vertices[chosen])
    distances, nearest = cKDTree(curve).query(places)
    used = (distances < parameters.reach * camera.scale) & ~hidden_behind(vertices[chosen], places, picture)
    return chosen[used], curve[nearest[used]]
