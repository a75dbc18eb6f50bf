"""For all tests: the development data they may read, how libraries' threads wait and how many there are, and how the
process ends.
"""

import os
import shutil
import sys
from pathlib import Path

import pytest

from pix2vertex_blender.limits import LIBRARY_SETTINGS, environment
from training.paths import shared_folder

# As in the worker process; before any test imports NumPy or torch.
for name, value in LIBRARY_SETTINGS.items():
    os.environ.setdefault(name, value)

# Processes that run tests side by side share the processor.
if processes := int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 0)):
    for name, value in environment(max(1, (os.cpu_count() or 1) // processes), memory_limit=0.0).items():
        os.environ.setdefault(name, value)

DEVELOPMENT_DATA = shared_folder().resolve()
NOWHERE = Path(__file__).with_name("no_development_data")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Show the development data only to tests that are marked for it, and leave those out where it is missing.

    A test that forgot its marker therefore fails with the data as well as without.
    """
    markers = list(item.iter_markers("development_data"))
    parts = [part for marker in markers for part in marker.args or ("",)]
    if missing := [Path("shared", part).as_posix() for part in parts if not (DEVELOPMENT_DATA / part).exists()]:
        pytest.skip(f"{' and '.join(missing)}, development data, is not here (PIX2VERTEX_SHARED in CONTRIBUTING.md).")
    os.environ["PIX2VERTEX_SHARED"] = str(DEVELOPMENT_DATA if markers else NOWHERE)


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
