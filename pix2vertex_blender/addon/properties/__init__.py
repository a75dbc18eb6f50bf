"""What the artist sets, in the scene and in each face."""
