"""Which point of a mesh each texel of its texture shows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..exchange.progress import Pause, no_pause
from .mesh import Indices, triangulate

#: Texels whose triangles are looked up at once, which bounds the memory.
CHUNK = 1 << 20
#: Rows of texels that are interpolated at once.
ROWS = 128


@dataclass(frozen=True)
class TexelGrid:
    """The texels of a square texture on a mesh.

    Texels outside of the faces show what lies nearest, so that nothing undefined bleeds in across the borders of the
    UV islands when the texture is filtered.

    Attributes
    ----------
    corners : (H, W, 3) int32
        The vertices whose values a texel mixes.
    weights : (H, W, 3) float32
        Their shares. Just outside of the faces, up to the padding, the nearest face is continued as a plane, so that
        some are negative.
    covered : (H, W) bool
        Whether the texel's centre lies in a face.
    """

    corners: NDArray[np.int32]
    weights: NDArray[np.float32]
    covered: NDArray[np.bool_]

    def interpolate(self, values: NDArray[np.floating], pause: Pause = no_pause) -> NDArray[np.float32]:
        """Values (n, c) at the vertices at each texel: (H, W, c)."""
        values = np.asarray(values, dtype=np.float32)
        result = np.zeros((*self.covered.shape, values.shape[1]), dtype=np.float32)
        for top in range(0, len(result), ROWS):
            pause()
            rows = slice(top, top + ROWS)
            for corner in range(3):
                result[rows] += values[self.corners[rows, :, corner]] * self.weights[rows, :, corner, None]
        return result


def texel_grid(
    faces: Indices, uvs: NDArray[np.floating], size: int, padding: float, pause: Pause = no_pause
) -> TexelGrid:
    """Find the point of the mesh at each texel.

    Parameters
    ----------
    faces : (m, 4) or (m, 3) vertex indices
    uvs : (m, 4, 2) or (m, 3, 2)
        Texture coordinates of the faces' corners in [0, 1], v upwards.
    size : int
        Texels along each side.
    padding : float
        How many texels beyond its border a face is continued.
    pause : Pause

    Raises
    ------
    ValueError
        If the shapes of `faces` and `uvs` do not agree.
    """
    if uvs.shape != (*faces.shape, 2):
        raise ValueError(f"uvs must have shape {(*faces.shape, 2)}, not {uvs.shape}")
    corners = (np.asarray(uvs, dtype=np.float64) * (1, -1) + (0, 1)) * size
    corners = corners.reshape(-1, 2)[triangulate(np.arange(faces.size).reshape(faces.shape))]
    triangle = triangles_at_texels(corners, size)
    covered = triangle >= 0
    pause()
    distance, nearest = ndimage.distance_transform_edt(~covered, return_indices=True)
    pause()
    # Far from all faces the point of the nearest texel is repeated.
    columns, rows = np.meshgrid(np.arange(size), np.arange(size))
    repeated = distance > padding
    columns, rows = (np.where(repeated, nearest[k], own) for k, own in ((1, columns), (0, rows)))
    triangle = triangle[nearest[0], nearest[1]]
    places = np.stack([columns, rows], axis=-1) + 0.5
    mixed = triangulate(faces)[triangle].astype(np.int32)
    pause()
    return TexelGrid(mixed, _barycentric(corners, triangle, places), covered)


def _barycentric(
    corners: NDArray[np.float64], triangle: NDArray[np.int32], places: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Shares (H, W, 3) of the corners of one of the triangles (m, 3, 2) at each place (H, W, 2)."""
    (ax, ay), (bx, by) = (corners[:, 1] - corners[:, 0]).T, (corners[:, 2] - corners[:, 0]).T
    area = ax * by - ay * bx
    area = np.where(np.abs(area) > 1e-9, area, np.inf)
    px, py = np.moveaxis(places - corners[triangle, 0], -1, 0)
    second = np.clip(px * (by / area)[triangle] - py * (bx / area)[triangle], -4.0, 5.0)
    third = np.clip(py * (ax / area)[triangle] - px * (ay / area)[triangle], -4.0, 5.0)
    return np.stack([1 - second - third, second, third], axis=-1).astype(np.float32)


def triangles_at_texels(corners: NDArray[np.float64], size: int) -> NDArray[np.int32]:
    """Index (size, size) of the triangle that covers each texel's centre, -1 where there is none.

    Neighbouring triangles leave no gap and share no texel; of triangles that overlap, one is taken.

    Parameters
    ----------
    corners : (m, 3, 2)
        In texels, y downwards.
    """
    result = np.full(size * size, -1, dtype=np.int32)
    triangle, row, start, end = _spans(corners, size)
    lengths = end - start
    stops = np.cumsum(lengths)
    first = 0
    while first < len(lengths):
        offset = stops[first - 1] if first else 0
        last = max(int(np.searchsorted(stops, offset + CHUNK, side="right")), first + 1)
        chosen = slice(first, last)
        count = lengths[chosen]
        begin = row[chosen] * size + start[chosen] - (stops[chosen] - count - offset)
        texel = np.repeat(begin, count) + np.arange(stops[last - 1] - offset)
        result[texel] = np.repeat(triangle[chosen], count)
        first = last
    return result.reshape(size, size)


def _spans(corners: NDArray[np.float64], size: int) -> tuple[NDArray[np.int64], ...]:
    """Triangle, row, first texel and end of the run of texels in each row that each triangle crosses."""
    x, y = corners[..., 0], corners[..., 1]
    top = np.clip(np.ceil(y.min(axis=1) - 0.5), 0, size).astype(np.int64)
    rows = np.clip(np.ceil(y.max(axis=1) - 0.5), 0, size).astype(np.int64) - top
    triangle = np.repeat(np.arange(len(corners)), rows)
    row = np.arange(len(triangle)) + np.repeat(top - (np.cumsum(rows) - rows), rows)
    left, right = np.full(len(triangle), np.inf), np.full(len(triangle), -np.inf)
    for one in range(3):
        other = (one + 1) % 3
        # Both triangles at an edge compute it from the same end: their runs meet exactly.
        swapped = y[:, one] > y[:, other]
        x_top, x_bottom = np.where(swapped, x[:, other], x[:, one]), np.where(swapped, x[:, one], x[:, other])
        y_top, y_bottom = np.where(swapped, y[:, other], y[:, one]), np.where(swapped, y[:, one], y[:, other])
        slope = (x_bottom - x_top) / np.maximum(y_bottom - y_top, 1e-300)
        centre = row + 0.5
        crossed = (y_top[triangle] <= centre) & (centre < y_bottom[triangle])
        place = x_top[triangle] + (centre - y_top[triangle]) * slope[triangle]
        left = np.where(crossed, np.minimum(left, place), left)
        right = np.where(crossed, np.maximum(right, place), right)
    start = np.clip(np.ceil(left - 0.5), 0, size).astype(np.int64)
    end = np.clip(np.ceil(right - 0.5), 0, size).astype(np.int64)
    some = end > start
    return triangle[some], row[some], start[some], end[some]
