"""Measures of a quad mesh that an artist would look at: angles, poles, intersections, overlap and stretch of UVs."""

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.geometry.mesh import normalise, triangulate, unique_edges

Points = NDArray[np.float64]
Indices = NDArray[np.int64]


def corner_angles(points: Points, faces: Indices) -> Points:
    """Angles (m, 4) of the quads at their corners, degrees in [0, 360); above 180 where a quad is not convex."""
    corners = points[faces]
    normal = normalise(np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]))[:, None]
    onward = np.roll(corners, -1, axis=1) - corners
    back = np.roll(corners, 1, axis=1) - corners
    sine = (np.cross(onward, back) * normal).sum(axis=2)
    return np.degrees(np.arctan2(sine, (onward * back).sum(axis=2))) % 360


def valences(faces: Indices, count: int) -> Indices:
    """Number of edges at each vertex (n,)."""
    return np.bincount(unique_edges(faces).ravel(), minlength=count)


def quad_areas(points: Points, faces: Indices) -> Points:
    """Areas (m,) of quads in space (n, 3) or of faces' corners on the plane (m, 4, 2) if `faces` is the identity."""
    first, second = np.split(triangulate(faces).reshape(-1, 2, 3), 2, axis=1)
    return sum(
        np.linalg.norm(np.cross(points[t[:, 1]] - points[t[:, 0]], points[t[:, 2]] - points[t[:, 0]]), axis=1) / 2
        for t in (first[:, 0], second[:, 0])
    )


def uv_coverage(uvs: Points, size: int) -> NDArray[np.int32]:
    """How many faces cover each texel's centre (size, size), borders counted for one side only."""
    count = np.zeros((size, size), dtype=np.int32)
    triangles = np.concatenate([uvs[:, [0, 1, 2]], uvs[:, [0, 2, 3]]]) * size - 0.5
    for a, b, c in triangles:
        low = np.maximum(np.ceil(np.minimum.reduce([a, b, c])), 0).astype(int)
        high = np.minimum(np.floor(np.maximum.reduce([a, b, c])), size - 1).astype(int)
        if (low > high).any():
            continue
        x, y = np.meshgrid(np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1))
        inside = np.ones(x.shape, dtype=bool)
        for start, end in ((a, b), (b, c), (c, a)):
            side = (end[0] - start[0]) * (y - start[1]) - (end[1] - start[1]) * (x - start[0])
            top_left = end[1] < start[1] or (end[1] == start[1] and end[0] < start[0])
            inside &= (side > 0) | ((side == 0) & top_left)
        count[y[inside], x[inside]] += 1
    return count
