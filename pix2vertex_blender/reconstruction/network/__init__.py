"""All that needs torch: from the crop of a photo to maps in millimetres."""

import os

# Operations that Apple's backend lacks run on the processor; torch reads this once, when it is imported.
os.environ.setdefault("PYTORCH_ENABLE_MPS_FALLBACK", "1")
