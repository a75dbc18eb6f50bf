"""The extension's real zip: what it holds, and how it is installed, used, upgraded and removed in a bare Blender."""

import json
import os
import re
import subprocess
import tomllib
import zipfile
from pathlib import Path

import pytest
import skimage.data
from PIL import Image

from packager.archive import write_zip
from packager.targets import this_platform

pytestmark = pytest.mark.slow


def test_zip_holds_the_package_its_licence_and_the_listed_wheels(extension_zip: Path) -> None:
    with zipfile.ZipFile(extension_zip) as archive:
        names = set(archive.namelist())
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
    assert {"__init__.py", "worker.py", "LICENSE", "NOTICE"} <= names
    shipped = (
        "face_detector.safetensors",
        "network.safetensors",
        "close_network.safetensors",
        "detail_network.safetensors",
        "likeness.npz",
        "template.npz",
    )
    assert {
        f"data/{name}" for name in (*shipped, "expressions.npz", "parts.npz", "sliders.npz", "face_layout.npz")
    } <= names
    assert {f"./{name}" for name in names if name.endswith(".whl")} == set(manifest["wheels"])
    assert not [name for name in names if "numpy" in name], "Blender brings its own"
    assert not [name for name in names if "__pycache__" in name or name.startswith("addon/tests")]
    assert manifest["platforms"] == [this_platform()]
    assert manifest["blender_version_min"] == "4.2.0"
    assert manifest["blender_version_max"] == "5.1.0"


@pytest.fixture
def older_zip(extension_zip: Path, tmp_path: Path) -> Path:
    """The extension as an older version might have been: one more file, one more library, and not the present ones."""
    library = tmp_path / "forgotten-1.0-py3-none-any.whl"
    files = {
        "forgotten.py": "VERSION = 1\n",
        "forgotten-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: forgotten\nVersion: 1.0\n",
        "forgotten-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nTag: py3-none-any\n",
    }
    files["forgotten-1.0.dist-info/RECORD"] = "".join(
        f"{name},,\n" for name in (*files, "forgotten-1.0.dist-info/RECORD")
    )
    with zipfile.ZipFile(library, "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    contents: dict[str, Path | str] = {f"wheels/{library.name}": library, "forgotten_module.py": "\n"}
    with zipfile.ZipFile(extension_zip) as archive:
        for name in archive.namelist():
            if name.endswith(".whl"):
                continue
            extracted = Path(archive.extract(name, tmp_path / "older"))
            contents[name] = extracted
        manifest = archive.read("blender_manifest.toml").decode()
    before, _listed, after = manifest.partition("wheels = [")
    before = re.sub(r'^version = ".+"', 'version = "0.0.1"', before, flags=re.MULTILINE)
    after = after[after.index("]") :]
    contents["blender_manifest.toml"] = f'{before}wheels = ["./wheels/{library.name}"{after}'
    write_zip(contents, tmp_path / "older.zip")
    return tmp_path / "older.zip"


def test_installed_zip_turns_a_photo_into_a_face_and_leaves_nothing_behind(
    extension_zip: Path, older_zip: Path, bare_blender: Path, tmp_path: Path
) -> None:
    photo = tmp_path / "astronaut.png"
    Image.fromarray(skimage.data.astronaut()).save(photo)
    script = Path(__file__).with_name("installed_extension.py")
    (tmp_path / "user").mkdir()
    process = subprocess.run(
        [str(bare_blender), "-I", str(script), str(older_zip), str(extension_zip), str(photo), str(tmp_path)],
        env=os.environ | {"BLENDER_USER_RESOURCES": str(tmp_path / "user")},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    seen = json.loads(process.stdout.partition("SEEN")[2].splitlines()[0])

    assert "made for this version of Blender" in seen["error_without_libraries"]
    assert seen["older_files"] == ["forgotten.py", "forgotten_module.py"]
    assert seen["older_files_after_upgrade"] == []
    assert seen["older_worker_after_upgrade"] is False
    assert seen["enabled_after_upgrade"]

    assert seen["result"] == ["FINISHED"]
    assert seen["keys"] == ["Basis", "Detail", "Likeness", "Caricature"]
    assert 0.15 < seen["height"] < 0.5, "metres, Z up"
    assert seen["report"]["confidence"] > 0.5
    assert seen["libraries"] == [], "the libraries stay in the worker"
    assert seen["detail"] > 1e-5
    assert seen["fbx_error"] < 1e-5

    assert not seen["operator_after_removal"]
    assert seen["worker_after_removal"] is False
    assert seen["files_after_removal"] == []
