"""Hair of the head and the face."""
