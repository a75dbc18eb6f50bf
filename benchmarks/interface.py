"""How long the artist waits: for Blender to load the add-on, and for Refit after a pin was moved; and what memory the
worker process keeps while it waits for the next click.

python benchmarks/interface.py

Each is measured in a process of its own; CPU seconds stand for the work when other programs run beside it. The add-on
is loaded with its bytecode at hand, as in every start of Blender but the first. Refit is measured in the worker's code,
cold (with the loading of its libraries) and warm. The worker's memory is read between jobs, on Linux alone; after some
minutes without work the process ends and gives it back.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.tables import Table
from pix2vertex_blender import limits
from pix2vertex_blender.exchange.protocol import Preparation, line_of
from pix2vertex_blender.paths import SAMPLE_PORTRAIT, WORKER_SCRIPT

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
    from pix2vertex_blender.exchange.result import Reconstruction
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
        memory = idle_memory(Path(folder))
    rows = [
        ("register()", *min(starts)),
        ("Refit, cold", *cold),
        ("Refit, warm", *warm),
    ]
    print(Table("interface", "What the artist waits for", ("", "CPU s", "wall s"), rows, 3).markdown())
    columns = ("after", "MB")
    print(Table("idle_worker", "Memory of the worker while it has no work", columns, memory, 0).markdown())


def idle_memory(folder: Path) -> list[tuple[str, float]]:
    """Megabytes that a worker holds after each of some jobs, a job a row."""
    request: dict[str, Any] = {"photo": str(SAMPLE_PORTRAIT), "result": str(folder / "idle.npz")}
    images = {name: str(folder / f"{name}.png") for name in ("colour", "origin", "eyeballs")}
    jobs: list[tuple[str, dict[str, Any]]] = [
        ("its start", {"type": "prepare", "preparation": Preparation.REFIT}),
        ("a reconstruction", {"type": "reconstruct", "options": {"device": "cpu"}, **request}),
        ("a texture of 2k", {"type": "texture", "source": request["result"], "size": 2048, **images, **request}),
    ]
    environment = {**os.environ, **limits.environment(threads=0, memory_limit=0.0)}
    command = [sys.executable, str(WORKER_SCRIPT)]
    rows = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as worker:
        assert worker.stdin is not None and worker.stdout is not None
        for number, (name, job) in enumerate(jobs, 1):
            worker.stdin.write(line_of({**job, "job": number}))
            worker.stdin.flush()
            if '"done"' not in next(line for line in map(bytes.decode, worker.stdout) if _is_last(line)):
                raise RuntimeError(f"the worker failed at {name}")
            rows.append((name, megabytes_of(worker.pid)))
        worker.stdin.close()
    return rows


def _is_last(line: str) -> bool:
    return json.loads(line)["type"] in ("done", "error", "cancelled")


def megabytes_of(process: int) -> float:
    """The main memory that a process holds now; NaN where the system does not say."""
    status = Path(f"/proc/{process}/status")
    found = re.search(r"^VmRSS:\s*(\d+) kB", status.read_text(encoding="utf-8"), re.M) if status.exists() else None
    return int(found.group(1)) / 1024 if found else float("nan")


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
