"""What is shown over the 3D view and through its camera."""
