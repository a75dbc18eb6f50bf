"""The photo with a box on it, drawn over a 3D viewport."""

import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader
from numpy.typing import NDArray

from .box_editing import Box, Frame
from .drawing import corners_of, draw_picture, fill, texture_of

_BACKDROP = (0.05, 0.05, 0.05, 0.85)
_LINE = (1.0, 0.55, 0.1, 1.0)
_LINE_WIDTH = 2.0


class PhotoOverlay:
    """Draws a photo and a box whenever Blender draws a region of the 3D viewport.

    Parameters
    ----------
    region : bpy.types.Region
        The only region to draw in.
    frame : Frame
        Where the photo lies in it.
    pixels : (h, w, 3) uint8
        The photo at any resolution.
    box : Box
        In photo pixels.
    """

    def __init__(self, region: bpy.types.Region, frame: Frame, pixels: NDArray[np.uint8], box: Box) -> None:
        self.frame = frame
        self.box = box
        self._region = region.as_pointer()
        self._texture = texture_of(pixels)
        self._handle = bpy.types.SpaceView3D.draw_handler_add(self._draw, (), "WINDOW", "POST_PIXEL")

    def remove(self) -> None:
        """Draw no more."""
        if self._handle is not None:
            bpy.types.SpaceView3D.draw_handler_remove(self._handle, "WINDOW")
            self._handle = None

    def _draw(self) -> None:
        region = bpy.context.region
        if region.as_pointer() != self._region:
            return
        fill((0.0, 0.0), (region.width, region.height), _BACKDROP)
        gpu.state.blend_set("ALPHA")
        low = self.frame.to_region(0, self.frame.photo_size[1])
        high = self.frame.to_region(self.frame.photo_size[0], 0)
        draw_picture(low, high, self._texture)
        self._draw_box()
        gpu.state.blend_set("NONE")

    def _draw_box(self) -> None:
        left, top, width, height = self.box
        corners = corners_of(self.frame.to_region(left, top + height), self.frame.to_region(left + width, top))
        shader = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
        batch = batch_for_shader(shader, "LINE_STRIP", {"pos": [(x, y, 0.0) for x, y in (*corners, corners[0])]})
        shader.bind()
        shader.uniform_float("viewportSize", gpu.state.viewport_get()[2:])
        shader.uniform_float("lineWidth", _LINE_WIDTH * bpy.context.preferences.system.ui_scale)
        shader.uniform_float("color", _LINE)
        batch.draw(shader)
