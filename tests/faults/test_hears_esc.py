"""Every job looks for Esc often, also within what takes longest; `benchmarks/cancelling.py` measures the seconds."""

from pathlib import Path

import pytest

from benchmarks.cancelling import reconstruction_request, requests_after, run_job
from pix2vertex_blender.errors import Cancelled
from pix2vertex_blender.jobs import JOBS

pytestmark = pytest.mark.slow

#: How often a job looks at least, and functions from within which it does: those that take more than a moment. The
#: search for faces, which may have been done for an earlier test, has its own.
LOOKS = {
    "reconstruct": (25, {"register", "visibility", "learned_detail"}),
    "refit": (40, {"register_to_pins", "visibility", "learned_detail", "smoothed"}),
    "detail": (40, {"visibility", "learned_detail", "smoothed"}),
    "target": (4, {"distances_from_target"}),
    "texture": (
        100,
        {"hidden", "find_hair", "faded", "smooth_tones", "texel_grid", "interpolate", "paint", "seen_eyes"},
    ),
    "turn": (8, {"rasterise", "drawn"}),
    "reshape": (8, {"rasterise", "drawn"}),
    "bake_maps": (100, {"_draw", "encode_png"}),
    "surface": (20, {"texel_grid", "interpolate"}),
}
AFTERWARDS = [name for name in LOOKS if name != "reconstruct"]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a reconstruction of the sample portrait."""
    folder = tmp_path_factory.mktemp("face")
    looks = run_job("reconstruct", reconstruction_request(folder))
    least, functions = LOOKS["reconstruct"]
    assert len(looks.gaps) >= least
    assert looks.functions >= functions, functions - looks.functions
    return folder


@pytest.mark.parametrize("name", AFTERWARDS)
def test_a_job_looks_for_esc_often_enough(name: str, files: Path) -> None:
    least, functions = LOOKS[name]
    looks = run_job(name, requests_after(files)[name])
    assert len(looks.gaps) >= least
    assert looks.functions >= functions, functions - looks.functions


@pytest.mark.parametrize("name", AFTERWARDS)
def test_a_cancelled_job_stops(name: str, files: Path) -> None:
    calls = 0

    def cancel_soon(_stage: str, _fraction: float) -> None:
        nonlocal calls
        calls += 1
        if calls == 5:
            raise Cancelled

    with pytest.raises(Cancelled):
        JOBS[name](requests_after(files)[name], cancel_soon)
    assert calls == 5, "nothing goes on after it"
