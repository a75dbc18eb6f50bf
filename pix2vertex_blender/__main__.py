"""`python -m pix2vertex_blender [PHOTO]`: the main job in a headless Blender, the `bpy` package."""

import os
import shutil
import sys

import bpy

from .addon.command_line import main

if __name__ == "__main__":
    exit_code = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    # The static destructors of the `bpy` package can wait forever for a thread of its own, so they are left out, and
    # with them the removal of Blender's temporary folder.
    shutil.rmtree(bpy.app.tempdir, ignore_errors=True)
    os._exit(exit_code)
