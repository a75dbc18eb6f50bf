"""How long the artist waits: for Blender to load the add-on, and for Refit after a pin was moved.

python benchmarks/interface.py

Each is measured in a process of its own; CPU seconds stand for the work when other programs run beside it. The add-on
is loaded with its bytecode at hand, as in every start of Blender but the first. Refit is measured in the worker's code,
cold (with the loading of its libraries) and warm.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.tables import Table

REPOSITORY = Path(__file__).resolve().parent.parent
STARTS = 5

REGISTER = """
import bpy, json, os, time
cpu, wall = time.process_time(), time.perf_counter()
import pix2vertex_blender
pix2vertex_blender.register()
print(json.dumps([time.process_time() - cpu, time.perf_counter() - wall]), flush=True)
os._exit(0)
"""

RECONSTRUCT = """
import sys
from pix2vertex_blender.reconstruction.pipeline import Options, reconstruct
from benchmarks.speed import write_default_photo
from pathlib import Path
folder = Path(sys.argv[1])
reconstruct(write_default_photo(folder), Options(device="cpu")).save(folder / "face.npz")
"""

REFIT = """
import json, sys, time
from pathlib import Path
folder = Path(sys.argv[1])
times = []
for run in range(3):
    cpu, wall = time.process_time(), time.perf_counter()
    from pix2vertex_blender.jobs import JOBS
    from pix2vertex_blender.reconstruction.result import Reconstruction
    x, y = Reconstruction.load(folder / "face.npz").report.landmarks_68[48]
    request = {"source": folder / "face.npz", "result": folder / "refit.npz", "vertices": folder / "vertices.npy"}
    JOBS["refit"]({**request, "pins": {"48": [x - 5.0, y + 2.0]}}, lambda stage, fraction: None)
    times.append([time.process_time() - cpu, time.perf_counter() - wall])
print(json.dumps(times))
"""


def main() -> None:
    """Measure and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        _compile()
        starts = [_run(REGISTER, folder) for _start in range(STARTS)][1:]
        _run(RECONSTRUCT, folder)
        cold, _second, warm = _run(REFIT, folder)
    rows = [
        ("register()", *min(starts)),
        ("Refit, cold", *cold),
        ("Refit, warm", *warm),
    ]
    print(Table("interface", "What the artist waits for", ("", "CPU s", "wall s"), rows, 3).markdown())


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY)}


def _compile() -> None:
    """Make the bytecode that Blender writes at its first start; as a Python module it writes none."""
    command = [sys.executable, "-m", "compileall", "-q", str(REPOSITORY / "pix2vertex_blender")]
    subprocess.run(command, env=_environment(), check=True)


def _run(script: str, folder: str) -> list:
    """Run a script in a fresh process and return what its last line says."""
    done = subprocess.run(
        [sys.executable, "-c", script, folder], env=_environment(), check=True, capture_output=True, text=True
    )
    lines = done.stdout.splitlines()
    return json.loads(lines[-1]) if lines else []


if __name__ == "__main__":
    main()
