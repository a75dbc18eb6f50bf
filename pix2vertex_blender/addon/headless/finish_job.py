"""A face finished for another program, without a window."""

from pathlib import Path

import bpy

from ..export.export import save_blend
from ..export.finishing import (
    CHARACTER_CREATOR,
    ENGINES,
    SCULPTED_LEVEL,
    SCULPTING,
    maps_of_levels,
    sculpted,
    write_character,
    write_levels,
)
from .errand import errand

#: What `--finish` takes, and what is made for it.
FINISHES = {
    "unreal": "UNREAL",
    "unity": "UNITY",
    "gltf": "GLTF",
    "character-creator": CHARACTER_CREATOR,
    "sculpting": SCULPTING,
}
_LEVELS = range(4)
#: All files that may come of it.
FINISHED = (
    *(f"face_{name}{ending}" for name in FINISHES for ending in (".fbx", ".obj", ".mtl", ".blend")),
    *(f"face_{name}_LOD{level}{ending}" for name in FINISHES for level in _LEVELS for ending in (".fbx", ".glb")),
    *(f"face_{name}_LOD{level}_normal.png" for name in FINISHES for level in _LEVELS),
    *(
        f"face_{name}_{image}.png"
        for name in FINISHES
        for image in ("displacement", "texture", "roughness", "specular", "subsurface")
    ),
)
_SIZE = "2048"


def finish_face(face: bpy.types.Object, finish: str, folder: Path, size: str = _SIZE) -> None:
    """Write what a face becomes for another program into a folder.

    Parameters
    ----------
    face : bpy.types.Object
    finish : str
        A key of `FINISHES`.
    folder : Path
    size : str
        Of normal maps.

    Raises
    ------
    Pix2VertexError, WorkerError
        If it cannot be.
    """
    target, stem = FINISHES[finish], folder / f"face_{finish}"
    with errand() as work:
        if target == SCULPTING:
            work.run(sculpted(work, lambda: face, SCULPTED_LEVEL))
            face.hide_set(True)
            save_blend(stem.with_name(f"{stem.name}.blend"))
        elif target == CHARACTER_CREATOR:
            write_character(face, stem)
        else:
            write_levels(face, work.run(maps_of_levels(work, face, size)), ENGINES[target], stem)
