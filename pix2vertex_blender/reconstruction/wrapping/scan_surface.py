"""The nearest points of a scan's own surface, with what the scan knows of them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ...exchange.progress import Pause, no_pause
from ...geometry.laplacian import vertex_triangle_incidence
from ...geometry.mesh import border_vertices, normalise
from ...geometry.nearest import nearest_in_fans
from .scan import Scan

#: More triangles than this around one vertex are not looked at, and so many points are looked for at once.
_LARGEST_FAN, _AT_ONCE, _MOST_ROWS = 12, 1 << 16, 30_000


@dataclass(frozen=True)
class PointsOnScan:
    """Points of a scan.

    Attributes
    ----------
    triangles : (k,)
        Rows of the scan's triangles.
    weights : (k, 3)
        Barycentric weights in them.
    distances : (k,)
        From where they were looked for.
    inside : (k,) bool
        False where the scan ends or has a hole.
    """

    triangles: NDArray[np.intp]
    weights: NDArray[np.float64]
    distances: NDArray[np.float64]
    inside: NDArray[np.bool_]


class ScanSurface:
    """Finds the nearest points of a scan that has triangles."""

    def __init__(self, scan: Scan) -> None:
        self.scan = scan
        incidence = vertex_triangle_incidence(scan.triangles, len(scan.vertices))
        self._fans = incidence.indptr, incidence.indices
        self._used = np.flatnonzero(np.diff(incidence.indptr))
        self._border = border_vertices(scan.triangles, len(scan.vertices))
        self._tree = cKDTree(scan.vertices[self._used], balanced_tree=False, compact_nodes=False)

    def nearest(self, points: NDArray[np.floating], pause: Pause = no_pause) -> PointsOnScan:
        """The nearest points of the scan to points (k, 3), one or more."""
        parts = []
        for start in range(0, len(points), _AT_ONCE):
            pause()
            parts.append(self._nearest(np.asarray(points[start : start + _AT_ONCE], dtype=np.float64)))
        return PointsOnScan(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def _nearest(self, points: NDArray[np.float64]) -> tuple[NDArray, ...]:
        vertex = self._used[self._tree.query(points)[1]]
        scan = self.scan
        triangle, weights, squared = nearest_in_fans(
            points, scan.vertices, scan.triangles, self._fans, vertex, _LARGEST_FAN
        )
        return triangle, weights, np.sqrt(squared), ~self._border[vertex]

    def normals(self, found: PointsOnScan) -> NDArray[np.float64]:
        """Unit normals (k, 3) of the triangles."""
        a, b, c = np.moveaxis(self.scan.vertices[self.scan.triangles[found.triangles]], 1, 0)
        return normalise(np.cross(b - a, c - a))

    def looks(self, found: PointsOnScan) -> NDArray[np.float32]:
        """How a scan with colours looks (k, c), in numbers that vary smoothly: texture coordinates, or colours."""
        scan = self.scan
        if scan.texture is not None and scan.corner_uvs is not None:
            corners = scan.corner_uvs[found.triangles]
        else:
            assert scan.colours is not None
            corners = scan.colours[scan.triangles[found.triangles]]
        mixed: NDArray[np.float32] = np.einsum("kc,kcx->kx", found.weights, corners).astype(np.float32)
        return mixed

    def colours(self, looks: NDArray[np.floating]) -> NDArray[np.float32]:
        """The colours (k, 3) in [0, 255] of `looks` (k, c)."""
        if self.scan.texture is None or self.scan.corner_uvs is None:
            return looks.astype(np.float32)
        return _sampled(self.scan.texture, looks)


def _sampled(texture: NDArray[np.uint8], uvs: NDArray[np.floating]) -> NDArray[np.float32]:
    """A texture's colours (k, 3), between its texels, at UVs (k, 2), which repeat outside of [0, 1]."""
    height, width = texture.shape[:2]
    repeated = np.nan_to_num(uvs) % 1.0
    places = np.column_stack([repeated[:, 0] * width, (1 - repeated[:, 1]) * height]).astype(np.float32) - 0.5
    # OpenCV's images have no more than 32767 rows.
    parts = [
        cv2.remap(texture, part[None, :, 0], part[None, :, 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)[0]
        for part in np.split(places, range(_MOST_ROWS, len(places), _MOST_ROWS))
    ]
    return np.concatenate(parts).astype(np.float32)
