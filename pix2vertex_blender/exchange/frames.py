"""Between the head's frame and the camera's, and from a mesh to the template level that it is."""

import numpy as np
from numpy.typing import NDArray

from .result import Reconstruction


def to_camera(face: Reconstruction, points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Points (n, 3) of the head frame in the camera's frame, in millimetres."""
    matrix = face.head_to_camera
    moved: NDArray[np.float64] = np.asarray(points, dtype=np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
    return moved


def to_head(face: Reconstruction, points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Points (n, 3) of the camera's frame in the head frame, in millimetres."""
    matrix = np.linalg.inv(face.head_to_camera)
    moved: NDArray[np.float64] = np.asarray(points, dtype=np.float64) @ matrix[:3, :3].T + matrix[:3, 3]
    return moved
