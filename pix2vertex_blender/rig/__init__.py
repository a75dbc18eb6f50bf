"""A small skeleton for any head with the template's topology: joints, weights, names. Needs NumPy only."""
