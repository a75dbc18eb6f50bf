"""How long it takes to add a photo to a face of two: ``benchmarks/adding.py [--count M] [--seed N] [--level L]``.

Everything between click and object is in it: Blender, the worker process, the files between them. Each rendered
person's third photo is first reconstructed alone and then added to the face of the two others, with all loaded. Prints,
as JSON, the medians of the clock's seconds and of the seconds of computing of both processes (on Linux alone), and the
largest difference of each. On a computer with other work only the latter say much.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import bpy
import numpy as np

import pix2vertex_blender
from benchmarks.people import photograph_person
from benchmarks.together import SEED, YAWS
from pix2vertex_blender.addon.process import session


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=3, help="people (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="of the people")
    parser.add_argument("--level", type=int, default=2, help="of the detail (default: %(default)s)")
    options = parser.parse_args(arguments)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    pix2vertex_blender.register()
    try:
        rows = []
        for number in range(options.count):
            with tempfile.TemporaryDirectory() as folder:
                rows.append(measure(options.seed, number, options.level, Path(folder)))
            print(f"person {number}: alone {rows[-1][0]} s, added {rows[-1][1]} s", file=sys.stderr, flush=True)
    finally:
        pix2vertex_blender.unregister()
    alone, added = (np.array([row[index] for row in rows]) for index in (0, 1))
    figures = {
        "clock": _figures(alone[:, 0], added[:, 0]),
        "computing": _figures(alone[:, 1], added[:, 1]),
    }
    print(json.dumps(figures, indent=1))
    return 0


def measure(seed: int, number: int, level: int, folder: Path) -> tuple[tuple[float, float], tuple[float, float]]:
    """Seconds of the clock and of computing of a photo alone, and of adding it to a face of two."""
    paths, _ = photograph_person(seed, number, YAWS, folder)
    again = shutil.copy(paths[2], folder / "again.png")  # so that it is searched for faces once more
    bpy.context.scene.pix2vertex.detail_level = level
    bpy.context.scene.pix2vertex.device = "cpu"
    files = [{"name": path.name} for path in paths[:2]]
    bpy.ops.pix2vertex.reconstruct(files=files, directory=str(folder), destination="NEW")
    face = bpy.context.active_object
    alone = timed(lambda: bpy.ops.pix2vertex.reconstruct(filepath=str(paths[2]), destination="NEW"))
    bpy.context.view_layer.objects.active = face
    one = [{"name": Path(again).name}]
    added = timed(lambda: bpy.ops.pix2vertex.change_photos(change="ADD", files=one, directory=str(folder)))
    return alone, added


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the clock, and of computing of this process and the worker."""
    spent, started = computing(), time.perf_counter()
    if work() != {"FINISHED"}:
        raise RuntimeError("the operator did not finish")
    return round(time.perf_counter() - started, 2), round(computing() - spent, 2)


def computing() -> float:
    """Seconds of computing of this process and of the worker; of this one alone where the system does not say."""
    statistics = Path(f"/proc/{session.worker().process_id}/stat")
    if not statistics.exists():
        return time.process_time()
    user, system = statistics.read_text(encoding="utf-8").rsplit(")", 1)[1].split()[11:13]
    return time.process_time() + (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def _figures(alone: np.ndarray, added: np.ndarray) -> dict[str, float]:
    return {
        "alone": round(float(np.median(alone)), 2),
        "added": round(float(np.median(added)), 2),
        "largest_difference": round(float((added - alone).max()), 2),
    }


if __name__ == "__main__":
    sys.exit(main())
