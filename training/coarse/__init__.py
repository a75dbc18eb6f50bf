"""The coarse stage of the coarse-to-fine paper (section 3.1): coefficients of a face from a photo, at a tiny scale."""
