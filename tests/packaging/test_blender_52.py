"""In Blender 5.2, whose Python is another one: everything that needs no library of ours."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from packager import archive, targets

pytestmark = pytest.mark.slow


def test_add_on_works_in_the_next_blender_without_its_libraries(blender_52: Path, tmp_path: Path) -> None:
    target = targets.read_target(targets.this_platform(), "5.1")
    contents = archive.package_contents(target, [])
    manifest = str(contents["blender_manifest.toml"])
    before, _, after = manifest.partition("wheels = [")
    contents["blender_manifest.toml"] = before + after.partition("]\n")[2]
    archive.write_zip(contents, tmp_path / "without_wheels.zip")
    (tmp_path / "user").mkdir()
    script = Path(__file__).with_name("installed_without_libraries.py")
    process = subprocess.run(
        [str(blender_52), "-I", str(script), str(tmp_path / "without_wheels.zip"), str(tmp_path)],
        env=os.environ | {"BLENDER_USER_RESOURCES": str(tmp_path / "user")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    seen = json.loads(process.stdout.partition("SEEN")[2].splitlines()[0])
    assert seen["python"] == [3, 13]
    assert seen["blender"].startswith("5.2")
    assert seen["enabled"]
    assert {"Photo", "Reconstruct Face", "Detail", "Inspect"} <= set(seen["panels"])
    assert len(seen["template"]) == 10, "the head, its eyeballs, what is around them, and the parts of its mouth"
    assert seen["keys"] == {"Basis": 1.0, "Detail": 1.0} or seen["keys"] == {"Basis": 0.0, "Detail": 1.0}
    assert 0.15 < seen["height"] < 0.5, "metres, Z up"
    assert "made for this version of Blender" in seen["error_without_libraries"]
    assert seen["detail"] > 1e-4
    assert seen["fbx_error"] < 1e-5
    assert seen["libraries"] == []
    assert not seen["operator_after_removal"]
