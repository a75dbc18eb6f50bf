"""Triangles to pixels: visibility with a depth buffer, interpolation of vertex attributes, vertex normals.

A screen point is (x, y, depth) in float32, x right and y down in pixels with pixel centres at integers + 0.5; a larger
depth is nearer.
"""

import math
from typing import NamedTuple

import numpy as np

from ..arrays import Floats, Integers
from ..compilation import inlined, kernel

# Triangles that come nearer to the camera than this inverse distance (1 / mm) are left out.
NEAREST = 1 / 25
# Triangles of less than this doubled area in pixels are seen from the side.
SMALLEST_AREA = 1e-9
# A pixel on the edge of two triangles belongs to one of them at least: the least barycentric weight there.
TOUCHING = -1e-6
# The depth of a triangle where it is not: behind everything.
OUTSIDE = -1e30


class Fragments(NamedTuple):
    """What is nearest at each pixel.

    Attributes
    ----------
    triangle : (S, S) int32
        Index of the nearest triangle, -1 where there is none.
    weights : (S, S, 2) float32
        Perspective-correct barycentric weights of its second and third corner.
    depth : (S, S) float32
        Inverse distance along the camera's axis, 0 where there is nothing.
    """

    triangle: Integers
    weights: Floats
    depth: Floats


def empty_fragments(size: int) -> Fragments:
    """Buffers of an empty image of `size` x `size` pixels."""
    return Fragments(
        np.full((size, size), -1, np.int32), np.zeros((size, size, 2), np.float32), np.zeros((size, size), np.float32)
    )


@kernel
def vertex_normals(vertices: Floats, triangles: Integers) -> Floats:
    """Unit normals (n, 3), the mean of the adjacent triangles' normals weighted by area."""
    normals = np.zeros_like(vertices)
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        ux, uy, uz = vertices[b, 0] - vertices[a, 0], vertices[b, 1] - vertices[a, 1], vertices[b, 2] - vertices[a, 2]
        vx, vy, vz = vertices[c, 0] - vertices[a, 0], vertices[c, 1] - vertices[a, 1], vertices[c, 2] - vertices[a, 2]
        nx, ny, nz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
        for i in (a, b, c):
            normals[i, 0] += nx
            normals[i, 1] += ny
            normals[i, 2] += nz
    for i in range(len(normals)):
        length = math.sqrt(normals[i, 0] ** 2 + normals[i, 1] ** 2 + normals[i, 2] ** 2) + 1e-9
        normals[i, 0] /= length
        normals[i, 1] /= length
        normals[i, 2] /= length
    return normals


@kernel
def _pixel_range(a: float, b: float, c: float, size: int) -> tuple[int, int]:
    """First and one past the last pixel whose centre lies between the least and the greatest of three coordinates."""
    first = max(0, math.ceil(min(a, b, c) - 0.5))
    last = min(size - 1, math.floor(max(a, b, c) - 0.5))
    return first, last + 1


@kernel
def _doubled_area(xa: float, ya: float, xb: float, yb: float, xc: float, yc: float) -> float:
    """Of a triangle, positive or negative by its winding."""
    return (xb - xa) * (yc - ya) - (xc - xa) * (yb - ya)


@kernel
def _barycentric(
    x: float, y: float, xa: float, ya: float, xb: float, yb: float, xc: float, yc: float
) -> tuple[float, float, float]:
    """Weights of the three corners at a point; all are positive inside."""
    area = _doubled_area(xa, ya, xb, yb, xc, yc)
    to_b = _doubled_area(xa, ya, x, y, xc, yc) / area
    to_c = _doubled_area(xa, ya, xb, yb, x, y) / area
    return 1.0 - to_b - to_c, to_b, to_c


@inlined
def _pixels_of(points: Floats, a: int, b: int, c: int, size: int) -> tuple[int, int, int, int]:
    """First and one past the last row, and column, that a triangle may cover; none if it is seen from the side."""
    xa, ya, xb, yb, xc, yc = points[a, 0], points[a, 1], points[b, 0], points[b, 1], points[c, 0], points[c, 1]
    if abs(_doubled_area(xa, ya, xb, yb, xc, yc)) < SMALLEST_AREA:
        return 0, 0, 0, 0
    first_column, end_column = _pixel_range(xa, xb, xc, size)
    first_row, end_row = _pixel_range(ya, yb, yc, size)
    return first_row, end_row, first_column, end_column


@inlined
def _depth_at(points: Floats, a: int, b: int, c: int, x: float, y: float) -> tuple[float, float, float]:
    """Depth of a triangle at a point, `OUTSIDE` if it does not cover it, and what its second and third corner add."""
    to_a, to_b, to_c = _barycentric(
        x, y, points[a, 0], points[a, 1], points[b, 0], points[b, 1], points[c, 0], points[c, 1]
    )
    of_b, of_c = to_b * points[b, 2], to_c * points[c, 2]
    if min(to_a, to_b, to_c) < TOUCHING:
        return OUTSIDE, of_b, of_c
    return to_a * points[a, 2] + of_b + of_c, of_b, of_c


@kernel
def rasterise(points: Floats, triangles: Integers, fragments: Fragments) -> None:
    """Draw triangles into the buffers of a perspective view.

    Parameters
    ----------
    points : (n, 3) float32
        Screen x, y and inverse distance along the camera's axis.
    triangles : (m, 3) int32
    fragments : Fragments
        Written where a triangle is nearer than what was drawn before.
    """
    nearest, index, weights = fragments.depth, fragments.triangle, fragments.weights
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        if max(points[a, 2], points[b, 2], points[c, 2]) > NEAREST:
            continue
        first_row, end_row, first_column, end_column = _pixels_of(points, a, b, c, nearest.shape[0])
        for row in range(first_row, end_row):
            for column in range(first_column, end_column):
                depth, of_b, of_c = _depth_at(points, a, b, c, column + 0.5, row + 0.5)
                if depth > nearest[row, column]:
                    nearest[row, column] = depth
                    index[row, column] = t
                    weights[row, column, 0] = of_b / depth
                    weights[row, column, 1] = of_c / depth


@kernel
def rasterise_strands(
    points: Floats, triangles: Integers, coverage: Floats, coordinates: Floats, strands: Floats, fragments: Fragments
) -> None:
    """Draw triangles that have gaps where a texture of strands is below what their coverage asks for.

    Parameters
    ----------
    points, triangles, fragments
        As in `rasterise`.
    coverage : (n,) float32
        0 lets nothing be drawn, 1 leaves no gap.
    coordinates : (n, 2) float32
        Column and row in the texture, which repeats.
    strands : (h, w) float32
        Values in [0, 1], spread evenly.
    """
    nearest, index, weights = fragments.depth, fragments.triangle, fragments.weights
    height, width = strands.shape
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        if max(points[a, 2], points[b, 2], points[c, 2]) > NEAREST:
            continue
        first_row, end_row, first_column, end_column = _pixels_of(points, a, b, c, nearest.shape[0])
        for row in range(first_row, end_row):
            for column in range(first_column, end_column):
                depth, of_b, of_c = _depth_at(points, a, b, c, column + 0.5, row + 0.5)
                if depth <= nearest[row, column]:
                    continue
                to_b, to_c = of_b / depth, of_c / depth
                to_a = 1.0 - to_b - to_c
                u = to_a * coordinates[a, 0] + to_b * coordinates[b, 0] + to_c * coordinates[c, 0]
                v = to_a * coordinates[a, 1] + to_b * coordinates[b, 1] + to_c * coordinates[c, 1]
                cover = to_a * coverage[a] + to_b * coverage[b] + to_c * coverage[c]
                if strands[int(v) % height, int(u) % width] < 1.0 - cover:
                    continue
                nearest[row, column] = depth
                index[row, column] = t
                weights[row, column, 0] = to_b
                weights[row, column, 1] = to_c


@kernel
def draw_depth(points: Floats, triangles: Integers, depth: Floats) -> None:
    """Keep the greatest depth at each pixel of an orthographic view, which is linear in screen space."""
    for t in range(len(triangles)):
        a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
        first_row, end_row, first_column, end_column = _pixels_of(points, a, b, c, depth.shape[0])
        for row in range(first_row, end_row):
            for column in range(first_column, end_column):
                z, _of_b, _of_c = _depth_at(points, a, b, c, column + 0.5, row + 0.5)
                depth[row, column] = max(depth[row, column], z)


@kernel
def interpolate(fragments: Fragments, triangles: Integers, attributes: Floats) -> Floats:
    """Attributes (n, k) of the vertices at the pixels, (S, S, k); zero where there is no triangle."""
    index, weights = fragments.triangle, fragments.weights
    size = index.shape[0]
    count = attributes.shape[1]
    result = np.zeros((size, size, count), np.float32)
    for row in range(size):
        for column in range(size):
            t = index[row, column]
            if t < 0:
                continue
            a, b, c = triangles[t, 0], triangles[t, 1], triangles[t, 2]
            to_b, to_c = weights[row, column, 0], weights[row, column, 1]
            to_a = 1.0 - to_b - to_c
            for k in range(count):
                result[row, column, k] = to_a * attributes[a, k] + to_b * attributes[b, k] + to_c * attributes[c, k]
    return result
