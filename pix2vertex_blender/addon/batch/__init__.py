"""Many photos: the table of their outcomes, and where each face goes."""
