"""How long each of the worker's jobs may take to hear Esc: its longest stretch of work between two looks.

python benchmarks/cancelling.py [--job JOB ...]

A job looks for Esc whenever it tells its progress. CPU seconds are those of its own thread, and stand for the work when
other programs run beside it; what is computed beside that thread, such as the encoding of pictures, counts in the wall
seconds only. The stage `start`, in which libraries and weights are loaded in one piece, is left out.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from benchmarks.tables import Table
from pix2vertex_blender.exchange.detail_readings import DEFAULT_READING
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.jobs import JOBS
from pix2vertex_blender.paths import SAMPLE_PORTRAIT

#: Libraries and weights are loaded in one piece.
IN_ONE_PIECE = "start"


@dataclass(frozen=True)
class Gap:
    """What a job does between two looks.

    Attributes
    ----------
    cpu, wall : float
        Seconds of the job's thread, and of the clock.
    stages : str
        From where to where.
    """

    cpu: float
    wall: float
    stages: str


@dataclass
class Looks:
    """Takes the progress of a job and measures what lies between.

    Attributes
    ----------
    gaps : list of Gap
    functions : set of str
        The functions from within which the job has looked.
    """

    gaps: list[Gap] = field(default_factory=list)
    functions: set[str] = field(default_factory=set)
    _stage: str = IN_ONE_PIECE
    _moment: tuple[float, float] = field(default_factory=lambda: _now())

    def __call__(self, stage: str, fraction: float) -> None:
        """Look, as the worker does."""
        cpu, wall = _now()
        if self._stage != IN_ONE_PIECE:
            stages = f"{self._stage} to {stage} {fraction:.2f}"
            self.gaps.append(Gap(cpu - self._moment[0], wall - self._moment[1], stages))
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            self.functions.add(frame.f_code.co_name)
            frame = frame.f_back
        self._stage, self._moment = stage, _now()


def _now() -> tuple[float, float]:
    return time.thread_time(), time.perf_counter()


def run_job(name: str, request: Mapping[str, Any]) -> Looks:
    """Run one job in this process and return its looks."""
    looks = Looks()
    JOBS[name](dict(request), looks)
    looks("end", 1.0)
    return looks


def reconstruction_request(folder: Path) -> dict[str, Any]:
    """The reconstruction of the sample portrait, into a folder where the other jobs find it."""
    return {"photo": str(SAMPLE_PORTRAIT), "options": {"device": "cpu"}, "result": str(folder / "face.npz")}


#: How detail is asked for.
DETAIL = {"scale": 1.3, "smoothing": 2.0, "reading": DEFAULT_READING}


def requests_after(folder: Path) -> dict[str, dict[str, Any]]:
    """What the other jobs are asked about the reconstruction in a folder."""
    face = Reconstruction.load(folder / "face.npz")
    np.savez(folder / "mesh.npz", vertices=face.vertices, registered=face.vertices, detail=face.detail)
    source, mesh, result = (str(folder / f"{name}.npz") for name in ("face", "mesh", "result"))
    picture = str(folder / "drawn.png")
    return {
        "refit": {
            "source": source,
            "pins": {"30": [230.0, 130.0]},
            "detail": DETAIL,
            "result": result,
            "vertices": str(folder / "vertices.npy"),
        },
        "detail": {"source": source, "mesh": mesh, **DETAIL, "result": result},
        "target": {"source": source, "mesh": mesh, "result": result},
        "texture": {
            "source": source,
            "photo": str(SAMPLE_PORTRAIT),
            "size": 2048,
            **{name: str(folder / f"{name}.png") for name in ("colour", "origin", "eyeballs")},
        },
        "turn": {"source": source, "photo": str(SAMPLE_PORTRAIT), "yaw": 25.0, "pitch": 0.0, "result": picture},
        "reshape": {
            "source": source,
            "photo": str(SAMPLE_PORTRAIT),
            "parts": ["nose"],
            "seed": 0,
            "amount": 1.0,
            "result": picture,
        },
        "surface": {
            "size": 2048,
            **{name: str(folder / f"{name}.png") for name in ("roughness", "specular", "subsurface")},
        },
        "shape_levels": {"source": mesh, "strength": 1.0, "level": 0, "result": result},
        "bake_maps": {
            "source": mesh,
            "strength": 1.0,
            "level": 0,
            "maps_kind": "WHOLE",
            "size": 2048,
            "stem": str(folder / "map"),
            "file_format": "png",
        },
    }


def table(looks: Mapping[str, Looks]) -> Table:
    """The longest stretches, a job a row."""
    rows: list[tuple[str | float | int, ...]] = []
    for name, made in looks.items():
        longest = max(made.gaps, key=lambda gap: gap.cpu)
        rows.append((name, len(made.gaps), longest.cpu, max(gap.wall for gap in made.gaps), longest.stages))
    columns = ("job", "looks", "longest, CPU s", "longest, wall s", "where (by CPU)")
    return Table("cancelling", "The longest stretch of work that does not hear Esc", columns, rows, 2)


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--job", nargs="+", help="only these; the reconstruction, which they need, is always run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        looks = {"reconstruct": run_job("reconstruct", reconstruction_request(folder))}
        for name, request in requests_after(folder).items():
            if not options.job or name in options.job:
                looks[name] = run_job(name, request)
    print(table(looks).markdown())


if __name__ == "__main__":
    main()
