"""Pictures of a scan, as a camera in front of it would take them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...exchange.camera import Camera
from ...geometry.mesh import normalise
from ...geometry.raster import interpolate, rasterise
from ...geometry.similarity import Similarity
from .scan import Scan, texture_colours

#: How a scan without colours is painted, and what stands behind all scans.
_SKIN = np.array([214.0, 168.0, 142.0])
_BACKGROUND = np.array([112.0, 116.0, 122.0])
#: Where the light of such a scan comes from in the camera's axes, and what is lit without it.
_LIGHT = normalise(np.array([-0.35, 0.5, 0.8]))
_AMBIENT = 0.35
#: Nothing nearer to the camera than this share of its distance is drawn.
_NEAREST = 0.2


@dataclass(frozen=True)
class Viewpoint:
    """A camera in front of a scan.

    Attributes
    ----------
    pose : Similarity
        From the scan's axes to the camera's, in millimetres or what is taken for them.
    camera : Camera
        To pixels of the picture.
    size : tuple of int
        Width and height of the picture in pixels.
    """

    pose: Similarity
    camera: Camera
    size: tuple[int, int]

    def project(self, points: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Pixels (n, 2) of points (n, 3) of the scan, and how far (n,) they reach towards the camera."""
        placed = self.pose.apply(points)
        return self.camera.project(placed), placed[:, 2]


@dataclass(frozen=True)
class Picture:
    """What a camera sees of a scan.

    Attributes
    ----------
    viewpoint : Viewpoint
    pixels : (h, w, 3) uint8
    depth : (h, w) float64
        Towards the camera in its unit, NaN where there is nothing.
    facing : float
        The share of what is seen that shows its outer side.
    """

    viewpoint: Viewpoint
    pixels: NDArray[np.uint8]
    depth: NDArray[np.float64]
    facing: float


def take_picture(scan: Scan, viewpoint: Viewpoint, behind: Scan | None = None) -> Picture:
    """Draw a scan as it is seen from somewhere, both of its sides.

    Parameters
    ----------
    scan : Scan
    viewpoint : Viewpoint
    behind : Scan, optional
        What is shown, and has no depth, where the scan has holes or ends.
    """
    drawn = _drawn(scan, viewpoint)
    width, height = viewpoint.size
    picture = np.empty((height, width, 3))
    picture[:] = _BACKGROUND * np.linspace(1.15, 0.85, height)[:, None, None]
    if behind is not None:
        rest = _drawn(behind, viewpoint)
        picture[rest.covered] = rest.colours
    picture[drawn.covered] = drawn.colours
    pixels = np.rint(np.clip(picture, 0, 255)).astype(np.uint8)
    return Picture(viewpoint, pixels, drawn.depth, drawn.facing)


@dataclass(frozen=True)
class _Drawn:
    covered: NDArray[np.bool_]
    colours: NDArray[np.float64]
    depth: NDArray[np.float64]
    facing: float


def _drawn(scan: Scan, viewpoint: Viewpoint) -> _Drawn:
    """Which pixels (h, w) show a scan, in which colours (k, 3), how near (h, w), and which share its outer side."""
    (width, height), camera = viewpoint.size, viewpoint.camera
    placed = viewpoint.pose.apply(scan.vertices)
    in_front = placed[:, 2] * camera.inverse_distance < 1 - _NEAREST
    pixels = camera.project(np.where(in_front[:, None], placed, 0.0))
    inside = in_front & (pixels > -max(viewpoint.size)).all(axis=1) & (pixels < 2 * max(viewpoint.size)).all(axis=1)
    chosen = np.flatnonzero(inside[scan.triangles].all(axis=1))
    triangles = scan.triangles[chosen]
    seen, barycentric = rasterise(pixels, placed[:, 2], triangles, (height, width))
    covered = seen >= 0
    drawn = interpolate(np.column_stack([placed[:, 2], scan.normals()]), triangles, seen, barycentric)
    normals = normalise(drawn[covered][:, 1:] @ viewpoint.pose.rotation.T)
    towards = normals[:, 2] > 0
    if scan.texture is not None and scan.corner_uvs is not None:
        corners = scan.corner_uvs[chosen[seen[covered]]]
        uvs = np.einsum("pk,pkc->pc", barycentric[covered], corners)
        colours = texture_colours(scan.texture, uvs).astype(np.float64)
    elif scan.colours is not None:
        colours = interpolate(scan.colours.astype(np.float64), triangles, seen, barycentric)[covered]
    else:
        # Both sides are lit alike: which one is the outer side may not be known yet.
        light = np.clip(np.where(towards[:, None], normals, -normals) @ _LIGHT, 0, 1)
        colours = _SKIN * (_AMBIENT + (1 - _AMBIENT) * light)[:, None]
    return _Drawn(covered, colours, drawn[..., 0], float(towards.mean()) if len(towards) else 0.0)
