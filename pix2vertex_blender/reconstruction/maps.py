"""What the network says about a crop: mask, correspondence and geometry in millimetres."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .camera import Camera


@dataclass(frozen=True)
class FaceMaps:
    """The maps of one crop on an H x W grid.

    Attributes
    ----------
    mask : (H, W) bool
        Where the face is seen.
    correspondence : (H, W, 3) float32
        Canonical coordinates (see `pix2vertex_blender.template`) of the template point seen at each pixel; NaN off the mask.
    geometry : (H, W, 3) float32
        Points in millimetres in the camera's axes; NaN off the mask. Each point projects to its own pixel's centre.
    camera : Camera
        From millimetres to pixels of this grid.
    """

    mask: NDArray[np.bool_]
    correspondence: NDArray[np.float32]
    geometry: NDArray[np.float32]
    camera: Camera
