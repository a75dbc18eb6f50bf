"""One picture of a reconstruction: photo, maps, and the mesh in clay side by side."""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ...exchange.result import Reconstruction
from .clay import clay_picture

_BACKGROUND = (38, 38, 38)
_LABEL_HEIGHT = 28
_LABELS = ("Photo", "Correspondence", "Geometry", "Registered", "With detail")
_LIGHT = np.array([-0.4, 0.4, 0.82])


def compose_preview(reconstruction: Reconstruction, size: int, path: Path) -> None:
    """Write the preview.

    Parameters
    ----------
    reconstruction : Reconstruction
    size : int
        Side of each picture in pixels.
    path : Path
        The PNG to write.
    """
    pictures = [_crop(reconstruction, size), *_maps(reconstruction, size)]
    pictures += [_clay(reconstruction, strength, size) for strength in (0.0, 1.0)]
    sheet = Image.new("RGB", (size * len(pictures), size + _LABEL_HEIGHT), _BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=16)
    for index, (picture, label) in enumerate(zip(pictures, _LABELS, strict=True)):
        sheet.paste(picture, (index * size, _LABEL_HEIGHT))
        draw.text((index * size + 10, 5), label, fill=(230, 230, 230), font=font)
    sheet.save(path, compress_level=3)


def _crop(reconstruction: Reconstruction, size: int) -> Image.Image:
    with Image.open(io.BytesIO(reconstruction.view.crop_png)) as crop:
        return crop.convert("RGB").resize((size, size), Image.Resampling.LANCZOS)


def _maps(reconstruction: Reconstruction, size: int) -> list[Image.Image]:
    mask = reconstruction.view.maps.mask
    correspondence = np.clip(reconstruction.view.maps.correspondence * 0.5 + 0.5, 0, 1)
    depth = reconstruction.view.maps.depth
    millimetres_per_pixel = 1 / reconstruction.view.camera.scale
    down, right = np.gradient(depth.astype(np.float64), millimetres_per_pixel)
    normals = np.stack([-right, down, np.ones_like(down)], axis=-1)
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    shade = np.clip(normals @ _LIGHT, 0, 1)[..., None].repeat(3, axis=-1)
    return [_painted(correspondence, mask, size), _painted(shade, mask, size)]


def _painted(values: NDArray[np.floating], mask: NDArray[np.bool_], size: int) -> Image.Image:
    """A map with values (H, W, 3) in [0, 1], the background where there is none."""
    seen = mask & np.isfinite(values).all(axis=-1)
    pixels = np.where(seen[..., None], np.nan_to_num(values) * 255, _BACKGROUND)
    return Image.fromarray(pixels.astype(np.uint8)).resize((size, size), Image.Resampling.BILINEAR)


def _clay(reconstruction: Reconstruction, strength: float, size: int) -> Image.Image:
    pixels = clay_picture(reconstruction, strength, 2 * size)  # more than are shown, so that edges get smooth
    picture = Image.new("RGBA", (size, size), (*_BACKGROUND, 255))
    picture.alpha_composite(Image.fromarray(pixels, "RGBA").resize((size, size), Image.Resampling.LANCZOS))
    return picture.convert("RGB")
