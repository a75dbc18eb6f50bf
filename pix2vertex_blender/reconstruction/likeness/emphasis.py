"""What a head has of its own, a little larger: estimates draw everybody to the mean head, so that heads look alike.

The mean of all heads that a photo may show is nearest to the true one, and smaller in what is its own. Enlarged, it is
told from others' heads more often, and hardly further from the true one.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ...template import load_template
from .model import LikenessModel, character, differences, own_coefficients

#: By how much it is enlarged. The first ways in which people differ are told well enough, and expressions are there.
EMPHASIS, TOLD_WELL = 1.2, 6
#: Millimetres from the eyes within which little is enlarged: they stay where the photo shows them.
EYES_REACH = 10.0
#: By how much it is enlarged where several photos became one head: their heads, each enlarged already, differ by what
#: is wrong with them, so that their mean is drawn to the mean head once more.
SPREAD = 1.1


def emphasised(vertices: NDArray[np.float64], strength: float, model: LikenessModel) -> NDArray[np.float64]:
    """A head (n, 3) in any frame with more of its own, as far as that is to be trusted: `strength`, 0 to 1."""
    own, to_rest = own_coefficients(vertices, model)
    own[:TOLD_WELL] = 0
    return vertices + strength * (EMPHASIS - 1) * _beside_eyes() * differences(own, to_rest, model)


def spread(vertices: NDArray[np.float64], model: LikenessModel) -> NDArray[np.float64]:
    """A head (n, 3) in any frame, with what makes it differ from the mean one as people differ enlarged by `SPREAD`."""
    return vertices + (SPREAD - 1) * character(vertices, model)


@cache
def _beside_eyes() -> NDArray[np.float64]:
    """0 at the eyes, 1 far from them: (n, 1)."""
    template = load_template()
    eyes = template.groups["eyelids"] + template.groups["eye_socket"] > 0.5
    distance, _ = cKDTree(template.vertices[eyes]).query(template.vertices)
    weights: NDArray[np.float64] = 1 - np.exp(-((distance / EYES_REACH) ** 2) / 2)
    return weights[:, None]
