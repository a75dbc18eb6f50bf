"""A movie of one face: who it is from the best frames, and what it does from all of them."""
