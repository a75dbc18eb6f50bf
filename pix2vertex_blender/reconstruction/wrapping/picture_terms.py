"""The registered template is drawn to what a picture shows: its features' edges and its contour (Beyond 3DMM, 6.1).

The paper's affine transformation of each vertex is here its place, which eq. 8 keeps smooth; as there, eqs. 9
and 10 only constrain where a vertex is seen, and its depth is that of the scan.
"""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from ...geometry.mesh import triangulate
from ...template import load_template
from ..corrections.pins import PinParameters, follow_sightlines, sightlines
from ..registration.contacts import Folds
from ..registration.deformation import Array
from ..registration.matching import TargetIndex
from ..registration.untangling import Untangler
from .contour import contour_curve, contour_goals
from .feature_edges import edge_goals, feature_edges, vertex_points
from .viewing import Picture


@dataclass(frozen=True)
class PictureTerms:
    """How strongly a picture draws the template. See `PinParameters`.

    Attributes
    ----------
    strength, stiffness : float
        Less than for an artist's pins, and as for the mouth's opening.
    overruled_radius : float
        The scan's surface is true also where an edge lies.
    rounds : int
        How often what draws is looked for anew.
    """

    strength: float = 10.0
    stiffness: float = 1e6
    overruled_radius: float = 0.01
    rounds: int = 2


def follow_picture(
    vertices: NDArray[np.floating], target: TargetIndex, picture: Picture, parameters: PictureTerms = PictureTerms()
) -> Array:
    """Move the registered template (n, 3), in millimetres in the picture's camera's axes, after what the picture shows.

    Parameters
    ----------
    vertices : (n, 3)
        At level 0.
    target : TargetIndex
    picture : Picture
        In the scan's own colours.
    parameters : PictureTerms
    """
    current = np.array(vertices, dtype=np.float64)
    pins = PinParameters(
        strength=parameters.strength,
        stiffness=parameters.stiffness,
        overruled_radius=parameters.overruled_radius,
        rounds=1,
    )
    curve = contour_curve(picture)
    for _ in range(parameters.rounds):
        of_edges, edges = edge_goals(current, picture, feature_edges())
        of_contour, contour = contour_goals(current, picture, curve)
        points = sparse.vstack([of_edges, vertex_points(of_contour)], format="csr")
        goals = np.concatenate([edges, contour])
        if len(goals) == 0:
            break
        current = follow_sightlines(current, target, sightlines(points, picture.viewpoint.camera, goals), pins)
    triangles = triangulate(load_template().faces)
    rest = np.asarray(vertices, dtype=np.float64)
    return Untangler(rest, triangles, Folds(rest, triangles)).repair(current)[0]
