"""The template deformed until it lies on what the network has seen: pix2vertex, supplement B.1."""
