"""The algorithm: `pipeline` runs its modules in the order of the data, from `photo` to `result`."""

import os

# Operations that Apple's backend lacks run on the processor; torch reads this once, when it is imported.
os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
