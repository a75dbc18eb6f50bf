"""Small smooth-shaded pictures of a head, its eyeballs and other parts, drawn by a z-buffer."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.geometry.mesh import normalise, triangulate, vertex_normals
from pix2vertex_blender.geometry.raster import interpolate, rasterise
from pix2vertex_blender.template import Template
from pix2vertex_blender.template.parts import MATERIALS, load_parts

from .pictures import EYE, IRIS, LIGHTS, PUPIL, SKIN, opaque, rotation

Points = NDArray[np.float64]
Image = NDArray[np.uint8]

#: The mouth's inside, the sockets and the nostrils, where hardly any light comes.
INSIDE = (92, 56, 52)
SAMPLES = 2
#: Colours of the parts' materials; tears are too clear to be drawn.
PART_COLOURS = {
    "teeth": (228, 222, 205),
    "gums": (188, 105, 102),
    "tongue": (190, 100, 100),
    "mouth": (60, 30, 30),
    "lashes": (40, 30, 26),
    "caruncle": (212, 150, 141),
    "conjunctiva": (228, 196, 188),
}


def shade(
    template: Template,
    vertices: Points,
    eyeballs: Points,
    angles: tuple[float, float],
    size: int,
    window: tuple[float, float, float] = (0.0, 5.0, 215.0),
    parts: Mapping[str, Points] = MappingProxyType({}),
) -> Image:
    """Picture (size, size, 3) RGB of a head with the template's topology.

    Parameters
    ----------
    template : Template
        At the level of the vertices.
    vertices : (n, 3)
    eyeballs : (e, 3)
    angles : (yaw, pitch)
        By which the head is turned, in degrees.
    size : int
        Pixels along a side.
    window : (x, y, side)
        Millimetres: the picture's centre in the turned head, and its side.
    parts : mapping of str to (k, 3), optional
        Vertices of those of `template.parts.CHILD_PARTS` that are drawn.
    """
    turn = rotation(*angles)
    points = np.concatenate([vertices, eyeballs])
    triangles = np.concatenate([triangulate(template.faces), triangulate(opaque(template.eyeballs)) + len(vertices)])
    colours = _colours(template)
    for name, own in parts.items():
        part = load_parts().child(name)
        materials = np.array([PART_COLOURS[material] for material in MATERIALS[name]], dtype=np.float64)
        of_vertex = np.zeros((len(own), 3))
        of_vertex[part.faces] = materials[part.materials][:, None]
        triangles = np.concatenate([triangles, triangulate(part.faces) + len(points)])
        points, colours = np.concatenate([points, own]), np.concatenate([colours, of_vertex])
    points = points @ turn.T
    pixels_a_side = size * SAMPLES
    scale = pixels_a_side / window[2]
    plane = (points[:, :2] - window[:2]) * (scale, -scale) + pixels_a_side / 2
    triangle, weights = rasterise(plane, points[:, 2], triangles, (pixels_a_side, pixels_a_side))
    normals = vertex_normals(points, triangles)
    seen = interpolate(np.column_stack([normals, colours]), triangles, triangle, weights)
    normal, colour = normalise(np.nan_to_num(seen[..., :3])), seen[..., 3:]
    light = 0.42 + 0.58 * np.clip((normal @ normalise(np.array(LIGHTS)).T).max(axis=-1), 0, 1)
    picture = np.where(triangle[..., None] >= 0, colour * light[..., None], 255.0)
    picture = picture.reshape(size, SAMPLES, size, SAMPLES, 3).mean(axis=(1, 3))
    return np.rint(picture).astype(np.uint8)


def _colours(template: Template) -> Points:
    """Colours (n + e, 3) of the vertices of head and eyeballs."""
    hidden = ("mouth_interior", "eye_socket", "nostril_interior")
    inside = np.clip(sum(template.groups[name] for name in hidden), 0, 1)[:, None]
    skin = (1 - inside) * np.array(SKIN) + inside * np.array(INSIDE)
    eyes = np.tile(np.array(EYE, dtype=np.float64), (len(template.eyeballs.around), 1))
    for name, colour in (("iris", IRIS), ("pupil", PUPIL)):
        eyes[template.eyeballs.groups[name] > 0.5] = colour
    return np.concatenate([skin, eyes])
