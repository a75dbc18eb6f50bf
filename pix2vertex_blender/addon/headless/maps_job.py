"""Maps of a textured face, made without a window: how its skin shines, and its detail."""

from pathlib import Path
from shutil import copyfile

import bpy
import numpy as np
from numpy.typing import NDArray

from ..export.map_baking import MapChoices, bake
from ..images.surface_images import surface_drawn, wear_surface
from ..scene.axes import to_blender
from ..scene.face_images import SURFACE_MAPS, TEXTURE
from ..scene.uv_layout import layout_of
from .errand import errand

NORMAL_FILE, DISPLACEMENT_FILE = "normal.png", "displacement.png"
#: All that `write_maps` writes.
MAPS = (NORMAL_FILE, DISPLACEMENT_FILE, *(f"{name}.png" for name in SURFACE_MAPS.values()))


def write_maps(face: bpy.types.Object, coarse: NDArray[np.floating], folder: Path) -> None:
    """Have a textured face's skin shine by region, and write all its maps, as large as the texture, into a folder.

    Parameters
    ----------
    face : bpy.types.Object
    coarse : (c, 3) mm
        The head at level 0, which the normal map is for.
    folder : Path

    Raises
    ------
    Pix2VertexError, WorkerError
        If the maps cannot be made.
    """
    size = face[TEXTURE].size[0]
    with errand() as work:
        surface = work.run(surface_drawn(work, layout_of(face), size))
        wear_surface(face, surface, "PACKED")
        baked = work.run(bake(work, face, MapChoices(str(size)), to_blender(coarse)))
        for key, file in surface.items():
            copyfile(file, folder / f"{SURFACE_MAPS[key]}.png")
        copyfile(baked.normals, folder / NORMAL_FILE)
        copyfile(baked.displacement, folder / DISPLACEMENT_FILE)
