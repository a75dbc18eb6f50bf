"""A face as the network has seen it, which is all that fitting needs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..exchange.camera import Camera
from ..exchange.frames import Frame
from ..exchange.maps import FaceMaps
from ..exchange.view import View
from .photo.photo import decode_image


@dataclass(frozen=True)
class SeenFace:
    """A view before anything was registered to it.

    Attributes
    ----------
    maps : FaceMaps
    crop_to_photo : (2, 3)
        Affine map from the maps' pixels to photo pixels.
    photo_size : tuple of int
        Width and height of the photo.
    crop : (S, S, 3) uint8
        The photo's pixels over the maps' square, at the resolution that detail is read from.
    crop_png : bytes
        The same as a PNG file.
    """

    maps: FaceMaps
    crop_to_photo: NDArray[np.float64]
    photo_size: tuple[int, int]
    crop: NDArray[np.uint8]
    crop_png: bytes

    @classmethod
    def of(cls, view: View) -> "SeenFace":
        """What a view was made from.

        Raises
        ------
        PhotoError
            If the photo's crop is missing.
        """
        return cls(view.maps, view.crop_to_photo, view.photo_size, decode_image(view.crop_png), view.crop_png)

    @property
    def frame(self) -> Frame:
        """How the head, as the network has posed it, camera, crop and photo go into each other."""
        return Frame(self.maps.head_pose.matrix, self.maps.camera, self.crop_to_photo)

    @property
    def crop_camera(self) -> Camera:
        """From millimetres in the camera's axes to pixels of the crop."""
        return self.maps.camera.resized(self.enlargement)

    @property
    def enlargement(self) -> float:
        """How many pixels of the crop lie along the side of a pixel of the maps."""
        return len(self.crop) / len(self.maps.mask)
