"""Every job looks for Esc at least each half second; measured in the seconds that its own thread computes."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pix2vertex_blender.errors import Cancelled
from pix2vertex_blender.exchange.result import Reconstruction
from pix2vertex_blender.jobs import JOBS
from pix2vertex_blender.paths import SAMPLE_PORTRAIT

pytestmark = pytest.mark.slow

MOST_SECONDS = 0.5

#: Libraries and weights are loaded in one piece.
IN_ONE_PIECE = {"start"}


def longest_gap(name: str, request: Mapping[str, Any]) -> tuple[float, str]:
    """The longest time between two calls of `progress`, and between which."""
    gaps = [(0.0, "")]
    before, stage = time.thread_time(), "start"

    def progress(now: str, fraction: float) -> None:
        nonlocal before, stage
        if stage not in IN_ONE_PIECE:
            gaps.append((time.thread_time() - before, f"{stage} to {now} {fraction:.2f}"))
        before, stage = time.thread_time(), now

    JOBS[name](request, progress)
    progress("end", 1.0)
    return max(gaps)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a reconstruction of the sample portrait and its mesh."""
    folder = tmp_path_factory.mktemp("face")
    gap, where = longest_gap(
        "reconstruct",
        {"photo": str(SAMPLE_PORTRAIT), "options": {"device": "cpu"}, "result": str(folder / "face.npz")},
    )
    assert gap < MOST_SECONDS, where
    face = Reconstruction.load(folder / "face.npz")
    np.savez(folder / "mesh.npz", vertices=face.vertices, detail=face.detail)
    return folder


def requests(folder: Path) -> dict[str, dict[str, Any]]:
    """What each job is asked, beside the reconstruction itself."""
    source, mesh, result = (str(folder / f"{name}.npz") for name in ("face", "mesh", "result"))
    return {
        "refit": {
            "source": source,
            "pins": {"30": [230.0, 130.0]},
            "detail": {"scale": 1.3, "smoothing": 2.0},
            "result": result,
            "vertices": str(folder / "vertices.npy"),
        },
        "detail": {"source": source, "mesh": mesh, "scale": 1.3, "smoothing": 2.0, "result": result},
        "target": {"source": source, "mesh": mesh, "result": result},
        "texture": {
            "source": source,
            "photo": str(SAMPLE_PORTRAIT),
            "size": 2048,
            **{name: str(folder / f"{name}.png") for name in ("colour", "origin", "eyeballs")},
        },
        "bake_maps": {"source": mesh, "size": 2048, "stem": str(folder / "map"), "file_format": "png"},
    }


@pytest.mark.parametrize("name", ["refit", "detail", "target", "texture", "bake_maps"])
def test_a_job_looks_for_esc_often_enough(name: str, files: Path) -> None:
    gap, where = longest_gap(name, requests(files)[name])
    assert gap < MOST_SECONDS, where


@pytest.mark.parametrize("name", ["refit", "detail", "target", "texture", "bake_maps"])
def test_a_cancelled_job_stops(name: str, files: Path) -> None:
    calls = 0

    def cancel_soon(_stage: str, _fraction: float) -> None:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        JOBS[name](requests(files)[name], cancel_soon)
