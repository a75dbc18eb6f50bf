"""The main job without a window. Only here are image libraries loaded in Blender's process."""
