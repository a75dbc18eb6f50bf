"""Fine detail read from the photo, as displacements and as maps."""
