"""The fine detail as a normal map and a displacement map, for heads that are not subdivided.

Image row 0 is v = 1. There are two kinds of maps. Those of `bake_detail_maps` hold the detail alone: on a head without
any they are flat, whatever its level of subdivision, and what they add looks the same on a rig of level 0 with or
without a Subdivision Surface modifier. The normals of `bake_onto` are those of the fine head as a whole, for one
coarser mesh: they also make up for what that mesh lacks where it is too coarse for lids, lips and ears.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...exchange.progress import Pause, no_pause
from ...geometry.mesh import normalise, triangulate, vertex_normals
from ...geometry.subdivision import split_corners
from ...geometry.tangents import TangentFrames, tangent_frames
from ...geometry.texels import CHUNK, triangles_at_texels

Array = NDArray[np.float64]

#: Texels beyond the islands' borders are filled as far as this share of the map's side.
PADDING = 1 / 128


@dataclass(frozen=True)
class DetailMaps:
    """Detail on the UVs.

    Attributes
    ----------
    normals : (S, S, 3) float32
        Unit normals in the tangent space of the level-0 mesh: x along u, y along v (OpenGL's convention), z outwards.
    displacement : (S, S) float32
        Millimetres along the normal.
    filled : (S, S) bool
        Texels whose centre lies in an island; a few beyond them repeat the nearest, the rest is flat.
    """

    normals: NDArray[np.float32]
    displacement: NDArray[np.float32]
    filled: NDArray[np.bool_]


def bake_detail_maps(
    vertices: NDArray[np.floating],
    detail: NDArray[np.floating],
    faces: NDArray[np.integer],
    uvs: NDArray[np.floating],
    level: int,
    size: int,
    pause: Pause = no_pause,
) -> DetailMaps:
    """Draw the detail of a subdivided head on its UVs.

    Parameters
    ----------
    vertices : (n, 3)
        The smooth head in millimetres.
    detail : (n, 3)
        What detail adds to them.
    faces : (m, 4)
        Quads in the order in which `geometry.subdivision` leaves them.
    uvs : (m, 4, 2)
        v upwards.
    level : int
        How often the mesh is subdivided; the tangents are those of the mesh before.
    size : int
        The maps' side in texels.
    pause : Pause

    Raises
    ------
    ValueError
        If a shape is wrong, or the faces cannot have been subdivided that often.
    """
    head = _fine_head(vertices, detail, faces, uvs, level, size)
    pause()
    frames = _frames(head.vertices, faces, uvs, level)
    local = _in_frames(_turned_along(head.smooth[faces], head.detailed[faces], frames), frames)
    return _maps(local, head.heights[faces], uvs, size, pause)


def bake_onto(
    base: NDArray[np.floating],
    vertices: NDArray[np.floating],
    detail: NDArray[np.floating],
    faces: NDArray[np.integer],
    uvs: NDArray[np.floating],
    steps: int,
    size: int,
    pause: Pause = no_pause,
) -> DetailMaps:
    """Draw the normals of a fine head for a mesh that is coarser, and the detail's height.

    Shaded with these normals, the coarse mesh looks like the fine one with its detail. The height is that above the
    smooth fine head, which is what a subdivided coarse mesh is displaced from.

    Parameters
    ----------
    base : (b, 3)
        The coarse mesh in millimetres, whose vertices are the first ones of the fine mesh.
    vertices, detail : (n, 3)
        The smooth fine head, and what detail adds to it.
    faces : (m, 4)
        Those of the fine head.
    uvs : (m, 4, 2)
    steps : int
        How often the coarse mesh is subdivided to have the fine head's faces; at 0 both are the same mesh.
    size : int
        The maps' side in texels.
    pause : Pause

    Raises
    ------
    ValueError
        If a shape is wrong, or the faces cannot have been subdivided that often.
    """
    head = _fine_head(vertices, detail, faces, uvs, steps, size)
    pause()
    local = _in_frames(head.detailed[faces], _frames(np.asarray(base, dtype=np.float64), faces, uvs, steps))
    return _maps(local, head.heights[faces], uvs, size, pause)


@dataclass(frozen=True)
class _FineHead:
    """A head of n vertices with detail.

    Attributes
    ----------
    vertices : (n, 3)
        Of the smooth head.
    smooth, detailed : (n, 3)
        Unit normals without and with detail.
    heights : (n,)
        Of the detail above the smooth head.
    """

    vertices: Array
    smooth: Array
    detailed: Array
    heights: Array


def _fine_head(
    vertices: NDArray[np.floating],
    detail: NDArray[np.floating],
    faces: NDArray[np.integer],
    uvs: NDArray[np.floating],
    level: int,
    size: int,
) -> _FineHead:
    """What both kinds of maps are drawn from; raises `ValueError` as they say."""
    vertices, detail = np.asarray(vertices, dtype=np.float64), np.asarray(detail, dtype=np.float64)
    _check(vertices, detail, faces, uvs, level, size)
    smooth = vertex_normals(vertices, faces)
    heights = np.einsum("ij,ij->i", detail, smooth)
    return _FineHead(vertices, smooth, vertex_normals(vertices + detail, faces), heights)


def _maps(local: Array, heights: Array, uvs: NDArray[np.floating], size: int, pause: Pause) -> DetailMaps:
    """The maps of normals (m, 4, 3) and heights (m, 4) at the faces' corners."""
    values = np.concatenate([local, heights[..., None]], axis=-1)
    points = (np.asarray(uvs, dtype=np.float64) * [1, -1] + [0, 1]) * size
    corners = _as_triangles(points)
    pause()
    triangle = triangles_at_texels(corners, size)
    filled = triangle >= 0
    pause()
    normals, displacement = _draw(triangle, corners, _as_triangles(values), pause)
    del triangle
    spread_beyond_borders((normals, displacement), filled, max(2, round(size * PADDING)))
    return DetailMaps(normals, displacement, filled)


def spread_beyond_borders(images: tuple[NDArray[np.float32], ...], filled: NDArray[np.bool_], reach: int) -> None:
    """Give texels within `reach` of filled ones the nearest of them, in place.

    Without it, filtering and smaller versions of a map would mix in what lies between the islands.

    Parameters
    ----------
    images : (H, W, ...) each
    filled : (H, W) bool
    reach : int
        In texels.
    """
    if not filled.any():
        return
    distance, labels = cv2.distanceTransformWithLabels(
        np.where(filled, np.uint8(0), np.uint8(1)), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    nearest = np.zeros(labels.max() + 1, dtype=np.int32)
    nearest[labels[filled]] = np.flatnonzero(filled)
    beyond = (distance <= reach) & ~filled
    row, column = np.divmod(nearest[labels[beyond]], filled.shape[1])
    for image in images:
        image[beyond] = image[row, column]


def _check(
    vertices: Array, detail: Array, faces: NDArray[np.integer], uvs: NDArray[np.floating], level: int, size: int
) -> None:
    if vertices.ndim != 2 or vertices.shape[1] != 3 or detail.shape != vertices.shape:
        raise ValueError(f"vertices and detail must both have shape (n, 3), not {vertices.shape} and {detail.shape}")
    if np.ndim(faces) != 2 or np.shape(faces)[1] != 4 or np.shape(uvs) != (len(faces), 4, 2):
        raise ValueError(f"faces must have shape (m, 4) and uvs (m, 4, 2), not {np.shape(faces)} and {np.shape(uvs)}")
    if level < 0 or len(faces) % 4**level:
        raise ValueError(f"{len(faces)} faces are not a mesh that was subdivided {level} times")
    if size < 1:
        raise ValueError(f"size must be positive, not {size}")


def _frames(vertices: Array, faces: NDArray[np.integer], uvs: NDArray[np.floating], level: int) -> TangentFrames:
    """Tangent frames of the level-0 mesh, at the corners (m, 4, 3) of the subdivided one."""
    for _ in range(level):
        # The parts of a face begin with its corners.
        faces, uvs = faces.reshape(-1, 4, 4)[:, :, 0], uvs.reshape(-1, 4, 4, 2)[:, :, 0]
    frames = tangent_frames(vertices, faces, uvs)
    normals, tangents, handedness = frames.normals, frames.tangents, frames.handedness
    for _ in range(level):
        normals, tangents, handedness = split_corners(normals), split_corners(tangents), np.repeat(handedness, 4)
    return TangentFrames(normals, tangents, handedness).orthonormal()


def _turned_along(smooth: Array, detailed: Array, frames: TangentFrames) -> Array:
    """The detailed normals (m, 4, 3) as they are where the smooth ones are those of the frames."""
    # The smallest rotation that takes the smooth normal to that of the frame takes the detailed one along.
    axis = np.cross(smooth, frames.normals)
    cosine = np.einsum("ijk,ijk->ij", smooth, frames.normals)[..., None]
    once = np.cross(axis, detailed)
    return detailed + once + np.cross(axis, once) / np.maximum(1 + cosine, 1e-6)


def _in_frames(normals: Array, frames: TangentFrames) -> Array:
    """Normals (m, 4, 3) as seen in the frames: unit vectors."""
    axes = (frames.tangents, frames.bitangents, frames.normals)
    return normalise(np.stack([np.einsum("ijk,ijk->ij", normals, part) for part in axes], axis=-1))


def _as_triangles(corner_values: Array) -> Array:
    """Values (2m, 3, c) at the corners of the triangles of quads with values (m, 4, c)."""
    return corner_values.reshape(-1, corner_values.shape[2])[
        triangulate(np.arange(4 * len(corner_values)).reshape(-1, 4))
    ]


def _draw(
    triangle: NDArray[np.int32], corners: Array, values: Array, pause: Pause
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Unit normals (S, S, 3) and heights (S, S) from values (m, 3, 4) at the triangles' corners; flat elsewhere."""
    size = len(triangle)
    (ax, ay), (bx, by) = (corners[:, 1] - corners[:, 0]).T, (corners[:, 2] - corners[:, 0]).T
    area = ax * by - ay * bx
    area = np.where(np.abs(area) > 1e-12, area, np.inf)[:, None]
    one, other = values[:, 1] - values[:, 0], values[:, 2] - values[:, 0]
    # Linear functions of the place relative to the first corner.
    per_x = (by[:, None] * one - ay[:, None] * other) / area
    per_y = (ax[:, None] * other - bx[:, None] * one) / area
    table = np.concatenate([corners[:, 0], values[:, 0], per_x, per_y], axis=1).astype(np.float32)
    normals, heights = np.zeros((size, size, 3), dtype=np.float32), np.zeros((size, size), dtype=np.float32)
    normals[..., 2] = 1
    rows = max(1, CHUNK // size)
    for top in range(0, size, rows):
        pause()
        part = triangle[top : top + rows]
        row, column = np.nonzero(part >= 0)
        line = table[part[row, column]]
        x = column.astype(np.float32) + np.float32(0.5) - line[:, 0]
        y = (row + top).astype(np.float32) + np.float32(0.5) - line[:, 1]
        drawn = line[:, 2:6] + x[:, None] * line[:, 6:10] + y[:, None] * line[:, 10:14]
        heights[row + top, column] = drawn[:, 3]
        drawn = drawn[:, :3]
        normals[row + top, column] = drawn / np.sqrt(np.einsum("ij,ij->i", drawn, drawn))[:, None]
    return normals, heights
