"""The algorithm: `pipeline` runs its modules in the order of the data, from `photo` to `result`."""

import os

# Operations that Apple's backend lacks run on the processor; torch reads this once, when it is imported.
os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
# Threads that wait by spinning make a busy computer many times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
