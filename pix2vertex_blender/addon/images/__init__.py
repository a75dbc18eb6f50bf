"""Images of Blender: their files, their names, and pictures drawn from maps."""
