"""The registered head on its way to the likeliest one."""

import numpy as np
from numpy.typing import NDArray

from ...exchange.camera import Camera
from ...template import load_template
from .estimate import Likeness
from .model import LikenessModel, own_coefficients

#: Of so many of the first ways in which people differ, a face's proportions, the picture itself tells most.
PROPORTIONS = 3
#: What stays of a registered head in the picture, where the maps are to be trusted: of its proportions, of its other
#: forms, and of forms in which people do not differ, most of which are errors of the maps.
KEPT_PROPORTIONS, KEPT_FORMS, KEPT_BEYOND = 0.75, 0.5, 0.25
#: What stays of its depth; of forms in which people do not differ nothing.
KEPT_DEPTH = 0.15


def likeliest(
    vertices: NDArray[np.float64], camera: Camera, likeness: Likeness, model: LikenessModel
) -> NDArray[np.float64]:
    """The registered head (n, 3), in the camera's axes, on its way to the likeliest one.

    Nearer or farther a vertex moves along its line of sight, so that this part changes nothing in the picture.
    """
    own, to_rest = own_coefficients(vertices, model)
    beyond = to_rest.apply(vertices) - load_template().vertices - np.einsum("k,knc->nc", own, model.basis)
    change = likeness.coefficients - own
    kept = np.where(np.arange(len(own)) < PROPORTIONS, KEPT_PROPORTIONS, KEPT_FORMS)
    across = np.einsum("k,knc->nc", (1 - kept) * change, model.basis) - (1 - KEPT_BEYOND) * beyond
    deep = np.einsum("k,knc->nc", (1 - KEPT_DEPTH) * change, model.basis) - beyond
    # Vectors turn and scale with the frame, and do not move with it.
    to_camera = likeness.strength * to_rest.rotation / to_rest.scale
    nearer = camera.unproject(camera.project(vertices), vertices[:, 2] + (deep @ to_camera)[:, 2])
    return nearer + across @ to_camera * (1.0, 1.0, 0.0)
