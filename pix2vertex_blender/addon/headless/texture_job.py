"""The texture of a face, made without a window."""

from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile

import bpy

from ..operators.texture import put_on
from ..process import session
from ..process.job import Job
from ..scene.layout_change import change_layout

TEXTURE_FILE, ORIGIN_FILE = "texture.png", "texture_origin.png"


@dataclass(frozen=True)
class TextureImages:
    """The files that the worker draws, and the layout of the UVs that they are for."""

    colour: Path
    origin: Path
    eyeballs: Path
    layout: str


def submit_texture(source: Path, photo: Path, size: int, layout: str, *, keep_light: bool) -> tuple[Job, TextureImages]:
    """Have the worker texture the saved reconstruction `source` from its photo.

    Parameters
    ----------
    source : Path
    photo : Path
    size : int
        Texels along each side.
    layout : str
        Of the UVs, one of `exchange.uv_layouts.LAYOUTS`.
    keep_light : bool
        Whether the photo's light stays.
    """
    folder = session.temporary_folder()
    colour, origin, eyeballs = (folder / f"{name}.png" for name in ("colour", "origin", "eyeballs"))
    images = TextureImages(colour, origin, eyeballs, layout)
    files = {"colour": str(images.colour), "origin": str(images.origin), "eyeballs": str(images.eyeballs)}
    job = session.worker().submit(
        "texture",
        source=str(source),
        photo=str(photo.absolute()),
        size=size,
        layout=layout,
        keep_light=keep_light,
        **files,
    )
    return job, images


def wear_texture(face: bpy.types.Object, images: TextureImages) -> None:
    """Give a face and its eyeballs their images, packed, and the UVs that these are for."""
    change_layout(face, images.layout, bpy.context)
    put_on(face, {"colour": images.colour, "origin": images.origin, "eyeballs": images.eyeballs}, "PACKED")


def write_texture(images: TextureImages, folder: Path) -> None:
    """Put the images into the folder of a face's files."""
    copyfile(images.colour, folder / TEXTURE_FILE)
    copyfile(images.origin, folder / ORIGIN_FILE)
