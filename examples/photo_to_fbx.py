"""One photo becomes a head in an FBX file, with Blender as the `bpy` package.

    PYTHONPATH=. .venv/bin/python examples/photo_to_fbx.py portrait.jpg face.fbx

In a Blender that has the extension, the two operators are called in the same way, without `register`.
"""

import sys
from pathlib import Path

import bpy

import pix2vertex_blender


def main(photo: Path, file: Path) -> None:
    """Reconstruct the face of a photo and write it for Unreal."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    pix2vertex_blender.register()
    try:
        bpy.ops.pix2vertex.reconstruct(filepath=str(photo), detail_level=1, with_eyeballs=True)
        face = bpy.context.active_object
        print(f"{face.name}: {len(face.data.vertices)} vertices, keys {list(face.data.shape_keys.key_blocks.keys())}")
        bpy.ops.pix2vertex.export(filepath=str(file.absolute()), preset="UNREAL", file_format="FBX")
    except RuntimeError as error:  # what an operator reports: one sentence
        sys.exit(str(error).strip())
    finally:
        pix2vertex_blender.unregister()


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), Path(sys.argv[2]))
