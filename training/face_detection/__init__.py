"""Training of the detector that finds faces in photos."""
