"""`python -m pix2vertex_blender [PHOTO]`: the main job in a headless Blender, the `bpy` package."""

import sys

from .addon.command_line import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
