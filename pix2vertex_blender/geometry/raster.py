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
    corners = np.asarray(points, dtype=np.float64)[triangles]
    lower = np.ceil(corners.min(axis=1) - 0.5)
    upper = np.floor(corners.max(axis=1) - 0.5)
    lower = np.maximum(np.nan_to_num(lower, nan=0), 0).astype(np.int64)
    upper = np.minimum(np.nan_to_num(upper, nan=-1), [width - 1, height - 1]).astype(np.int64)
    extent = upper - lower + 1
    doubled_area = _cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    drawn = np.flatnonzero((extent > 0).all(axis=1) & (np.abs(doubled_area) > 1e-12))

    nearest = np.full(height * width, -np.inf)
    triangle = np.full(height * width, -1, dtype=np.int32)
    barycentric = np.zeros((height * width, 3))
    size = np.ceil(np.log2(np.maximum(extent[drawn].max(axis=1, initial=1), 1))).astype(int)
    for exponent in np.unique(size):
        members = drawn[size == exponent]
        side = 2 ** int(exponent)
        grid = np.stack(np.meshgrid(np.arange(side), np.arange(side)), axis=-1).reshape(-1, 2)
        step = max(1, CHUNK // len(grid))
        for start in range(0, len(members), step):
            pause()
            chosen = members[start : start + step]
            owner, pixel, weights = _covered(corners[chosen], lower[chosen], upper[chosen], grid, doubled_area[chosen])
            index = pixel[:, 1] * width + pixel[:, 0]
            owner = chosen[owner]
            value = (weights * np.asarray(depth, dtype=np.float64)[triangles[owner]]).sum(axis=1)
            np.maximum.at(nearest, index, value)
            winner = value == nearest[index]
            triangle[index[winner]] = owner[winner]
            barycentric[index[winner]] = weights[winner]
    return triangle.reshape(shape), barycentric.reshape(height, width, 3)


def interpolate(
    values: NDArray[np.floating], triangles: Indices, triangle: NDArray[np.int32], barycentric: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Values (n, ...) at the vertices, interpolated at each pixel: (height, width, ...), NaN where nothing is seen."""
    flat = np.asarray(values, dtype=np.float64).reshape(len(values), -1)
    seen = triangle >= 0
    result = np.full((*triangle.shape, flat.shape[1]), np.nan)
    corners = triangles[triangle[seen]]
    result[seen] = sum(flat[corners[:, k]] * barycentric[seen][:, k, None] for k in range(3))
    return result.reshape(*triangle.shape, *np.shape(values)[1:])


def _cross(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _covered(
    corners: NDArray[np.float64],
    lower: NDArray[np.int64],
    upper: NDArray[np.int64],
    grid: NDArray[np.int64],
    doubled_area: NDArray[np.float64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Owners, pixels and barycentric weights of the grid points that lie inside their triangles."""
    pixels = lower[:, None] + grid[None]
    owner, cell = np.nonzero((pixels <= upper[:, None]).all(axis=-1))
    pixels = pixels[owner, cell]
    a, b, c = (corners[owner, k] - (pixels + 0.5) for k in range(3))
    weights = np.stack([_cross(b, c), _cross(c, a), _cross(a, b)], axis=1) / doubled_area[owner, None]
    inside = (weights >= -1e-9).all(axis=1)
    return owner[inside], pixels[inside], weights[inside]


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
