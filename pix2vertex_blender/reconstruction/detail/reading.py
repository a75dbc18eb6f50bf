"""The fine detail of a photo, read in the way that is asked for."""

import numpy as np
from numpy.typing import NDArray

from ...exchange.detail_readings import DEFAULT_READING, Reading
from ...exchange.progress import Pause, no_pause
from ...template import Template
from .detail import add_detail
from .learned import LearnedParameters, learned_detail
from .shown_face import ShownFace
from .solver import DetailParameters


def read_detail(
    vertices: NDArray[np.floating],
    level: Template,
    shown: ShownFace,
    reading: Reading = DEFAULT_READING,
    scale: float = 1.0,
    pause: Pause = no_pause,
) -> NDArray[np.float64]:
    """Displacement vectors (n, 3) in millimetres of the subdivided template.

    Parameters
    ----------
    vertices : (n, 3)
        Registered, at the template level `level`, in the camera's axes.
    level : Template
    shown : ShownFace
    reading : Reading
    scale : float
        Multiplies the size of what counts as detail.
    pause : Pause
    """
    if reading == "NETWORK":
        return learned_detail(vertices, level, shown, LearnedParameters(scale=scale), pause=pause)
    return add_detail(vertices, level, shown, DetailParameters(scale=scale), pause)
