"""The algorithm: `pipeline` runs its modules in the order of the data, from `photo` to `result`."""
