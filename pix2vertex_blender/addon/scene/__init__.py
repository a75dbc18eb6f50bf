"""Blender's scene: arrays become objects, objects become files and pictures."""
