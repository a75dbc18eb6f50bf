"""What the network says about one crop, as arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..geometry.similarity import Similarity
from .camera import Camera

#: A pixel whose `opening` is at least this shows what lies between the lips, and no skin.
OPEN = 0.5


@dataclass(frozen=True)
class FaceMaps:
    """The maps of one crop on an H x W grid.

    Attributes
    ----------
    mask : (H, W) bool
        Where the face is seen.
    correspondence : (H, W, 3) float32
        Canonical coordinates (see `pix2vertex_blender.template`) of the template point seen at each pixel; NaN off the
        mask.
    opening : (H, W) float32
        How likely it is, 0 to 1, that the pixel shows what lies between parted lips: of the mask, but no point of the
        template. Its correspondence means nothing.
    geometry : (H, W, 3) float32
        Points in millimetres in the camera's axes; NaN off the mask. Each point projects to its own pixel's centre.
    camera : Camera
        From millimetres to pixels of this grid.
    head_pose : Similarity
        From millimetres of the mean neutral face to millimetres of `geometry`; its scale is 1.
    confidence : float
        In [0, 1]: how well the network agrees with itself, see `reconstruction.network.maps`.
    """

    mask: NDArray[np.bool_]
    opening: NDArray[np.float32]
    correspondence: NDArray[np.float32]
    geometry: NDArray[np.float32]
    camera: Camera
    head_pose: Similarity
    confidence: float

    @property
    def depth(self) -> NDArray[np.float32]:
        """Depth (H, W) towards the camera in millimetres; NaN off the mask."""
        depth: NDArray[np.float32] = self.geometry[..., 2]
        return depth
