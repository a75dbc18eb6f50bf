"""The texture of a face, made without a window."""

from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile

import bpy

from ..images.images import keep_image
from ..operators.texture import EYES, ORIGIN, TEXTURE
from ..process import session
from ..process.job import Job
from ..scene.texture_material import texture_eyeballs, texture_face

TEXTURE_FILE, ORIGIN_FILE = "texture.png", "texture_origin.png"


@dataclass(frozen=True)
class TextureImages:
    """The files that the worker draws."""

    colour: Path
    origin: Path
    eyeballs: Path


def submit_texture(source: Path, photo: Path, size: int, *, keep_light: bool) -> tuple[Job, TextureImages]:
    """Have the worker texture the saved reconstruction `source` from its photo.

    Parameters
    ----------
    source : Path
    photo : Path
    size : int
        Texels along each side.
    keep_light : bool
        Whether the photo's light stays.
    """
    folder = session.temporary_folder()
    images = TextureImages(*(folder / f"{name}.png" for name in ("colour", "origin", "eyeballs")))
    files = {"colour": str(images.colour), "origin": str(images.origin), "eyeballs": str(images.eyeballs)}
    job = session.worker().submit(
        "texture", source=str(source), photo=str(photo.absolute()), size=size, keep_light=keep_light, **files
    )
    return job, images


def wear_texture(face: bpy.types.Object, images: TextureImages) -> None:
    """Give a face and its eyeballs their images, packed."""
    texture_face(face, keep_image(face, TEXTURE, "Texture", images.colour, "PACKED", "sRGB"))
    keep_image(face, ORIGIN, "Texture Origin", images.origin, "PACKED", "Non-Color")
    texture_eyeballs(face, keep_image(face, EYES, "Eyes", images.eyeballs, "PACKED", "sRGB"))


def write_texture(images: TextureImages, folder: Path) -> None:
    """Put the images into the folder of a face's files."""
    copyfile(images.colour, folder / TEXTURE_FILE)
    copyfile(images.origin, folder / ORIGIN_FILE)
