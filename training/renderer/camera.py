"""Where the camera stands and what part of its picture is the crop."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from ..arrays import Floats

WEAK_PERSPECTIVE_DISTANCE = 200_000.0
# Points that are nearer to the camera or behind it are projected as if they were here; the rasteriser leaves them out.
LEAST_DEPTH = 20.0


@dataclass(frozen=True)
class ViewParameters:
    """What views are drawn, in degrees, millimetres and multiples of the face's size.

    The lens is a matter of the distance: a face that fills the picture of a 20 mm lens is about 200 mm away, that of a
    200 mm lens about 2.5 m.
    """

    largest_yaw: float = 90.0
    largest_pitch: float = 45.0
    largest_roll: float = 40.0
    least_distance: float = 190.0
    greatest_distance: float = 4000.0
    weak_perspective_share: float = 0.1
    crop_sizes: tuple[float, float, float] = (1.25, 2.0, 2.9)
    crop_shift: float = 0.05


@dataclass(frozen=True)
class View:
    """A pinhole camera on the axis through the face's centre, and a square crop of its picture.

    Attributes
    ----------
    rotation : (3, 3) float32
        From the head frame to the camera's axes.
    centre : (3,) float32
        The face's centre in the head frame, the origin of the camera frame's coordinates.
    distance : float
        From the camera to that centre, millimetres.
    scale : float
        Pixels of the crop per unit of x / distance.
    offset : (2,) float32
        What is in the middle of the crop, in the same unit, x right and y down.
    size : int
        Width and height of the crop in pixels.
    yaw, pitch, roll : float
        Degrees: rotation = R_z(roll) R_x(pitch) R_y(yaw).
    """

    rotation: Floats
    centre: Floats
    distance: float
    scale: float
    offset: Floats
    size: int
    yaw: float
    pitch: float
    roll: float

    def to_camera(self, points: Floats) -> Floats:
        """Points (..., 3) of the head frame relative to the face's centre in the camera's axes."""
        turned: Floats = ((points - self.centre) @ self.rotation.T).astype(np.float32)
        return turned

    def project(self, points: Floats) -> Floats:
        """Screen x, y and inverse distance (..., 3) of points in the camera's axes."""
        inverse = 1.0 / np.maximum(self.distance - points[..., 2], LEAST_DEPTH)
        x = (points[..., 0] * inverse - self.offset[0]) * self.scale + self.size / 2
        y = (-points[..., 1] * inverse - self.offset[1]) * self.scale + self.size / 2
        return np.stack([x, y, inverse], -1).astype(np.float32)

    @property
    def pixels_per_millimetre(self) -> float:
        """At the depth of the face's centre."""
        return self.scale / self.distance

    @property
    def geometry_scale(self) -> float:
        """Units of the geometry map (half the crop) per millimetre."""
        return self.pixels_per_millimetre / (self.size / 2)


def rotation_matrix(yaw: float, pitch: float, roll: float) -> Floats:
    """R_z(roll) R_x(pitch) R_y(yaw), (3, 3), for angles in degrees."""
    cos_yaw, sin_yaw = math.cos(math.radians(yaw)), math.sin(math.radians(yaw))
    cos_pitch, sin_pitch = math.cos(math.radians(pitch)), math.sin(math.radians(pitch))
    cos_roll, sin_roll = math.cos(math.radians(roll)), math.sin(math.radians(roll))
    about_y = np.array([[cos_yaw, 0, sin_yaw], [0, 1, 0], [-sin_yaw, 0, cos_yaw]])
    about_x = np.array([[1, 0, 0], [0, cos_pitch, -sin_pitch], [0, sin_pitch, cos_pitch]])
    about_z = np.array([[cos_roll, -sin_roll, 0], [sin_roll, cos_roll, 0], [0, 0, 1]])
    return (about_z @ about_x @ about_y).astype(np.float32)


def sample_view(
    centre: Floats, landmarks: Floats, size: int, generator: Generator, parameters: ViewParameters | None = None
) -> View:
    """Draw pose, distance and a crop around the landmarks (68, 3) of the head frame."""
    parameters = ViewParameters() if parameters is None else parameters
    yaw = _angle(generator, parameters.largest_yaw, 22.0, 0.58)
    pitch = _angle(generator, parameters.largest_pitch, 14.0, 0.6)
    roll = _angle(generator, parameters.largest_roll, 9.0, 0.85)
    rotation = rotation_matrix(yaw, pitch, roll)
    distance = _distance(generator, parameters)
    points = (landmarks - centre) @ rotation.T
    x, y = points[:, 0] / (distance - points[:, 2]), -points[:, 1] / (distance - points[:, 2])
    extent = max(np.ptp(x), np.ptp(y))
    least, common, greatest = parameters.crop_sizes
    crop = generator.uniform(least, common) if generator.random() < 0.7 else generator.uniform(common, greatest)
    middle = np.array([x.min() + x.max(), y.min() + y.max()]) / 2
    offset = middle + parameters.crop_shift * extent * generator.standard_normal(2)
    scale = float(size / (extent * crop))
    return View(rotation, centre, distance, scale, offset.astype(np.float32), size, yaw, pitch, roll)


def _angle(generator: Generator, largest: float, deviation: float, common_share: float) -> float:
    """Near zero with probability `common_share`, else anywhere up to the largest angle."""
    common = generator.random() < common_share
    angle = generator.normal(0, deviation) if common else generator.uniform(-largest, largest)
    return float(np.clip(angle, -largest, largest))


def _distance(generator: Generator, parameters: ViewParameters) -> float:
    if generator.random() < parameters.weak_perspective_share:
        return WEAK_PERSPECTIVE_DISTANCE
    ends = (parameters.least_distance, 600.0) if generator.random() < 0.4 else (600.0, parameters.greatest_distance)
    return float(np.exp(generator.uniform(*np.log(ends))))
