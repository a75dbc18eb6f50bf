"""Depth of the registered face as a camera sees it."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..geometry.mesh import triangulate
from ..geometry.raster import interpolate, rasterise


def face_depth(
    vertices: NDArray[np.floating],
    faces: NDArray[np.integer],
    face: NDArray[np.floating],
    project: Callable[[NDArray[np.floating]], NDArray[np.floating]],
    shape: tuple[int, int],
) -> NDArray[np.float64]:
    """Depth (H, W) of a head's face towards the camera in millimetres, NaN where something else is seen.

    Between the lids one looks into the head, and through a far eye at the cheek from inside, which is not the face.

    Parameters
    ----------
    vertices : (n, 3)
        In millimetres in the camera's axes.
    faces : (f, 4) int
    face : (n,)
        How much each vertex belongs to the face, 0 to 1.
    project : callable
        From points (n, 3) to pixels (n, 2) of the grid, y downwards.
    shape : (H, W)
    """
    triangles = triangulate(faces)
    pixels = project(vertices)
    triangle, barycentric = rasterise(pixels, vertices[:, 2], triangles, shape)
    seen = interpolate(np.column_stack([vertices[:, 2], face]), triangles, triangle, barycentric)
    first, second = (pixels[triangles[:, corner]] - pixels[triangles[:, 0]] for corner in (1, 2))
    # Counter-clockwise from outside, with y upwards.
    outside = first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0] < 0
    return np.where((seen[..., 1] > 0.5) & outside[triangle], seen[..., 0], np.nan)
