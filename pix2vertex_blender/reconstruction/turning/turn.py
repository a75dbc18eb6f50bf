"""A photo seen from another side (Beyond 3DMM, section 6.2)."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from ...exchange.progress import Progress, silent
from ...exchange.turning import check_angles
from .image_mesh import Drawn, ImageMesh

Array = NDArray[np.float64]

#: Millimetres around the middle of the head within which everything turns with it, and from which nothing does.
TURNS, STAYS = 220.0, 700.0


def rotation_of(yaw: float, pitch: float) -> Array:
    """Rotation (3, 3) in the camera's axes.

    Parameters
    ----------
    yaw, pitch : float
        Degrees; the face turns to the right of the picture, and downwards.

    Raises
    ------
    OptionError
        If an angle is larger than what can be shown, or no number.
    """
    check_angles(yaw, pitch)
    a, b = np.radians([yaw, pitch])
    about_y = np.array([[np.cos(a), 0.0, np.sin(a)], [0.0, 1.0, 0.0], [-np.sin(a), 0.0, np.cos(a)]])
    about_x = np.array([[1.0, 0.0, 0.0], [0.0, np.cos(b), -np.sin(b)], [0.0, np.sin(b), np.cos(b)]])
    result: Array = about_x @ about_y
    return result


def turned(mesh: ImageMesh, rotation: Array, pivot: Array | None = None, progress: Progress = silent) -> Drawn:
    """Turn a photo.

    The head and what is around it turn rigidly; what is farther away turns less and less, so that the picture stays
    filled and nothing comes behind the camera.

    Parameters
    ----------
    mesh : ImageMesh
    rotation : (3, 3)
        In the camera's axes.
    pivot : (3,), optional
        The point that stays; the middle of the head if it is left out.
    progress : Progress
    """
    middle = mesh.vertices.mean(axis=0) if pivot is None else np.asarray(pivot, dtype=np.float64)
    progress("turn", 0.05)
    points = mesh.anchor_points
    progress("turn", 0.3)
    anchors = _less_and_less(points, rotation, middle)
    places = np.column_stack([mesh.project(anchors), anchors[:, 2]])
    head = (mesh.vertices - middle) @ rotation.T + middle
    drawn = mesh.drawn(head, places, pause=partial(progress, "turn", 0.6))
    progress("turn", 1.0)
    return drawn


def _less_and_less(points: Array, rotation: Array, middle: Array) -> Array:
    """Points (n, 3) turned about the middle, those farther from it by a smaller part of the same rotation."""
    offsets = points - middle
    distance = np.linalg.norm(offsets[:, :2], axis=1)
    share = np.clip((STAYS - distance) / (STAYS - TURNS), 0.0, 1.0)
    share = share * share * (3 - 2 * share)
    axis = np.array([rotation[2, 1] - rotation[1, 2], rotation[0, 2] - rotation[2, 0], rotation[1, 0] - rotation[0, 1]])
    sine = np.linalg.norm(axis) / 2
    angle = np.arctan2(sine, (np.trace(rotation) - 1) / 2)
    if sine < 1e-12:
        return points
    axis = axis / (2 * sine)
    angles = (angle * share)[:, None]
    across = np.cross(np.broadcast_to(axis, offsets.shape), offsets)
    along = axis * (offsets @ axis)[:, None]
    turned_offsets: Array = offsets * np.cos(angles) + across * np.sin(angles) + along * (1 - np.cos(angles))
    return turned_offsets + middle
