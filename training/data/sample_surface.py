"""The picture of a rendered sample as a surface, and the sample again with that surface elsewhere.

A sample has its depth, so that its picture is a mesh, continued over what has none by eq. 12 of Beyond 3DMM. What the
moved surface shows and the old one hid is stretched, and how much of the face that is, is told.
"""

from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.geometry.mesh import normalise
from pix2vertex_blender.geometry.raster import interpolate, rasterise
from pix2vertex_blender.reconstruction.turning.anchors import Anchors, extended
from pix2vertex_blender.reconstruction.turning.image_mesh import doubled_areas
from pix2vertex_blender.reconstruction.turning.light import fit_light, to_display, to_linear

from ..arrays import Booleans, Bytes, Floats
from .samples import Sample

#: The surface has at most so many points along a side of the picture.
POINTS = 192
#: A triangle that is seen so many times larger than it was is stretched, and so is one across such a step in depth, in
#: units of its own width.
STRETCHED, STEP = 4.0, 6.0
#: How much brighter or darker another direction makes the skin at most.
MOST_GAIN = 1.8


@dataclass(frozen=True)
class Surface:
    """The picture of a sample as a mesh.

    Attributes
    ----------
    grid : Anchors
        Its points in the picture.
    points : (p, 3)
        The same in the camera's axes, in the geometry's units, completed where there is no face.
    face : (p,) bool
        Which lie on the face.
    camera : Camera
    """

    grid: Anchors
    points: Floats
    face: Booleans
    camera: Camera


def surface_of(sample: Sample) -> Surface:
    """The mesh of a sample's picture, with depth from eq. 12."""
    size = len(sample.mask)
    step = max(1, size // POINTS)
    inner = np.arange(step // 2, size, step)
    lines = np.concatenate([[-0.75 * size, 0.0], inner + 0.5, [size, 1.75 * size]])
    grid = Anchors(lines, lines)
    index = np.clip(np.floor(lines), 0, size - 1).astype(int)
    inside = (lines > 0) & (lines < size)
    face = ((sample.mask[np.ix_(index, index)] > 0) & inside & inside[:, None]).ravel()
    depth = sample.geometry[2][np.ix_(index, index)].astype(np.float64).reshape(-1, 1)
    camera = camera_of(sample)
    completed = extended(np.where(face[:, None], depth, 0.0), face, grid.edges)[:, 0]
    return Surface(grid, camera.unproject(grid.pixels, completed), face, camera)


def camera_of(sample: Sample) -> Camera:
    """The camera of a sample, in the geometry's units, whose axis goes through the face's centre."""
    half = len(sample.mask) / 2
    inverse = 1 / (sample.distance * sample.geometry_scale)
    rows, columns = np.nonzero(sample.mask)
    points = sample.geometry[:, rows, columns].T
    offsets = np.column_stack([columns, rows]) + 0.5 - Camera(half, (0.0, 0.0), inverse).project(points)
    x, y = np.median(offsets, axis=0)
    return Camera(half, (float(x), float(y)), inverse)


def redrawn(
    sample: Sample, surface: Surface, moved: Floats, centre: Floats, gain: Floats | None
) -> tuple[Sample, float]:
    """The sample with its surface elsewhere, and what share of its face is stretched.

    Parameters
    ----------
    moved : (p, 3)
        Where the surface's points are.
    centre : (3,)
        Where the face's centre is.
    gain : (p, 3), optional
        By what linear colours are multiplied.
    """
    size = len(sample.mask)
    before, after, triangles = surface.grid.pixels, surface.camera.project(moved), surface.grid.triangles
    seen, weights = rasterise(after, moved[:, 2], triangles, (size, size))
    gains = np.ones_like(moved) if gain is None else gain
    values = interpolate(np.column_stack([before, moved - centre, gains]), triangles, seen, weights)
    covered = seen >= 0
    places = np.where(covered[..., None], values[..., :2], -10.0 * size)
    column, row = (np.clip(np.floor(places[..., k]), 0, size - 1).astype(int) for k in range(2))
    within = covered & (places >= 0).all(-1) & (places < size).all(-1)
    mask = np.where(within, sample.mask[row, column], 0).astype(np.uint8)
    image = _picture(sample.image, places)
    if gain is not None:
        lit = to_display(to_linear(image[..., :3]) * np.where(covered[..., None], values[..., 5:8], 1.0))
        image[..., :3] = np.rint(lit)
    face = mask > 0
    depth = surface.points[:, 2] * surface.camera.scale
    bad = _stretched(before, after, depth, triangles)[seen] & face
    correspondence = np.where(face, sample.correspondence[:, row, column], 0).astype(np.float32)
    geometry = np.where(face, np.moveaxis(np.nan_to_num(values[..., 2:5]), -1, 0), 0).astype(np.float32)
    result = replace(sample, image=image, mask=mask, correspondence=correspondence, geometry=geometry)
    return result, float(bad.sum() / max(int(face.sum()), 1))


def relit(sample: Sample, surface: Surface, moved: Floats, skin: Booleans) -> Floats:
    """By what the light on skin (p,) changes, (p, 3), when the points (p, 3) are elsewhere: eq. 17."""
    gain = np.ones_like(moved)
    if not skin.any():
        return gain
    old, new = (_normals(points, surface.grid)[skin] for points in (surface.points, moved))
    colours = to_linear(at_points(sample.image, surface)[skin, :3])
    tone = np.tile(np.median(colours, axis=0), (len(colours), 1))
    forwards = np.tile([0.0, 0.0, 1.0], (len(colours), 1))
    light = fit_light(tone, old, forwards, colours, np.clip(old[:, 2], 0.0, 1.0))
    before, after = (light.shade(tone, normals, forwards) for normals in (old, new))
    gain[skin] = np.clip(after / np.maximum(before, 1e-4), 1 / MOST_GAIN, MOST_GAIN)
    return gain


def at_points(image: NDArray[Any], surface: Surface) -> NDArray[Any]:
    """Values (p, ...) of an image (S, S, ...) at the surface's points."""
    column, row = np.floor(surface.grid.pixels).astype(int).clip(0, len(image) - 1).T
    values: NDArray[Any] = image[row, column]
    return values


def _stretched(before: Floats, after: Floats, depth: Floats, triangles: NDArray[np.integer]) -> Booleans:
    """Which triangles (m,) are seen much larger than they were, from behind, or lie across a step in depth.

    Parameters
    ----------
    before, after : (p, 2)
        Pixels of the points.
    depth : (p,)
        Of the points before, in pixels at the face's centre.
    triangles : (m, 3)
    """
    old, new = (-doubled_areas(pixels, triangles) for pixels in (before, after))  # the grid runs clockwise
    corners = depth[triangles]
    width = np.sqrt(np.abs(old))
    result: Booleans = (new > STRETCHED * old) | (new <= 0) | (np.ptp(corners, axis=1) > STEP * width)
    return result


def _picture(image: Bytes, places: Floats) -> Bytes:
    """The picture (S, S, 4) at places (S, S, 2), without dark rims where it ends; nothing beyond its edge."""
    alpha = image[..., 3:].astype(np.float32) / 255
    premultiplied = np.concatenate([image[..., :3] * alpha, 255 * alpha], axis=-1)
    x, y = (np.ascontiguousarray(places[..., k] - 0.5, dtype=np.float32) for k in range(2))
    sampled = cv2.remap(premultiplied, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    size = len(image)
    sampled[((places < -size) | (places > 2 * size)).any(-1)] = 0
    share = np.maximum(sampled[..., 3:] / 255, 1e-3)
    return np.rint(np.clip(np.concatenate([sampled[..., :3] / share, sampled[..., 3:]], -1), 0, 255)).astype(np.uint8)


def _normals(points: Floats, grid: Anchors) -> Floats:
    """Normals (p, 3) of the surface, smoothed over some points."""
    places = points.reshape(*grid.shape, 3)
    across, down = np.gradient(places, axis=1), np.gradient(places, axis=0)
    normals = normalise(np.cross(down, across))
    soft: Floats = normalise(cv2.GaussianBlur(normals, (0, 0), 1.5)).reshape(-1, 3)
    return soft
