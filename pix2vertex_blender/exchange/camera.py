"""The camera that maps millimetres to pixels of the crop."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Camera:
    """A pinhole camera looking along -z, written so that weak perspective is its limit.

    Attributes
    ----------
    scale : float
        Pixels per millimetre in the plane z = 0.
    centre : tuple of float
        Pixel (x, y) of the points with x = y = 0.
    inverse_distance : float
        1 / (distance from the camera to the plane z = 0), per millimetre; 0 is weak perspective.
    """

    scale: float
    centre: tuple[float, float]
    inverse_distance: float = 0.0

    def resized(self, factor: float) -> "Camera":
        """Return the camera of the same view with `factor` times as many pixels along each side."""
        return Camera(
            self.scale * factor,
            (self.centre[0] * factor, self.centre[1] * factor),
            self.inverse_distance,
        )

    def project(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Pixels (n, 2) of points (n, 3) in millimetres."""
        points = np.asarray(points, dtype=np.float64)
        magnification = self.scale / (1.0 - points[:, 2] * self.inverse_distance)
        return np.column_stack(
            [
                self.centre[0] + magnification * points[:, 0],
                self.centre[1] - magnification * points[:, 1],
            ]
        )

    def unproject(self, pixels: NDArray[np.floating], depth: NDArray[np.floating]) -> NDArray[np.float64]:
        """Points (n, 3) in millimetres seen at pixels (n, 2) with z coordinates depth (n,)."""
        pixels = np.asarray(pixels, dtype=np.float64)
        depth = np.asarray(depth, dtype=np.float64)
        millimetres_per_pixel = (1.0 - depth * self.inverse_distance) / self.scale
        return np.column_stack(
            [
                (pixels[:, 0] - self.centre[0]) * millimetres_per_pixel,
                (self.centre[1] - pixels[:, 1]) * millimetres_per_pixel,
                depth,
            ]
        )
