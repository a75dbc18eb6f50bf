"""For all tests: torch's threads wait as they do in the worker process, without spinning."""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
