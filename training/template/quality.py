"""Measures of a quad mesh that an artist would look at: angles, poles, intersections, overlap and stretch of UVs."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

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


def intersecting_triangles(points: Points, triangles: Indices) -> Indices:
    """Pairs (k, 2) of triangles without a common vertex that cut each other."""
    corners = points[triangles]
    centres = corners.mean(axis=1)
    radii = np.linalg.norm(corners - centres[:, None], axis=2).max(axis=1)
    pairs = _near_pairs(centres, radii)
    low, high = corners.min(axis=1), corners.max(axis=1)
    first, second = pairs.T
    pairs = pairs[((low[first] <= high[second]) & (low[second] <= high[first])).all(axis=1)]
    shared = (triangles[pairs[:, 0]][:, :, None] == triangles[pairs[:, 1]][:, None]).any(axis=(1, 2))
    pairs = pairs[~shared]
    cut = np.zeros(len(pairs), dtype=bool)
    for one, other in ((0, 1), (1, 0)):
        for i in range(3):
            start, end = corners[pairs[:, one], i], corners[pairs[:, one], (i + 1) % 3]
            cut |= _segment_cuts(start, end, corners[pairs[:, other]])
    return pairs[cut]


def _near_pairs(centres: Points, radii: Points) -> Indices:
    """Pairs whose bounding spheres meet; small and large triangles are searched apart, so that few candidates arise."""
    order = np.argsort(radii)
    chunks = np.array_split(order, min(8, len(order)))
    trees = [cKDTree(centres[chunk]) for chunk in chunks]
    found = []
    for i, first in enumerate(chunks):
        for j in range(i, len(chunks)):
            reach = radii[first].max() + radii[chunks[j]].max()
            near = trees[i].sparse_distance_matrix(trees[j], reach, output_type="coo_matrix")
            rows, columns = first[near.row], chunks[j][near.col]
            met = near.data <= radii[rows] + radii[columns]
            met &= (rows < columns) if i == j else True
            found.append(np.stack([rows, columns], axis=1)[met])
    return np.concatenate(found)


def _segment_cuts(start: Points, end: Points, corners: Points) -> NDArray[np.bool_]:
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    direction = end - start
    h = np.cross(direction, second)
    determinant = (first * h).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        s = start - corners[:, 0]
        u = (s * h).sum(axis=1) / determinant
        q = np.cross(s, first)
        v = (direction * q).sum(axis=1) / determinant
        t = (second * q).sum(axis=1) / determinant
        inside = (u >= 0) & (v >= 0) & (u + v <= 1) & (t >= 0) & (t <= 1)
    return (np.abs(determinant) > 1e-12) & inside


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
