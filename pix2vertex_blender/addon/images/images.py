"""Images that belong to a face: made once, replaced when they are made again."""

import re
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

from ...errors import OutputError
from ...files import NOT_WRITABLE, replace_file

#: The folder beside the Blender file for images that are not packed.
FOLDER = "textures"

NOT_SAVED = "Save the Blender file first, or have the images packed."


def keep_image(
    face: bpy.types.Object, key: str, label: str, file: Path, storage: str, colour_space: str
) -> bpy.types.Image:
    """Take an image file as the image of a face that a custom property refers to.

    The image that the property has referred to so far gets the new contents, unless a copy of the face shares it.

    Parameters
    ----------
    face : bpy.types.Object
    key : str
        The custom property.
    label : str
        What the image is, for its name.
    file : Path
    storage : str
        `PACKED`, or `BESIDE` the Blender file.
    colour_space : str
        sRGB or Non-Color.

    Raises
    ------
    OutputError
        If the image is to be kept beside a Blender file that has not been saved or cannot be written.
    """
    data = file.read_bytes()
    path = _write_beside(face, label, file.suffix, data) if storage == "BESIDE" else None
    image = own_image(face, key) or bpy.data.images.new(f"{face.name} {label}", 1, 1)
    if path is None:
        image.pack(data=data, data_len=len(data))
    else:
        if image.packed_file is not None:
            image.unpack(method="REMOVE")
        image.filepath = path
    image.source = "FILE"
    image.colorspace_settings.name = colour_space
    image.alpha_mode = "NONE"
    image.buffers_free()
    image.update_tag()
    face[key] = image
    return image


def picture(face: bpy.types.Object, key: str, label: str, pixels: NDArray[np.floating]) -> bpy.types.Image:
    """Show colours (H, W, 3) in [0, 1], the first row at the top, as the packed image of a face."""
    height, width = pixels.shape[:2]
    image = own_image(face, key)
    if image is None or tuple(image.size) != (width, height):
        image = bpy.data.images.new(f"{face.name} {label}", width, height)
    rgba = np.ones((height, width, 4), dtype=np.float32)
    rgba[..., :3] = np.clip(pixels, 0, 1)[::-1]
    image.pixels.foreach_set(rgba.ravel())
    image.pack()
    face[key] = image
    return image


def own_image(face: bpy.types.Object, key: str) -> bpy.types.Image | None:
    """The image that a custom property of the face refers to; None if there is none or another face has it, too."""
    image = face.get(key)
    if image is None or any(item.get(key) == image for item in bpy.data.objects if item != face):
        return None
    return image if image.is_editable else None


def _write_beside(face: bpy.types.Object, label: str, suffix: str, data: bytes) -> str:
    if not bpy.data.filepath:
        raise OutputError(NOT_SAVED)
    name = re.sub(r"\W+", "_", f"{face.name} {label}").strip("_") + suffix
    path = Path(bpy.data.filepath).parent / FOLDER / name
    try:
        path.parent.mkdir(exist_ok=True)
        replace_file(path, data)
    except OSError as error:
        raise OutputError(NOT_WRITABLE.format(path=path, reason=error.strerror)) from error
    return f"//{FOLDER}/{name}"


def save_copy(image: bpy.types.Image, path: Path, file_format: str) -> None:
    """Write what an image shows into a file, and leave the image as it is.

    `Image.save` does that only in newer Blenders; in older ones the file would become the image's own.

    Raises
    ------
    RuntimeError
        If the image has no pixels, or the file cannot be written.
    """
    width, height = image.size
    if not width or not height:
        raise RuntimeError(f"{image.name} has no pixels")
    pixels = np.empty((height * width, image.channels), dtype=np.float32)
    image.pixels.foreach_get(pixels.ravel())
    colours = np.ones((len(pixels), 4), dtype=np.float32)
    colours[:, :3] = pixels[:, :3] if image.channels >= 3 else pixels[:, :1]
    if image.channels == 4:
        colours[:, 3] = pixels[:, 3]
    copy = bpy.data.images.new(path.stem, width, height, alpha=True, float_buffer=image.is_float)
    try:
        copy.colorspace_settings.name = image.colorspace_settings.name
        copy.alpha_mode = image.alpha_mode
        copy.pixels.foreach_set(colours.ravel())
        copy.filepath_raw = str(path)
        copy.file_format = file_format
        copy.save()
    finally:
        bpy.data.images.remove(copy)


def clean_name(name: str) -> str:
    """A name without Blender's number at its end and with nothing but letters, digits and underscores.

    Letters of all languages are kept.
    """
    without_number = re.sub(r"\.\d{3,}$", "", name)
    return re.sub(r"\W+", "_", without_number).strip("_") or "Face"
