"""What detail is read from."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...exchange.camera import Camera
from ..seen_face import SeenFace


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
        The width of the photo's own pixels in pixels of the crop, more than 1 if the crop is enlarged.
    """

    pixels: NDArray[np.uint8] | NDArray[np.floating]
    camera: Camera
    mask: NDArray[np.bool_] | None = None
    photo_pixel: float = 1.0

    @classmethod
    def of(cls, seen: SeenFace) -> "ShownFace":
        """A face that the network has seen, in its crop."""
        return cls(seen.crop, seen.crop_camera, seen.maps.mask, seen.enlargement / seen.frame.enlargement)
