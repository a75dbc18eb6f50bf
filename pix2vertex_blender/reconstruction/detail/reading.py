"""The fine detail of a photo, read in the way that is asked for."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...exchange.camera import Camera
from ...exchange.detail_readings import DEFAULT_READING, Reading
from ...exchange.progress import Pause, no_pause
from ...template import Template
from .detail import DetailParameters, add_detail
from .learned import LearnedParameters, learned_detail


@dataclass(frozen=True)
class ShownFace:
    """A face that a photo shows, as far as its detail needs it.

    Attributes
    ----------
    pixels : (H, W, 3)
        The square crop of the photo.
    camera : Camera
        From millimetres to the crop's pixels.
    mask : (h, w) bool, optional
        Where the network sees the face, over the same square.
    photo_pixel : float
        The width of the photo's own pixels in pixels of the crop.
    """

    pixels: NDArray[np.uint8] | NDArray[np.floating]
    camera: Camera
    mask: NDArray[np.bool_] | None = None
    photo_pixel: float = 1.0


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
    seen = (shown.pixels, shown.camera, shown.mask, shown.photo_pixel)
    if reading == "NETWORK":
        return learned_detail(vertices, level, *seen, parameters=LearnedParameters(scale=scale), pause=pause)
    return add_detail(vertices, level, *seen, parameters=DetailParameters(scale=scale), pause=pause)
