"""The frames of one photo of a face: the head's, the camera's, and the pixels of the crop and of the photo."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .camera import Camera


@dataclass(frozen=True)
class Frame:
    """How the frames of one photo of a face go into each other.

    Attributes
    ----------
    head_to_camera : (4, 4) float64
        From the head frame to the camera's frame, both in millimetres: rotation, translation and a uniform scale.
    camera : Camera
        From millimetres in the camera's axes to pixels of the crop.
    crop_to_photo : (2, 3) float64
        Affine map from crop pixels to photo pixels.
    """

    head_to_camera: NDArray[np.float64]
    camera: Camera
    crop_to_photo: NDArray[np.float64]

    @property
    def enlargement(self) -> float:
        """Photo pixels along the side of one crop pixel."""
        return float(np.linalg.norm(self.crop_to_photo[:, 0]))

    def to_camera(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Points (n, 3) of the head frame in the camera's frame, in millimetres."""
        return _moved(self.head_to_camera, points)

    def to_head(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Points (n, 3) of the camera's frame in the head frame, in millimetres."""
        return _moved(np.linalg.inv(self.head_to_camera), points)

    def to_photo(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Photo pixels (n, 2) of points (n, 3) in the camera's frame."""
        seen: NDArray[np.float64] = self.camera.project(points) @ self.crop_to_photo[:, :2].T + self.crop_to_photo[:, 2]
        return seen

    def from_photo(self, pixels: NDArray[np.floating]) -> NDArray[np.float64]:
        """Crop pixels (n, 2) of photo pixels (n, 2)."""
        offsets = np.asarray(pixels, dtype=np.float64) - self.crop_to_photo[:, 2]
        return np.linalg.solve(self.crop_to_photo[:, :2], offsets.T).T


def _moved(matrix: NDArray[np.float64], points: NDArray[np.floating]) -> NDArray[np.float64]:
    moved: NDArray[np.float64] = np.asarray(points, dtype=np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
    return moved
