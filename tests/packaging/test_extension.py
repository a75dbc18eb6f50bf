import json
import os
import subprocess
import tomllib
import zipfile
from pathlib import Path

import pytest
import skimage.data
from PIL import Image

import build


def test_zip_holds_the_package_its_licence_and_the_listed_wheels(extension_zip: Path) -> None:
    with zipfile.ZipFile(extension_zip) as archive:
        names = set(archive.namelist())
        manifest = tomllib.loads(archive.read("blender_manifest.toml").decode())
    assert {"__init__.py", "worker.py", "LICENSE", "NOTICE", "data/template.npz", "data/network.safetensors"} <= names
    assert {f"./{name}" for name in names if name.endswith(".whl")} == set(manifest["wheels"])
    assert not [name for name in names if "numpy" in name], "Blender brings its own"
    assert not [name for name in names if "__pycache__" in name or name.startswith("addon/tests")]
    assert manifest["platforms"] == [build.this_platform()]
    assert manifest["blender_version_min"] == "4.2.0"


def test_the_same_contents_give_the_same_zip(tmp_path: Path) -> None:
    contents: dict[str, Path | str] = {"manifest.toml": "text", "build.py": build.ROOT / "build.py"}
    build.write_zip(contents, tmp_path / "first.zip")
    os.utime(build.ROOT / "build.py")
    build.write_zip(contents, tmp_path / "second.zip")
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()


def test_the_committed_manifest_says_nothing_about_a_platform() -> None:
    manifest = tomllib.loads(build.MANIFEST.read_text(encoding="utf-8"))
    assert not {"wheels", "platforms", "blender_version_max"} & set(manifest)
    assert "network" not in manifest["permissions"]


@pytest.mark.parametrize("platform_name", ["linux-x64", "windows-x64", "macos-arm64"])
def test_every_platform_pins_the_same_libraries_exactly(platform_name: str) -> None:
    wheels = build.read_wheel_list(platform_name)
    assert {"torch", "scipy", "opencv-python-headless", "pillow", "safetensors"} <= set(wheels.packages)
    assert "numpy" not in wheels.packages
    assert all(version[0].isdigit() for version in wheels.packages.values())


def test_unknown_platform_and_missing_wheel_are_sentences(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(build.BuildError, match="choose one of linux-x64"):
        build.read_wheel_list("amiga-m68k")
    wheels = build.WheelList("linux-x64", "3.11", "5.1.0", ("manylinux_2_28_x86_64",), "*", {"torch": "0.0.0"})
    with pytest.raises(build.BuildError, match=r"torch==0\.0\.0 for linux-x64 cannot be had"):
        build.download_wheel("torch", wheels)


def test_paths_that_windows_cannot_hold_fail_the_build(tmp_path: Path) -> None:
    long_name = "licenses/" + 40 * "abc/" + "LICENSE"
    with zipfile.ZipFile(tmp_path / "some-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(long_name, "text")
    contents: dict[str, Path | str] = {"wheels/some.whl": tmp_path / "some-1.0-py3-none-any.whl"}
    with pytest.raises(build.BuildError, match="characters too long"):
        build.check_path_lengths(build.read_wheel_list("windows-x64"), contents)
    build.check_path_lengths(build.read_wheel_list("linux-x64"), contents)


def test_installed_zip_turns_a_photo_into_a_face(extension_zip: Path, bare_blender: Path, tmp_path: Path) -> None:
    photo = tmp_path / "astronaut.png"
    Image.fromarray(skimage.data.astronaut()).save(photo)
    script = Path(__file__).with_name("installed_extension.py")
    (tmp_path / "user").mkdir()
    process = subprocess.run(
        [str(bare_blender), "-I", str(script), str(extension_zip), str(photo), str(tmp_path)],
        env=os.environ | {"BLENDER_USER_RESOURCES": str(tmp_path / "user")},
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert process.returncode == 0, process.stdout + process.stderr
    seen = json.loads(process.stdout.partition("SEEN")[2].splitlines()[0])
    assert seen["enabled"]
    assert seen["result"] == ["FINISHED"]
    assert seen["keys"] == ["Basis", "Detail"]
    assert 0.15 < seen["height"] < 0.5, "metres, Z up"
    assert seen["report"]["confidence"] > 0.5
    assert seen["libraries"] == [], "the libraries stay in the worker"
    assert seen["detail"] > 1e-5
    assert seen["fbx_error"] < 1e-5
    assert not seen["operator_after_removal"]
    assert seen["files_after_removal"] == []
