"""New views and new shapes of rendered portraits: `python -m training.data.new_views SAMPLES FOLDER --count 1000`.

Full-view augmentation and shape transformation of Beyond 3DMM (sections 6.2 and 6.3) for training samples: a sample has
its depth, so that its picture is a surface, continued over what has none by eq. 12. What the new view shows and the old
one hides is stretched; samples that show much of that are turned less. The folder is one for `training.train --data`,
beside the samples that it was made from.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from scipy.spatial import KDTree

from pix2vertex_blender.errors import DataFileError, Pix2VertexError
from pix2vertex_blender.exchange.camera import Camera
from pix2vertex_blender.exchange.turning import PARTS
from pix2vertex_blender.geometry.mesh import normalise
from pix2vertex_blender.geometry.raster import interpolate, rasterise
from pix2vertex_blender.reconstruction.turning.anchors import Anchors, extended
from pix2vertex_blender.reconstruction.turning.image_mesh import doubled_areas
from pix2vertex_blender.reconstruction.turning.light import fit_light, to_display, to_linear
from pix2vertex_blender.reconstruction.turning.shapes import part_weights, somebody
from pix2vertex_blender.template import load_template

from ..arrays import Booleans, Bytes, Floats
from ..renderer.camera import rotation_matrix
from .samples import Sample, list_samples, read_sample, sample_path, write_sample

#: The surface has at most so many points along a side of the picture.
POINTS = 192
#: A triangle that is seen so many times larger than it was is stretched, and so is one across such a step in depth, in
#: units of its own width.
STRETCHED, STEP = 4.0, 6.0
#: A view may show at most so much of the face stretched.
MOST_STRETCHED = 0.06
#: How much brighter or darker another direction makes the skin at most.
MOST_GAIN = 1.8


@dataclass(frozen=True)
class ViewChanges:
    """What new samples differ by.

    Attributes
    ----------
    yaw, pitch : float
        Degrees to each side at most.
    shape_share : float
        Of samples that get parts of other people.
    amount : float
        How much those count at most, 1 for another person.
    """

    yaw: float = 20.0
    pitch: float = 12.0
    shape_share: float = 0.5
    amount: float = 1.2


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


def turned(sample: Sample, rotation: Floats) -> tuple[Sample, float]:
    """A sample seen from another side, and what share of its face is stretched.

    Parameters
    ----------
    sample : Sample
    rotation : (3, 3)
        In the camera's axes, about the face's centre.
    """
    surface = surface_of(sample)
    yaw, pitch, roll = _angles(rotation @ rotation_matrix(sample.yaw, sample.pitch, sample.roll))
    landmarks = surface.camera.project(_landmark_points(sample, surface) @ rotation.T)
    moved = surface.points @ rotation.T
    drawn, stretched = _redrawn(sample, surface, moved, np.zeros_like(moved), None)
    result = replace(drawn, landmarks=landmarks.astype(np.float32), yaw=yaw, pitch=pitch, roll=roll)
    return result, stretched


def reshaped(sample: Sample, change: Floats) -> tuple[Sample, float]:
    """A sample with another shape of the face, and what share of the face is stretched.

    The background follows by eq. 16 and the shading changes by eq. 17.

    Parameters
    ----------
    sample : Sample
    change : (n, 3)
        By how many millimetres the template's vertices of level 0 move, in the head frame.
    """
    template, surface = load_template(), surface_of(sample)
    to_camera = rotation_matrix(sample.yaw, sample.pitch, sample.roll) * sample.geometry_scale
    skin = surface.face & (_at(sample.mask, surface) == 1)
    shown = _at(np.moveaxis(sample.correspondence, 0, -1), surface)[skin]
    distances, nearest = KDTree(template.canonical).query(shown, k=4)
    weights = 1 / (distances + 1e-3)
    step = (change[nearest] * weights[..., None]).sum(1) / weights.sum(1, keepdims=True)
    border = (surface.grid.pixels <= 0).any(1) | (surface.grid.pixels >= len(sample.mask)).any(1)
    steps = np.zeros_like(surface.points)
    steps[skin] = step @ to_camera.T
    steps = extended(steps, skin | border, surface.grid.edges)
    centre = change[template.groups["face"] > 0.5].mean(0) @ to_camera.T
    moved = surface.points + steps
    landmarks = _landmark_points(sample, surface) + change[template.landmarks_68] @ to_camera.T
    drawn, stretched = _redrawn(sample, surface, moved, centre, _gain(sample, surface, moved, skin))
    places = surface.camera.project(landmarks).astype(np.float32)
    return replace(drawn, landmarks=places), stretched


def varied(sample: Sample, changes: ViewChanges, generator: Generator) -> Sample:
    """A new view of a sample, perhaps of another shape; it turns as far as the picture allows."""
    if generator.random() < changes.shape_share:
        change = np.zeros_like(load_template().vertices)
        for part in PARTS:
            change += part_weights(part)[:, None] * somebody(generator) * generator.uniform(0, changes.amount)
        sample, _stretched = reshaped(sample, change)
    yaw, pitch = generator.uniform(-1, 1, 2) * (changes.yaw, changes.pitch)
    for _try in range(4):
        result, stretched = turned(sample, rotation_matrix(yaw, pitch, 0.0))
        if stretched <= MOST_STRETCHED:
            return result
        yaw, pitch = yaw / 2, pitch / 2
    return sample


def _redrawn(
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


def _gain(sample: Sample, surface: Surface, moved: Floats, skin: Booleans) -> Floats:
    """By what the light on skin (p,) changes, (p, 3), when the points (p, 3) are elsewhere: eq. 17."""
    gain = np.ones_like(moved)
    if not skin.any():
        return gain
    old, new = (_normals(points, surface.grid)[skin] for points in (surface.points, moved))
    colours = to_linear(_at(sample.image, surface)[skin, :3])
    tone = np.tile(np.median(colours, axis=0), (len(colours), 1))
    forwards = np.tile([0.0, 0.0, 1.0], (len(colours), 1))
    light = fit_light(tone, old, forwards, colours, np.clip(old[:, 2], 0.0, 1.0))
    before, after = (light.shade(tone, normals, forwards) for normals in (old, new))
    gain[skin] = np.clip(after / np.maximum(before, 1e-4), 1 / MOST_GAIN, MOST_GAIN)
    return gain


def _normals(points: Floats, grid: Anchors) -> Floats:
    """Normals (p, 3) of the surface, smoothed over some points."""
    places = points.reshape(*grid.shape, 3)
    across, down = np.gradient(places, axis=1), np.gradient(places, axis=0)
    normals = normalise(np.cross(down, across))
    soft: Floats = normalise(cv2.GaussianBlur(normals, (0, 0), 1.5)).reshape(-1, 3)
    return soft


def _at(image: NDArray[Any], surface: Surface) -> NDArray[Any]:
    """Values (p, ...) of an image (S, S, ...) at the surface's points."""
    column, row = np.floor(surface.grid.pixels).astype(int).clip(0, len(image) - 1).T
    values: NDArray[Any] = image[row, column]
    return values


def _landmark_points(sample: Sample, surface: Surface) -> Floats:
    """Where the landmarks are (68, 3): their pixels at the depth that the mean face has there.

    Their true depth is only known where they are seen.
    """
    template = load_template()
    mean = template.vertices[template.landmarks_68] - template.vertices[template.groups["face"] > 0.5].mean(axis=0)
    rotation = rotation_matrix(sample.yaw, sample.pitch, sample.roll)
    depth = sample.geometry_scale * (mean @ rotation.T)[:, 2]
    return surface.camera.unproject(sample.landmarks, depth)


def _angles(rotation: Floats) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees of R_z(roll) R_x(pitch) R_y(yaw)."""
    yaw = np.arctan2(-rotation[2, 0], rotation[2, 2])
    pitch = np.arcsin(np.clip(rotation[2, 1], -1, 1))
    roll = np.arctan2(-rotation[0, 1], rotation[1, 1])
    return float(np.degrees(yaw)), float(np.degrees(pitch)), float(np.degrees(roll))


def write_new_views(samples: Path, folder: Path, count: int, changes: ViewChanges, seed: int) -> int:
    """Write new views of the first samples of a folder; returns how many were written, without those that are there.

    Raises
    ------
    DataFileError
        If there are no samples.
    """
    paths = list_samples(samples)[:count]
    if not paths:
        raise DataFileError(f"There are no samples in {samples}: make some with python -m training.generate.")
    folder.mkdir(parents=True, exist_ok=True)
    missing = [(k, path) for k, path in enumerate(paths) if not sample_path(folder, k).exists()]
    for index, path in missing:
        sample = varied(read_sample(path), changes, np.random.default_rng([seed, index]))
        write_sample(sample_path(folder, index), sample)
    return len(missing)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    default = ViewChanges()
    parser = argparse.ArgumentParser(prog="python -m training.data.new_views", description="Write new views.")
    parser.add_argument("samples", type=Path, help="folder of rendered samples")
    parser.add_argument("folder", type=Path, help="where the new ones are written")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--yaw", type=float, default=default.yaw, help="degrees to each side at most")
    parser.add_argument("--pitch", type=float, default=default.pitch, help="degrees up and down at most")
    parser.add_argument("--shapes", type=float, default=default.shape_share, help="share with parts of other people")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    changes = ViewChanges(options.yaw, options.pitch, options.shapes)
    try:
        written = write_new_views(options.samples, options.folder, options.count, changes, options.seed)
    except Pix2VertexError as error:
        sys.exit(f"{error}")
    print(f"{written} new samples in {options.folder}")


if __name__ == "__main__":
    main()
