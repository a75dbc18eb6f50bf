"""`python -m pix2vertex_blender [PHOTO]`: the main job in a headless Blender, the `bpy` package."""

import sys

from .addon.headless.command_line import run_process

if __name__ == "__main__":
    run_process(sys.argv[1:])
