"""Pictures of a face in clay as its photographer saw it, drawn in numpy: no graphics driver and no ray is needed."""

import numpy as np
from numpy.typing import NDArray

from ...exchange.result import Reconstruction
from ...geometry.mesh import normalise, triangle_normals, vertex_normals
from ...geometry.raster import interpolate, rasterise
from .clay_pieces import pieces_of

#: Where the sun stands in the head's axes (left, above and in front), and how strong it and the sky are.
_SUN = np.array([-0.7, 0.9, 1.0])
_SUN_STRENGTH = 0.42
_SKY_STRENGTH = 0.2
#: Light from the camera, so that nothing is black.
_FILL_STRENGTH = 0.08

#: A hollow is dark where its surroundings within so many millimetres rise above it; so many darken it fully.
_HOLLOWS = ((2.5, 1.2), (12.0, 12.0))


def clay_picture(reconstruction: Reconstruction, strength: float, side: int) -> NDArray[np.uint8]:
    """Draw the mesh over a transparent background, in the crop's frame; edges are as hard as pixels.

    Parameters
    ----------
    reconstruction : Reconstruction
    strength : float
        How much of the detail is added to the registered mesh: 0 or 1.
    side : int
        Of the picture, in pixels.

    Returns
    -------
    (side, side, 4) uint8
        sRGB, and 255 where there is something.
    """
    view = reconstruction.view
    pieces = pieces_of(reconstruction, strength)
    points = view.frame.to_camera(pieces.vertices)
    enlargement = side / len(view.maps.mask)
    pixels = view.camera.project(points) * enlargement
    shown = _towards_the_camera(pixels, pieces.triangles)
    triangles = pieces.triangles[shown]
    seen, barycentric = rasterise(pixels, points[:, 2], triangles, (side, side))
    normals = vertex_normals(points, pieces.triangles)
    drawn = interpolate(np.column_stack([points[:, 2], normals]), triangles, seen, barycentric)
    normals = normalise(drawn[..., 1:])
    sun = normalise(view.head_to_camera[:3, :3] @ _SUN)
    light = _SUN_STRENGTH * np.clip(normals @ sun, 0.0, 1.0) + _FILL_STRENGTH * np.clip(normals[..., 2], 0.0, 1.0)
    light += _SKY_STRENGTH * _openness(drawn[..., 0], view.camera.scale * enlargement)
    picture = np.zeros((side, side, 4), dtype=np.uint8)
    covered = seen >= 0
    lit = light[covered, None] * pieces.tones[shown][seen[covered]]
    picture[covered, :3] = np.rint(255 * np.clip(_to_srgb(lit), 0.0, 1.0))
    picture[covered, 3] = 255
    return picture


def _towards_the_camera(pixels: NDArray[np.floating], triangles: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Of which triangles the outside is seen: counter-clockwise with y upwards, and pixels have it downwards."""
    flat = np.column_stack([pixels, np.zeros(len(pixels))])
    return triangle_normals(flat, triangles)[:, 2] < 0


def _openness(depth: NDArray[np.floating], millimetre: float) -> NDArray[np.float64]:
    """How much of the sky each pixel (h, w) sees, from the depth around it.

    Parameters
    ----------
    depth : (h, w)
        Towards the camera in millimetres, NaN where there is nothing.
    millimetre : float
        In pixels of the picture.
    """
    seen = np.isfinite(depth).astype(np.float64)
    known = np.nan_to_num(depth)
    openness = np.ones(depth.shape)
    for radius, deepest in _HOLLOWS:
        reach = max(1, round(radius * millimetre))
        rise = (_box_sum(known, reach) - known * _box_sum(seen, reach)) / (2 * reach + 1) ** 2
        openness -= 0.5 * np.clip(rise / deepest, 0.0, 1.0)
    return openness


def _box_sum(values: NDArray[np.float64], reach: int) -> NDArray[np.float64]:
    """The sum over the square that reaches so many pixels to each side."""
    for _axis in range(2):
        sums = np.cumsum(np.pad(values, [(reach + 1, reach), (0, 0)]), axis=0)
        values = (sums[2 * reach + 1 :] - sums[: -2 * reach - 1]).T
    return values


def _to_srgb(linear: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)
