"""The pins of a face, drawn over a 3D view: one overlay instead of an object for each."""

from collections.abc import Callable

import bpy
import numpy as np
from numpy.typing import NDArray

_FILL, _RIM = (1.0, 0.55, 0.1, 1.0), (0.05, 0.05, 0.05, 0.9)
_RADIUS, _RIM_WIDTH, _SIDES = 5.0, 1.5, 16


class PointsOverlay:
    """Draws discs whenever Blender draws a region of the 3D view.

    Parameters
    ----------
    region : bpy.types.Region
        The only region to draw in.
    places : callable
        Where (k, 2 or more) in pixels of the region; NaN for what is not seen.
    """

    def __init__(self, region: bpy.types.Region, places: Callable[[], NDArray[np.floating]]) -> None:
        self._region, self._places = region.as_pointer(), places
        self._handle = bpy.types.SpaceView3D.draw_handler_add(self._draw, (), "WINDOW", "POST_PIXEL")

    def remove(self) -> None:
        """Draw no more."""
        if self._handle is not None:
            bpy.types.SpaceView3D.draw_handler_remove(self._handle, "WINDOW")
            self._handle = None

    def _draw(self) -> None:
        if bpy.context.region.as_pointer() != self._region:
            return
        centres = self._places()[:, :2]
        centres = centres[np.isfinite(centres).all(axis=1)]
        if not len(centres):
            return
        import gpu
        from gpu_extras.batch import batch_for_shader

        scale = bpy.context.preferences.system.ui_scale
        shader = gpu.shader.from_builtin("UNIFORM_COLOR")
        gpu.state.blend_set("ALPHA")
        for radius, colour in ((_RADIUS + _RIM_WIDTH, _RIM), (_RADIUS, _FILL)):
            batch = batch_for_shader(shader, "TRIS", {"pos": disc_corners(centres, scale * radius).tolist()})
            shader.bind()
            shader.uniform_float("color", colour)
            batch.draw(shader)
        gpu.state.blend_set("NONE")


def disc_corners(centres: NDArray[np.floating], radius: float) -> NDArray[np.float64]:
    """Corners (3 s k, 2) of the triangles that make discs around centres (k, 2)."""
    turns = 2 * np.pi * np.arange(_SIDES + 1) / _SIDES
    rim = radius * np.column_stack([np.cos(turns), np.sin(turns)])
    fan = np.stack([np.zeros((_SIDES, 2)), rim[:-1], rim[1:]], axis=1)
    corners: NDArray[np.float64] = (np.asarray(centres)[:, None, None] + fan).reshape(-1, 2)
    return corners
