"""The photo with a box on it, drawn over a 3D viewport."""

import bpy
import gpu
import numpy as np
from gpu_extras.batch import batch_for_shader
from numpy.typing import NDArray

from .box_editing import Box, Frame

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
        self._texture = _texture(pixels)
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
        gpu.state.blend_set("ALPHA")
        _fill((0.0, 0.0), (region.width, region.height), _BACKDROP)
        low = self.frame.to_region(0, self.frame.photo_size[1])
        high = self.frame.to_region(self.frame.photo_size[0], 0)
        shader = gpu.shader.from_builtin("IMAGE")
        corners = {"pos": _corners(low, high), "texCoord": _corners((0.0, 0.0), (1.0, 1.0))}
        batch = batch_for_shader(shader, "TRI_FAN", corners)
        shader.bind()
        shader.uniform_sampler("image", self._texture)
        batch.draw(shader)
        self._draw_box()
        gpu.state.blend_set("NONE")

    def _draw_box(self) -> None:
        left, top, width, height = self.box
        corners = _corners(self.frame.to_region(left, top + height), self.frame.to_region(left + width, top))
        shader = gpu.shader.from_builtin("POLYLINE_UNIFORM_COLOR")
        batch = batch_for_shader(shader, "LINE_STRIP", {"pos": [(x, y, 0.0) for x, y in (*corners, corners[0])]})
        shader.bind()
        shader.uniform_float("viewportSize", gpu.state.viewport_get()[2:])
        shader.uniform_float("lineWidth", _LINE_WIDTH * bpy.context.preferences.system.ui_scale)
        shader.uniform_float("color", _LINE)
        batch.draw(shader)


def _texture(pixels: NDArray[np.uint8]) -> gpu.types.GPUTexture:
    height, width = pixels.shape[:2]
    colours = np.ones((height, width, 4), dtype=np.float32)
    colours[..., :3] = _linear(pixels[::-1] / np.float32(255.0))
    buffer = gpu.types.Buffer("FLOAT", colours.size, colours.ravel())
    return gpu.types.GPUTexture((width, height), format="RGBA16F", data=buffer)


def _linear(srgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear light of sRGB values, which is what Blender's shader for images expects."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _fill(low: tuple[float, float], high: tuple[float, float], colour: tuple[float, float, float, float]) -> None:
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    batch = batch_for_shader(shader, "TRI_FAN", {"pos": _corners(low, high)})
    shader.bind()
    shader.uniform_float("color", colour)
    batch.draw(shader)


def _corners(low: tuple[float, float], high: tuple[float, float]) -> list[tuple[float, float]]:
    """Corners of a rectangle, anticlockwise from the lower left."""
    return [low, (high[0], low[1]), high, (low[0], high[1])]
