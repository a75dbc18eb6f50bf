"""Meshes as arrays.

Units and axes, said here once. The algorithm works in millimetres: x right, y up, z towards the camera, as seen by the
photographer. Image coordinates are pixels: x right, y down, the centre of the first pixel at (0.5, 0.5). Faces are
anticlockwise seen from outside. Blender's metres, Z up and -Y forward exist only in `addon.scene`.
"""
