"""Flamenco's job type, run under node with a stand-in for Flamenco Manager; the manager itself is not here."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pix2vertex_blender.addon.headless.command_line import _parser

SCRIPT = Path(__file__).resolve().parents[2] / "examples" / "flamenco" / "pix2vertex_faces.js"
STAND_IN = Path(__file__).with_name("flamenco_stand_in.js")
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(NODE is None, reason="node is not installed")


def compiled(**settings: Any) -> subprocess.CompletedProcess[str]:
    command = [str(NODE), str(STAND_IN), str(SCRIPT), json.dumps(settings)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_a_folder_becomes_parts_and_a_task_that_gathers() -> None:
    done = compiled(photos="/photos/crowd", output="/faces", parts=3, expressions=True)
    assert done.returncode == 0, done.stderr
    tasks = json.loads(done.stdout)["tasks"]
    assert [task["name"] for task in tasks] == ["part 1 of 3", "part 2 of 3", "part 3 of 3", "gather"]
    assert tasks[-1]["dependencies"] == ["part 1 of 3", "part 2 of 3", "part 3 of 3"]
    for number, task in enumerate(tasks, start=1):
        (command,) = task["commands"]
        assert task["type"] == "misc" and command["name"] == "exec" and command["parameters"]["exe"] == "python3"
        script, verb, *arguments = command["parameters"]["args"]
        assert (script, verb) == ("/opt/pix2vertex/build.py", "reconstruct")
        options = _parser().parse_args(arguments)
        assert options.photos == [Path("/photos/crowd")] and options.output == Path("/faces") and options.expressions
        part = None if options.part is None else (options.part.number, options.part.count)
        assert part == ((number, 3) if number <= 3 else None)


def test_no_parts_are_refused() -> None:
    assert "Parts must be" in compiled(photos="/a", output="/b", parts=0).stderr
