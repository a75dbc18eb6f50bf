"""What a user can do wrong on the command line, each in the process that a user starts."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pix2vertex_blender.addon.headless.command_line import main

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def faceless(tmp_path_factory):
    path = tmp_path_factory.mktemp("photos") / "wall.png"
    rows, columns = np.mgrid[0:200, 0:300]
    wall = np.stack([rows // 3 + 90, columns // 5 + 60, (rows + columns) // 6 + 40], axis=-1)
    Image.fromarray(wall.astype(np.uint8)).save(path)
    return path


def test_a_mistake_is_one_sentence_and_leaves_nothing_behind(faceless, tmp_path):
    command = [sys.executable, "-m", "pix2vertex_blender", faceless, "--output", tmp_path / "face"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 2
    sentence = result.stderr.strip()
    assert "\n" not in sentence
    assert "No face was found" in sentence
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["{missing}"], "no file"),
        (["{folder}"], "folder"),
        (["{photo}", "--device", "abacus"], "abacus"),
        (["{photo}", "--device", "cuda"], "cpu"),
        (["{photo}", "--face-box", "10", "10", "20", "20"], "32"),
        (["{photo}", "--face-box", "900", "900", "80", "80"], "outside"),
        (["{photo}", "--output", "{photo}"], "another output folder"),
    ],
)
def test_each_mistake_is_explained(faceless, tmp_path, capsys, arguments, words):
    places = {"missing": tmp_path / "missing.jpg", "folder": tmp_path, "photo": faceless}
    arguments = [argument.format(**places) for argument in arguments]
    if "--output" not in arguments:
        arguments += ["--output", str(tmp_path / "face")]
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert "Traceback" not in captured.err
    assert list(tmp_path.iterdir()) == []
