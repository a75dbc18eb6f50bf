"""What makes a head more or less itself. NumPy alone, so that Blender's process can do it while a slider moves."""
