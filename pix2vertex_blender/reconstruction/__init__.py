"""The algorithm: `pipeline` runs its modules in the order of the data, from `photo` to `result`."""

import os

# Operations that Apple's backend lacks run on the processor; torch reads this once, when it is imported.
os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
# Threads that wait by spinning make a busy computer many times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# The registration's small dense steps gain nothing from threads, which cost as much processor time again; numpy reads
# this once, when it is imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
