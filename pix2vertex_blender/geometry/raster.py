"""A z-buffer in numpy: which triangle each pixel sees."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..exchange.progress import Pause, no_pause
from .mesh import Indices, Points, triangulate

#: Candidate pixels tested at once, which bounds the memory.
CHUNK = 1_000_000


def rasterise(
    points: Points,
    depth: NDArray[np.floating],
    triangles: Indices,
    shape: tuple[int, int],
    pause: Pause = no_pause,
) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
    """Find the nearest triangle at each pixel's centre.

    Parameters
    ----------
    points : (n, 2)
        Vertices in pixels.
    depth : (n,)
        Larger is nearer. Interpolated linearly in the image.
    triangles : (m, 3) int
        Both sides are drawn.
    shape : (height, width)
    pause : Pause

    Returns
    -------
    triangle : (height, width) int32
        The index of the triangle seen, -1 where there is none.
    barycentric : (height, width, 3) float64
        The weights of its corners, zero where there is none.
    """
    height, width = shape
    # One coordinate of one corner at a time: NumPy takes several times as long over short axes.
    x, y = (np.asarray(points, dtype=np.float64)[:, axis].take(triangles.T) for axis in (0, 1))
    heights = np.asarray(depth, dtype=np.float64)
    left, columns = _pixel_range(x, width)
    top, rows = _pixel_range(y, height)
    doubled_area = (x[1] - x[0]) * (y[2] - y[0]) - (y[1] - y[0]) * (x[2] - x[0])
    drawn = np.flatnonzero((columns > 0) & (rows > 0) & (np.abs(doubled_area) > 1e-12))

    nearest = np.full(height * width, -np.inf)
    triangle = np.full(height * width, -1, dtype=np.int32)
    barycentric = np.zeros((height * width, 3))
    size = np.ceil(np.log2(np.maximum(np.maximum(columns, rows)[drawn], 1))).astype(int)
    for exponent in np.unique(size):
        members = drawn[size == exponent]
        side = 2 ** int(exponent)
        step = max(1, CHUNK // side**2)
        for start in range(0, len(members), step):
            pause()
            chosen = members[start : start + step]
            owner, down, right = np.nonzero(
                (np.arange(side)[:, None] < rows[chosen, None, None]) & (np.arange(side) < columns[chosen, None, None])
            )
            owner = chosen[owner]
            right += left[owner]
            down += top[owner]
            weights = _weights(x, y, owner, right + 0.5, down + 0.5) / doubled_area[owner]
            inside = np.flatnonzero((weights[0] >= -1e-9) & (weights[1] >= -1e-9) & (weights[2] >= -1e-9))
            owner, weights, index = owner[inside], weights[:, inside], (down * width + right)[inside]
            value = sum(weights[k] * heights[triangles[owner, k]] for k in range(3))
            np.maximum.at(nearest, index, value)
            winner = np.flatnonzero(value == nearest[index])
            triangle[index[winner]] = owner[winner]
            barycentric[index[winner]] = weights[:, winner].T
    return triangle.reshape(shape), barycentric.reshape(height, width, 3)


def interpolate(
    values: NDArray[np.floating], triangles: Indices, triangle: NDArray[np.int32], barycentric: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Values (n, ...) at the vertices, interpolated at each pixel: (height, width, ...), NaN where nothing is seen."""
    flat = np.asarray(values, dtype=np.float64).reshape(len(values), -1)
    seen = np.flatnonzero(triangle >= 0)
    result = np.full((triangle.size, flat.shape[1]), np.nan)
    corners, weights = triangles[triangle.ravel()[seen]], barycentric.reshape(-1, 3)[seen]
    result[seen] = sum(flat.take(corners[:, k], axis=0) * weights[:, k, None] for k in range(3))
    return result.reshape(*triangle.shape, *np.shape(values)[1:])


def _pixel_range(corners: NDArray[np.float64], size: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first of the pixels, `size` in a row, whose centres lie within triangles (3, m) along an axis; their number.

    There are none (0 or less) where a coordinate is not a number.
    """
    lowest = np.ceil(np.minimum(np.minimum(corners[0], corners[1]), corners[2]) - 0.5)
    highest = np.floor(np.maximum(np.maximum(corners[0], corners[1]), corners[2]) - 0.5)
    first = np.maximum(np.nan_to_num(lowest, nan=0), 0).astype(np.int64)
    last = np.minimum(np.nan_to_num(highest, nan=-1), size - 1).astype(np.int64)
    return first, last - first + 1


def _weights(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    owner: NDArray[np.int64],
    right: NDArray[np.float64],
    down: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Barycentric weights (3, k) of places in the triangles `owner` of corners x, y (3, m), times twice the area."""
    ax, bx, cx = (x[corner].take(owner) - right for corner in range(3))
    ay, by, cy = (y[corner].take(owner) - down for corner in range(3))
    return np.stack([bx * cy - by * cx, cx * ay - cy * ax, ax * by - ay * bx])


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
