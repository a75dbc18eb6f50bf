"""A skeleton for a face in Blender: bones, weights, drivers, and takes of motion capture on all of it."""
