"""Takes of facial motion capture: read from files, cleaned, smoothed and retimed. Knows nothing of Blender."""
