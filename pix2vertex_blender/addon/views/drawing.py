"""Rectangles, pictures and words in a region of Blender's window."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import gpu

Point = tuple[float, float]
Colour = tuple[float, float, float, float]

_WHITE = (1.0, 1.0, 1.0, 1.0)


def fill(low: Point, high: Point, colour: Colour) -> None:
    """Fill a rectangle between two corners."""
    import gpu
    from gpu_extras.batch import batch_for_shader

    gpu.state.blend_set("ALPHA")
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    batch = batch_for_shader(shader, "TRI_FAN", {"pos": corners_of(low, high)})
    shader.bind()
    shader.uniform_float("color", colour)
    batch.draw(shader)
    gpu.state.blend_set("NONE")


def corners_of(low: Point, high: Point) -> list[Point]:
    """Corners of a rectangle, anticlockwise from the lower left."""
    return [low, (high[0], low[1]), high, (low[0], high[1])]


def texture_of(pixels: NDArray[np.uint8]) -> "gpu.types.GPUTexture":
    """A picture (h, w, 3) in sRGB as the graphics card takes it."""
    import gpu

    height, width = pixels.shape[:2]
    colours = np.ones((height, width, 4), dtype=np.float32)
    colours[..., :3] = _linear(pixels[::-1] / np.float32(255.0))
    buffer = gpu.types.Buffer("FLOAT", colours.size, colours.ravel())
    return gpu.types.GPUTexture((width, height), format="RGBA16F", data=buffer)


def draw_picture(low: Point, high: Point, texture: "gpu.types.GPUTexture") -> None:
    """Fill a rectangle between two corners with a picture."""
    from gpu_extras.batch import batch_for_shader

    shader = _image_shader()
    corners = {"pos": corners_of(low, high), "texCoord": corners_of((0.0, 0.0), (1.0, 1.0))}
    batch = batch_for_shader(shader, "TRI_FAN", corners)
    shader.bind()
    shader.uniform_sampler("image", texture)
    batch.draw(shader)


def _image_shader() -> "gpu.types.GPUShader":
    """Blender's shader for images in linear light: from Blender 5 on, `IMAGE` shows colours as they are."""
    import gpu

    try:
        return gpu.shader.from_builtin("IMAGE_SCENE_LINEAR_TO_REC709_SRGB")
    except ValueError:
        return gpu.shader.from_builtin("IMAGE")


def _linear(srgb: NDArray[np.float32]) -> NDArray[np.float32]:
    """Linear light of sRGB values, which is what Blender's shader for images expects."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def write(place: Point, text: str, size: float, colour: Colour = _WHITE) -> None:
    """Write a line of text with a shadow, its left end at a place."""
    import blf

    blf.size(0, size)
    blf.color(0, *colour)
    blf.enable(0, blf.SHADOW)
    blf.shadow(0, 3, 0, 0, 0, 0.9)
    blf.position(0, *place, 0)
    blf.draw(0, text)
    blf.disable(0, blf.SHADOW)
