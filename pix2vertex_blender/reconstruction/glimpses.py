"""What is known of a face after each stage, as a small picture over its photo: see `exchange.glimpse`."""

import cv2
import numpy as np
from numpy.typing import NDArray

from ..exchange.glimpse import SIDE, Picture
from ..exchange.maps import FaceMaps
from ..geometry.mesh import normalise, triangulate, vertex_normals
from ..geometry.raster import interpolate, rasterise
from ..template import Template

Array = NDArray[np.float64]

#: How bright the photo is beside what is shown.
_DIMMED = 0.4
#: sRGB of the line around the face, and of clay where it looks into the light.
_LINE, _CLAY = np.array([255.0, 150.0, 40.0]), np.array([225.0, 214.0, 204.0])
#: Towards the light, in the camera's axes.
_LIGHT = normalise(np.array([-0.5, 0.6, 1.0]))
#: How bright clay is in the shade.
_SHADE = 0.25


def mask_glimpse(crop: NDArray[np.uint8], maps: FaceMaps) -> Picture:
    """The photo (S, S, 3), dimmed outside of the face that the network sees, with a line around it."""
    photo, mask = _small(crop), _small_mask(maps)
    around = cv2.dilate(mask.astype(np.uint8), np.ones((3, 3), np.uint8)).astype(bool) & ~mask
    picture = np.where(mask[..., None], photo, _DIMMED * photo)
    picture[around] = _LINE
    return picture.astype(np.uint8)


def surface_glimpse(crop: NDArray[np.uint8], maps: FaceMaps) -> Picture:
    """The surface that the network sees, in clay over the photo (S, S, 3)."""
    points = cv2.resize(np.nan_to_num(maps.geometry), (SIDE, SIDE), interpolation=cv2.INTER_AREA).astype(np.float64)
    points = cv2.GaussianBlur(points, (0, 0), 1.0)
    down, right = np.gradient(points, axis=0), np.gradient(points, axis=1)
    inside = cv2.erode(_small_mask(maps).astype(np.uint8), np.ones((5, 5), np.uint8)).astype(bool)
    return _in_clay(crop, normalise(np.cross(down, right)), inside)


def head_glimpse(crop: NDArray[np.uint8], maps: FaceMaps, vertices: Array, template: Template) -> Picture:
    """The registered template (n, 3) in the camera's axes with its eyeballs, in clay over the photo (S, S, 3)."""
    camera = maps.camera.resized(SIDE / len(maps.mask))
    points = np.concatenate([vertices, template.place_eyeballs(vertices)])
    faces = np.concatenate([template.faces, template.eyeballs.faces + len(vertices)])
    triangles = triangulate(faces)
    seen, weights = rasterise(camera.project(points), points[:, 2], triangles, (SIDE, SIDE))
    normals = interpolate(vertex_normals(points, faces), triangles, seen, weights)
    return _in_clay(crop, normalise(np.nan_to_num(normals)), seen >= 0)


def _in_clay(crop: NDArray[np.uint8], normals: Array, shown: NDArray[np.bool_]) -> Picture:
    """Clay with normals (SIDE, SIDE, 3) where it is shown (SIDE, SIDE), over the dimmed photo."""
    light = _SHADE + (1 - _SHADE) * np.clip(normals @ _LIGHT, 0.0, 1.0)
    picture: Picture = np.where(shown[..., None], light[..., None] * _CLAY, _DIMMED * _small(crop)).astype(np.uint8)
    return picture


def _small(crop: NDArray[np.uint8]) -> NDArray[np.uint8]:
    small: NDArray[np.uint8] = cv2.resize(crop, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return small


def _small_mask(maps: FaceMaps) -> NDArray[np.bool_]:
    small: NDArray[np.uint8] = cv2.resize(maps.mask.astype(np.uint8), (SIDE, SIDE), interpolation=cv2.INTER_NEAREST)
    return small > 0
