"""The algorithm: `pipeline` runs its rooms in the order of the data, from `photo` to `texture`."""
