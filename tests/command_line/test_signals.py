"""What ends a run from outside, at whatever moment, leaves no process and no file behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import pytest

from pix2vertex_blender.paths import SAMPLE_PORTRAIT

PORTRAIT = str(SAMPLE_PORTRAIT)
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
    output = tmp_path / "results"
    output.mkdir()
    (output / "face.fbx").write_text("old")
    start = [str(ROOT / "build.py"), "reconstruct"] if through_build else ["-m", "pix2vertex_blender"]
    code = ended_by(number, moment, [*start, "--output", str(output), "--detail-level", "2"], tmp_path)
    if code == 0:  # all was in place before the signal came
        assert (output / "report.json").is_file() and (output / "face.fbx").stat().st_size > 1000
    else:
        assert code in (128 + number, -number), "the second one before Python has started"
        assert [file.name for file in output.iterdir()] == ["face.fbx"]
        assert (output / "face.fbx").read_text() == "old"


@pytest.mark.parametrize(
    ("words", "moment", "number"),
    [
        (["turn", "--yaw", "20"], stage("Turning the photo"), signal.SIGINT),
        (["reshape", "--parts", "nose"], stage("Changing the shape"), signal.SIGTERM),
    ],
)
def test_a_picture_being_drawn_leaves_the_old_one_or_is_whole(tmp_path, words, moment, number):
    picture = tmp_path / "results" / "drawn.png"
    picture.parent.mkdir()
    picture.write_text("old")
    code = ended_by(number, moment, ["-m", "pix2vertex_blender", *words, "--output", str(picture), PORTRAIT], tmp_path)
    assert [file.name for file in picture.parent.iterdir()] == ["drawn.png"]
    assert code in (0, 128 + number, -number)
    # The signal may come between the picture's arrival and the end: then it is new and whole.
    old = picture.read_bytes() == b"old"
    assert old or (cv2.imread(str(picture)) is not None and picture.read_bytes().endswith(b"IEND\xaeB`\x82"))
    assert not (old and code == 0)


def ended_by(number: int, moment: Callable[[Path], bool], words: list[str], place: Path) -> int:
    """Send a signal to a command when its moment has come; how it ended, of which no process and no file is left."""
    temporary = place / "temporary"
    temporary.mkdir()
    mark = f"PIX2VERTEX_TEST={place}"
    environment = os.environ | {"TMPDIR": str(temporary), "PIX2VERTEX_TEST": str(place)}
    with (place / "printed").open("wb") as printed:
        process = subprocess.Popen([sys.executable, *words], cwd=ROOT, env=environment, stdout=printed, stderr=printed)
    began = time.monotonic()
    while not moment(place):
        assert process.poll() is None, (place / "printed").read_text()
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
    assert not list(temporary.iterdir())
    assert "Traceback" not in (place / "printed").read_text()
    return code
