"""What ends a run from outside, at whatever moment, leaves no process and no file behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
#: Three on a computer that has nothing else to do.
LONGEST_SECONDS = 60.0

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for processes in /proc, and Windows has no such signals"),
]


def processes_with(variable: str) -> list[int]:
    """The living processes that have a text in their environment."""
    found = []
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and variable.encode() in (folder / "environ").read_bytes():
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def at_once(_place: Path) -> bool:
    return True


def working(place: Path) -> bool:
    return any(place.rglob(".pix2vertex.*"))


def stage(name: str) -> Callable[[Path], bool]:
    def begun(place: Path) -> bool:
        return name in (place / "printed").read_text()

    return begun


def exporting(place: Path) -> bool:
    return any(place.rglob("face.blend"))


@pytest.mark.parametrize(
    ("moment", "number", "through_build"),
    [
        (at_once, signal.SIGTERM, False),
        (at_once, signal.SIGTERM, True),
        (working, signal.SIGTERM, True),
        (stage("Starting"), signal.SIGTERM, True),
        (stage("Starting"), signal.SIGHUP, True),
        (exporting, signal.SIGTERM, False),
        (exporting, signal.SIGINT, True),
    ],
)
def test_nothing_remains_after_a_signal(tmp_path, moment, number, through_build):
    mark = f"PIX2VERTEX_TEST={tmp_path}"
    temporary, output = tmp_path / "temporary", tmp_path / "results"
    temporary.mkdir()
    output.mkdir()
    (output / "face.fbx").write_text("old")
    start = [str(ROOT / "build.py"), "reconstruct"] if through_build else ["-m", "pix2vertex_blender"]
    command = [sys.executable, *start, "--output", str(output), "--detail-level", "2"]
    name, _, value = mark.partition("=")
    environment = os.environ | {"TMPDIR": str(temporary), name: value}
    with (tmp_path / "printed").open("wb") as printed:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=printed, stderr=printed)
    began = time.monotonic()
    while not moment(tmp_path):
        assert process.poll() is None, (tmp_path / "printed").read_text()
        assert time.monotonic() - began < 300
        time.sleep(0.02)
    if moment is at_once:
        time.sleep(0.7)
    asked = time.monotonic()
    process.send_signal(number)
    code = process.wait(LONGEST_SECONDS)
    while processes_with(mark) and time.monotonic() - asked < LONGEST_SECONDS:
        time.sleep(0.02)
    assert not processes_with(mark)
    if code == 0:  # all was in place before the signal came
        assert (output / "report.json").is_file() and (output / "face.fbx").stat().st_size > 1000
    else:
        assert code in (128 + number, -number), "the second one before Python has started"
        assert [file.name for file in output.iterdir()] == ["face.fbx"]
        assert (output / "face.fbx").read_text() == "old"
    assert not list(temporary.iterdir())
    assert "Traceback" not in (tmp_path / "printed").read_text()
