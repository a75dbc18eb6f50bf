"""Blender cameras that see a face as the photographer did."""

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from ..scene.axes import METRES_PER_MILLIMETRE, rotation_to_blender

if TYPE_CHECKING:
    from ...exchange.camera import Camera
    from ...exchange.frames import Frame

#: Where an orthographic camera stands, in millimetres in front of the face's origin; its picture does not depend on it.
_ORTHOGRAPHIC_DISTANCE = 1500.0


@dataclass(frozen=True)
class Window:
    """A rectangle of crop pixels that fills a picture: its left upper corner and its size."""

    left: float
    top: float
    width: float
    height: float


def add_crop_camera(
    name: str, face: bpy.types.Object, head_to_camera: NDArray[np.floating], camera: "Camera", window: Window
) -> bpy.types.Object:
    """A camera object, not yet in a scene, whose picture is a window of the crop.

    The render's aspect ratio has to be the window's.

    Parameters
    ----------
    name : str
        The new object's name.
    face : bpy.types.Object
        The face, wherever it has been moved to.
    head_to_camera : (4, 4)
        From the head frame to the camera's frame, in millimetres.
    camera : Camera
        From millimetres to crop pixels.
    window : Window
        The part of the crop to show.
    """
    lens = bpy.data.cameras.new(name)
    lens.sensor_fit = "HORIZONTAL"
    size = face.matrix_world.median_scale
    lens.clip_start, lens.clip_end = 0.01 * size, 100.0 * size
    lens.shift_x = (window.left + window.width / 2.0 - camera.centre[0]) / window.width
    lens.shift_y = (camera.centre[1] - window.top - window.height / 2.0) / window.width
    head_scale = float(np.cbrt(np.linalg.det(np.asarray(head_to_camera)[:3, :3])))
    if camera.inverse_distance > 0.0:
        distance = 1.0 / camera.inverse_distance
        lens.lens = lens.sensor_width * camera.scale * distance / window.width
    else:
        distance = _ORTHOGRAPHIC_DISTANCE
        lens.type = "ORTHO"
        lens.ortho_scale = window.width / camera.scale / head_scale * METRES_PER_MILLIMETRE * size
    item = bpy.data.objects.new(name, lens)
    place, rotation, _size = (face.matrix_world @ _camera_to_face(head_to_camera, head_scale, distance)).decompose()
    item.matrix_world = Matrix.LocRotScale(place, rotation, None)
    return item


def photo_camera(camera: "Camera", crop_to_photo: NDArray[np.floating]) -> "tuple[Camera, float]":
    """The camera from millimetres to photo pixels, and the angle by which it is rolled against the crop's.

    Returns
    -------
    camera : Camera
        Its axes are rotated by `roll` about the viewing direction against those of the crop's camera.
    roll : float
        Radians, anticlockwise in the picture.
    """
    affine = np.asarray(crop_to_photo, dtype=np.float64)
    scale = math.sqrt(abs(float(np.linalg.det(affine[:, :2]))))
    centre = affine[:, :2] @ np.array(camera.centre) + affine[:, 2]
    roll = -math.atan2(affine[1, 0], affine[0, 0])
    return replace(camera, scale=camera.scale * scale, centre=(float(centre[0]), float(centre[1]))), roll


def add_photo_camera(
    name: str,
    face: bpy.types.Object,
    frame: "Frame",
    photo_size: tuple[int, int],
) -> bpy.types.Object:
    """A camera object, not yet in a scene, whose picture is the whole photo."""
    rolled, roll = photo_camera(frame.camera, frame.crop_to_photo)
    to_rolled = np.array(Matrix.Rotation(roll, 4, "Z"), dtype=np.float64) @ frame.head_to_camera
    return add_crop_camera(name, face, to_rolled, rolled, Window(0.0, 0.0, *photo_size))


def _camera_to_face(head_to_camera: NDArray[np.floating], head_scale: float, distance: float) -> Matrix:
    """From Blender's camera space in metres to the face object's space in metres, without scale.

    Blender's cameras have the axes of the algorithm's camera frame, so only the face's side needs a change of axes.
    """
    rigid = np.asarray(head_to_camera, dtype=np.float64).copy()
    rigid[:3, :3] /= head_scale
    rigid[:3, 3] = METRES_PER_MILLIMETRE * (rigid[:3, 3] - (0.0, 0.0, distance)) / head_scale
    return rotation_to_blender() @ Matrix(np.linalg.inv(rigid).tolist())
