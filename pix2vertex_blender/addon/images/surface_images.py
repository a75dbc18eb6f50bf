"""The maps of how a face's skin shines: drawn by the worker, kept as images, and wired."""

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ...exchange.uv_layouts import WHOLE_HEAD
from ..process import session
from ..process.job import Job
from ..scene.axes import units_per_metre
from ..scene.face_images import ROUGHNESS, SPECULAR, SUBSURFACE, SURFACE_MAPS
from ..scene.texture_material import use_surface_maps
from .images import keep_image

if TYPE_CHECKING:
    from ..export.map_baking import TemporaryFiles

#: The maps say how regions shine, and nothing finer: so many texels along each side are enough.
SIZE = 1024


def has_surface(face: bpy.types.Object) -> bool:
    """Whether a face has its maps, in its material or wherever the artist has put them."""
    return isinstance(face.get(ROUGHNESS), bpy.types.Image)


def surface_drawn(
    files: "TemporaryFiles", layout: str = WHOLE_HEAD, size: int = SIZE
) -> Generator[Job, Job, dict[str, Path]]:
    """Have the maps drawn on the UVs of a layout: files by the properties in `SURFACE_MAPS`."""
    names = list(SURFACE_MAPS.values())
    paths = files.temporary_files(*(f"_{name}.png" for name in names))
    yield session.worker().submit(
        "surface", size=size, layout=layout, **{name: str(path) for name, path in zip(names, paths, strict=True)}
    )
    return dict(zip(SURFACE_MAPS, paths, strict=True))


def wear_surface(face: bpy.types.Object, files: Mapping[str, Path], storage: str) -> None:
    """Keep the maps with a face and have its material use them.

    Raises
    ------
    OutputError
        If they are to be kept beside the Blender file and cannot be.
    """
    images = {
        key: keep_image(face, key, SURFACE_MAPS[key].capitalize(), file, storage, "Non-Color")
        for key, file in files.items()
    }
    scale = units_per_metre(bpy.context.scene)
    use_surface_maps(face, images[ROUGHNESS], images[SPECULAR], images[SUBSURFACE], scale)
