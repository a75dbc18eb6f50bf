"""What crosses the wall between Blender and the worker: numpy only, no Blender, no torch, no SciPy."""
