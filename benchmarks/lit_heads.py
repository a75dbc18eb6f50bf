"""Pictures of heads under a lamp of our choice, textured or in clay, drawn in NumPy."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.geometry.mesh import normalise, triangulate, vertex_normals
from pix2vertex_blender.geometry.raster import interpolate, rasterise
from pix2vertex_blender.template import load_template

#: Subdivisions of the drawn head, its height in millimetres in the picture, and its turn (radians) out of the picture.
LEVEL, HEIGHT = 2, 220.0
#: Light from all sides, and the lamp's.
AMBIENT, LAMP = 0.25, 1.0
GAMMA, BACKGROUND = 2.2, 90


def lit_head(
    head: NDArray[np.floating], texture: NDArray[np.uint8], size: int, lamp: NDArray[np.floating]
) -> NDArray[np.uint8]:
    """A textured head from the front, (size, size, 3) sRGB, with a lamp in a direction (3,).

    Parameters
    ----------
    head : (n, 3)
        The template at level 0, upright, looking along z.
    texture : (H, H, 3) uint8
        On the template's UVs.
    size : int
    lamp : (3,)
    """
    return lit_surface(load_template().subdivide(head, LEVEL), texture, size, lamp)


def lit_surface(
    vertices: NDArray[np.floating],
    texture: NDArray[np.uint8],
    size: int,
    lamp: NDArray[np.floating],
    ambient: float = AMBIENT,
) -> NDArray[np.uint8]:
    """The same of vertices (n, 3) at `LEVEL`, with their detail, and with another light from all sides."""
    level = load_template(LEVEL)
    vertices = vertices - vertices[level.groups["face"] > 0.9].mean(axis=0)
    normals = vertex_normals(vertices, level.faces)
    corners = level.faces.ravel()
    triangles = triangulate(np.arange(len(corners)).reshape(-1, 4))
    places = size / 2 + vertices[corners, :2] * (1, -1) * (size / HEIGHT)
    seen = rasterise(places, vertices[corners, 2], triangles, (size, size))
    drawn = interpolate(np.column_stack([level.uvs.reshape(-1, 2), normals[corners]]), triangles, *seen)
    shown = np.isfinite(drawn[..., 0])
    drawn = np.nan_to_num(drawn)
    columns, rows = (drawn[..., :2] * (1, -1) + (0, 1)).astype(np.float32).transpose(2, 0, 1) * len(texture) - 0.5
    colour = cv2.remap(texture, columns, rows, cv2.INTER_LINEAR).astype(np.float64)
    light = ambient + LAMP * np.clip(normalise(drawn[..., 2:] + 1e-9) @ normalise(np.asarray(lamp, float)), 0, None)
    lit = 255 * np.clip((colour / 255) ** GAMMA * light[..., None], 0, 1) ** (1 / GAMMA)
    lit[~shown] = BACKGROUND
    picture: NDArray[np.uint8] = np.rint(lit).astype(np.uint8)
    return picture
