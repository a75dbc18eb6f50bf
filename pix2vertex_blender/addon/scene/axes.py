"""From the algorithm's millimetres to Blender's metres: the one place where the two systems of axes meet.

The algorithm has x right, y up and z out of the face; Blender has Z up and a face that looks along -Y.
"""

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

METRES_PER_MILLIMETRE = 0.001

_AXES = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])


def to_blender(points: NDArray[np.floating]) -> NDArray[np.float32]:
    """Points or offsets (n, 3) in Blender's axes and metres, ready for `foreach_set`."""
    return np.ascontiguousarray(points @ _AXES.T * METRES_PER_MILLIMETRE, dtype=np.float32)


def from_blender(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Points or offsets (n, 3) in millimetres and the algorithm's axes, from Blender's."""
    converted: NDArray[np.float64] = np.asarray(points, dtype=np.float64) @ _AXES / METRES_PER_MILLIMETRE
    return converted


def rotation_to_blender() -> Matrix:
    """The rotation (4, 4) that turns the algorithm's axes into Blender's, without the change of unit."""
    return Matrix(_AXES.tolist()).to_4x4()


def units_per_metre(scene: bpy.types.Scene) -> float:
    """How many of a scene's units make a metre as Blender displays it; without a system of units, one."""
    units = scene.unit_settings
    return 1.0 if units.system == "NONE" else 1.0 / units.scale_length
