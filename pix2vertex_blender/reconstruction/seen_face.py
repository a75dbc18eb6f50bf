"""A face as the network has seen it, which is all that fitting needs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..exchange.result import Reconstruction
from ..geometry.similarity import Similarity
from .network.maps import FaceMaps
from .photo.photo import decode_image


@dataclass(frozen=True)
class SeenFace:
    """A face as the network has seen it.

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
    def of(cls, reconstruction: Reconstruction) -> "SeenFace":
        """What a reconstruction was made from."""
        maps, pose = reconstruction.maps, reconstruction.head_to_camera
        return cls(
            FaceMaps(
                mask=maps["mask"],
                opening=maps["opening"],
                correspondence=maps["correspondence"],
                geometry=maps["geometry"],
                camera=reconstruction.camera,
                head_pose=Similarity(1.0, pose[:3, :3], pose[:3, 3]),
                confidence=float(reconstruction.report.get("confidence", 0.0)),
            ),
            reconstruction.crop_to_photo,
            reconstruction.photo_size,
            decode_image(reconstruction.crop_png),
            reconstruction.crop_png,
        )

    def to_photo(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Photo pixels (n, 2) of points (n, 3) in the camera's axes."""
        return self.maps.camera.project(points) @ self.crop_to_photo[:, :2].T + self.crop_to_photo[:, 2]

    def from_photo(self, pixels: NDArray[np.floating]) -> NDArray[np.float64]:
        """The maps' pixels (n, 2) of photo pixels (n, 2)."""
        offsets = np.asarray(pixels, dtype=np.float64) - self.crop_to_photo[:, 2]
        return np.linalg.solve(self.crop_to_photo[:, :2], offsets.T).T
