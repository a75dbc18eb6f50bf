"""For all tests: how torch's threads wait, and how the process ends."""

import os
import shutil
import sys

import pytest

from pix2vertex_blender.limits import LIBRARY_SETTINGS

# As in the worker process; before any test imports NumPy or torch.
for name, value in LIBRARY_SETTINGS.items():
    os.environ.setdefault(name, value)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """End without the static destructors of the `bpy` package, which can wait forever for a thread of its own."""
    if "bpy" in sys.modules and hasattr(config, "exit_status"):
        shutil.rmtree(sys.modules["bpy"].app.tempdir, ignore_errors=True)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(config.exit_status)


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Remember the exit status for `pytest_unconfigure`."""
    session.config.exit_status = int(exitstatus)
