"""Where a head is on the screen, and what of it is under the mouse."""

from dataclasses import dataclass

import bpy
import numpy as np
from numpy.typing import NDArray

from ..scene.axes import from_blender, to_blender

Pixel = tuple[float, float]


@dataclass(frozen=True)
class Screen:
    """How points of an object are seen in a region of the window.

    Attributes
    ----------
    matrix : (4, 4)
        From metres in the object's space to clip coordinates.
    size : tuple of float
        Width and height of the region in pixels.
    """

    matrix: NDArray[np.float64]
    size: tuple[float, float]

    @classmethod
    def of(cls, item: bpy.types.Object, region: bpy.types.Region, view: bpy.types.RegionView3D) -> "Screen":
        """How an object is seen in a 3D view."""
        return cls(np.array(view.perspective_matrix @ item.matrix_world), (region.width, region.height))

    def project(self, points: NDArray[np.floating]) -> NDArray[np.float64]:
        """Pixels from the lower left, and depths that grow away from the eye (n, 3), of points (n, 3) in millimetres.

        Points behind the eye become NaN.
        """
        clip = np.column_stack([to_blender(points).astype(np.float64), np.ones(len(points))]) @ self.matrix.T
        with np.errstate(divide="ignore", invalid="ignore"):
            seen = np.where(clip[:, 3:] > 0, clip[:, :3] / clip[:, 3:], np.nan)
        seen[:, :2] = (seen[:, :2] + 1) / 2 * self.size
        return seen

    def beside(self, point: NDArray[np.floating], shift: Pixel) -> NDArray[np.float64]:
        """The point (3,) in millimetres that is seen some pixels beside another one, as far from the eye's plane."""
        x, y, depth = self.project(point[None])[0]
        width, height = self.size
        clip = np.array([2 * (x + shift[0]) / width - 1, 2 * (y + shift[1]) / height - 1, depth, 1.0])
        place = np.linalg.solve(self.matrix, clip)
        moved: NDArray[np.float64] = from_blender((place[:3] / place[3])[None])[0]
        return moved

    def under(
        self, vertices: NDArray[np.floating], triangles: NDArray[np.integer], mouse: Pixel
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]] | None:
        """What of a mesh (n, 3) is seen at a pixel: the corners (3,) of the foremost triangle that faces the eye, and
        weights (3,) in it; None where there is none.
        """
        seen = self.project(vertices)
        first, second, third = (seen[triangles[:, corner]] for corner in range(3))
        area = _cross(second - first, third - first)
        point = np.array([*mouse, 0.0])
        weights = np.stack([_cross(second - point, third - point), _cross(third - point, first - point), area], axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            weights = weights / area[:, None]
        weights[:, 2] = 1 - weights[:, 0] - weights[:, 1]
        hit = np.flatnonzero((weights > -1e-9).all(axis=1) & (area > 0))
        if not len(hit):
            return None
        depths = np.stack([first[hit, 2], second[hit, 2], third[hit, 2]], axis=1)
        nearest = hit[np.einsum("hc,hc->h", weights[hit], depths).argmin()]
        return triangles[nearest].astype(np.int64), weights[nearest]


def _cross(first: NDArray[np.floating], second: NDArray[np.floating]) -> NDArray[np.float64]:
    """The cross products (n,) of the first two coordinates of vectors."""
    product: NDArray[np.float64] = first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]
    return product
