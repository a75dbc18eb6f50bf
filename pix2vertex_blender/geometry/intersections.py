"""Triangles of one mesh that cut each other."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Points = NDArray[np.float64]
Indices = NDArray[np.integer]


def intersecting_triangles(points: Points, triangles: Indices) -> NDArray[np.int64]:
    """Pairs (k, 2) of triangles without a common vertex that cut each other.

    Parameters
    ----------
    points : (n, 3)
    triangles : (m, 3)
    """
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


def _near_pairs(centres: Points, radii: Points) -> NDArray[np.int64]:
    """Pairs whose bounding spheres meet; small and large triangles are searched apart, so that few candidates arise."""
    order = np.argsort(radii)
    chunks = [chunk for chunk in np.array_split(order, min(4, len(order))) if len(chunk)]
    trees = [cKDTree(centres[chunk]) for chunk in chunks]
    found = [np.zeros((0, 2), dtype=np.int64)]
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
