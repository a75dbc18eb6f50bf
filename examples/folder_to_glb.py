"""The photos of a folder become textured heads, a glTF file each, with Blender as the `bpy` package.

PYTHONPATH=. .venv/bin/python examples/folder_to_glb.py photos heads
"""

import sys
from pathlib import Path

import bpy

import pix2vertex_blender
from pix2vertex_blender.exchange.photo_files import is_photo


def main(photos: Path, output: Path) -> int:
    """Write a head for each photo; returns how many photos failed."""
    output.mkdir(parents=True, exist_ok=True)
    failed = 0
    pix2vertex_blender.register()
    try:
        for photo in sorted(filter(is_photo, photos.iterdir())):
            bpy.ops.wm.read_homefile(use_empty=True)  # a new Blender file for each head
            try:
                write_head(photo, output / f"{photo.stem}.glb")
            except RuntimeError as error:  # what an operator reports: one sentence
                failed += 1
                print(f"{photo.name}: {str(error).strip()}")
    finally:
        pix2vertex_blender.unregister()
    return failed


def write_head(photo: Path, file: Path) -> None:
    """Reconstruct a face, project the photo onto it and write both."""
    bpy.ops.pix2vertex.reconstruct(filepath=str(photo), detail_level=1, with_eyeballs=True)
    bpy.ops.pix2vertex.project_photo(size="1024", storage="PACKED")
    bpy.ops.pix2vertex.export(filepath=str(file), file_format="GLB")


if __name__ == "__main__":
    sys.exit(1 if main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]).absolute()) else 0)
