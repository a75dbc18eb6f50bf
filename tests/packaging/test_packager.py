"""How the wheels of a zip are chosen and how a zip is written, on small wheels made here."""

import os
import tomllib
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from packager import MANIFEST, PackagingError, archive, targets, wheels
from packager.targets import Target

WHEEL_TAGS = {"linux-x64": "manylinux_2_28_x86_64", "windows-x64": "win_amd64"}
MakeWheel = Callable[..., Path]


def small_target(platform: str = "linux-x64", **changes: object) -> Target:
    """A target for which torch is everything, with a version for each of the small wheels."""
    whole = targets.read_target(platform, "4.2")
    versions = {"torch": "2.0", "pinned": "1.5", "windows-only": "1.0", "extra-part": "3.0"}
    return Target(**{**vars(whole), "roots": ("torch",), "versions": versions, **changes})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of downloaded wheels, and no package index to download more from."""
    monkeypatch.setattr(wheels, "WHEELS", tmp_path / "wheels")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    (tmp_path / "wheels").mkdir()
    return tmp_path / "wheels"


def make_wheel(
    folder: Path, name: str, version: str, requires: Sequence[str] = (), tag: str = "py3-none-any", cuda: str = ""
) -> Path:
    """Write a wheel that says what it requires."""
    label = name.replace("-", "_")
    path = folder / f"{label}-{version}-{tag}.whl"
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Dist: {text}" for text in requires]
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{label}-{version}.dist-info/METADATA", "\n".join(lines) + "\n")
        wheel.writestr(f"{label}-{version}.dist-info/WHEEL", f"Wheel-Version: 1.0\nTag: {tag}\n")
        wheel.writestr("torch/version.py", f"cuda: Optional[str] = {cuda or None!r}\n")
    return path


@pytest.mark.parametrize(("platform", "expected"), [("linux-x64", "linux_only"), ("windows-x64", "windows_only")])
def test_conditions_are_those_of_the_target_and_not_of_this_machine(folder: Path, platform: str, expected: str) -> None:
    requires = [
        "linux-only==7.0; sys_platform == 'linux'",
        "windows-only; platform_system == 'Windows'",
        "numpy",
        "pinned>=1.0; python_version < '3.13'",
        "never==1.0; extra == 'compiler'",
    ]
    make_wheel(folder, "torch", "2.0", requires, f"cp311-cp311-{WHEEL_TAGS[platform]}")
    make_wheel(folder, "linux-only", "7.0")
    make_wheel(folder, "windows-only", "1.0")
    make_wheel(folder, "pinned", "1.5", ["metapackage[gpu]==9.0"])
    make_wheel(folder, "metapackage", "9.0", ["extra-part; extra == 'gpu'", "other-part==1.0; extra == 'other'"])
    make_wheel(folder, "extra-part", "3.0")
    found = wheels.collect_wheels(small_target(platform))
    assert {path.name.split("-")[0] for path in found} == {"torch", "pinned", "metapackage", "extra_part", expected}


def test_a_wheel_for_another_python_or_system_is_not_taken(folder: Path) -> None:
    for tag in ("cp313-cp313-manylinux_2_28_x86_64", "cp311-cp311-win_amd64", "cp311-cp311-macosx_14_0_arm64"):
        make_wheel(folder, "torch", "2.0", tag=tag)
    assert wheels.find_wheel("torch", "2.0", small_target(), folder) is None
    stable = make_wheel(folder, "torch", "2.0", tag="cp37-abi3-manylinux2014_x86_64")
    assert wheels.find_wheel("torch", "2.0", small_target(), folder) == stable


def test_requirements_without_or_against_the_list_are_sentences(folder: Path) -> None:
    make_wheel(folder, "torch", "2.0", ["surprise>=1"])
    with pytest.raises(PackagingError, match="has no version for surprise: add one"):
        wheels.collect_wheels(small_target())
    make_wheel(folder, "torch", "2.0", ["pinned>=2"])
    make_wheel(folder, "pinned", "1.5")
    with pytest.raises(PackagingError, match=r"pinned>=2 is required for linux-x64, but 1\.5 is chosen"):
        wheels.collect_wheels(small_target())
    with pytest.raises(PackagingError, match=r"torch==9\.0 for linux-x64 and Python 3\.11 cannot be had"):
        wheels.collect_wheels(small_target(versions={"torch": "9.0"}))


@pytest.mark.slow
def test_another_index_gives_another_torch_and_another_name(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PIP_NO_INDEX")
    make_wheel(folder, "torch", "2.0+cpu", tag="cp311-cp311-manylinux_2_28_x86_64")
    for name, version, requires, tag, cuda in (
        (
            "torch",
            "2.0+cu128",
            ["runtime==12.8.1.*; sys_platform == 'linux'"],
            "cp311-cp311-manylinux_2_28_x86_64",
            "12.8",
        ),
        ("runtime", "12.8.1", [], "py3-none-manylinux_2_18_x86_64", ""),
    ):
        page = tmp_path / "index" / name
        page.mkdir(parents=True)
        file = make_wheel(page, name, version, requires, tag, cuda)
        (page / "index.html").write_text(
            f'<!DOCTYPE html><html><body><a href="{file.name}">{file.name}</a></body></html>'
        )
    target = small_target(versions={"torch": "2.0+cpu"})
    usual = wheels.collect_wheels(target)
    other = wheels.collect_wheels(target, (tmp_path / "index").as_uri())
    assert [path.name.partition("-cp")[0] for path in usual] == ["torch-2.0+cpu"]
    assert [path.name.partition("-")[0] for path in other] == ["runtime", "torch"]
    assert wheels.torch_variant(usual) == "cpu"
    assert wheels.torch_variant(other) == "cu128"
    assert archive.zip_path(target, "cpu").name.endswith("-blender4.2-linux-x64.zip")
    assert archive.zip_path(target, "cu128").name.endswith("-blender4.2-linux-x64-cu128.zip")


@pytest.mark.parametrize(("platform", "blender"), targets.all_targets())
def test_every_target_names_what_its_zip_needs(platform: str, blender: str, tmp_path: Path) -> None:
    target = targets.read_target(platform, blender)
    assert set(target.roots) == {"torch", "scipy", "opencv-python-headless", "pillow", "pillow-heif", "safetensors"}
    assert set(target.roots) <= set(target.versions)
    assert "numpy" in target.without, "Blender brings its own"
    assert all(version[0].isdigit() for version in target.versions.values())
    manifest = archive.filled_manifest(target, [tmp_path / "some-1.0-py3-none-any.whl"])
    content = tomllib.loads(manifest)
    assert content["platforms"] == [platform]
    assert content["wheels"] == ["./wheels/some-1.0-py3-none-any.whl"]
    assert content["permissions"] == {"files": "Read photos, write meshes and textures"}
    assert content["blender_version_min"] == f"{blender}.0"
    until = {"4.2": "5.1.0"}.get(blender)  # the first Blender with Python 3.13
    if platform == "macos-x64":
        until = "5.0.0"  # the first Blender that does not run on Intel processors
    assert content.get("blender_version_max") == until


def test_unknown_targets_are_sentences() -> None:
    with pytest.raises(PackagingError, match="choose one of linux-x64"):
        targets.read_target("amiga-m68k", "4.2")
    with pytest.raises(PackagingError, match=r"macos-x64 from Blender 5\.1: choose 4\.2"):
        targets.read_target("macos-x64", "5.1")


def test_the_committed_manifest_says_nothing_about_a_platform() -> None:
    manifest = tomllib.loads(MANIFEST.read_text(encoding="utf-8"))
    assert not {"wheels", "platforms", "blender_version_max"} & set(manifest)
    assert "network" not in manifest["permissions"]


def test_the_same_contents_give_the_same_zip(tmp_path: Path) -> None:
    source = tmp_path / "module.py"
    source.write_text("content = 1\n")
    wheel = make_wheel(tmp_path, "some", "1.0")
    contents: dict[str, Path | str] = {"manifest.toml": "text", "module.py": source, f"wheels/{wheel.name}": wheel}
    archive.write_zip(contents, tmp_path / "first.zip")
    os.utime(source, (0, 0))
    source.chmod(0o600)
    archive.write_zip(contents, tmp_path / "second.zip")
    assert (tmp_path / "first.zip").read_bytes() == (tmp_path / "second.zip").read_bytes()
    digest = archive.digest_of(contents)
    source.write_text("content = 2\n")
    assert archive.digest_of(contents) != digest


def test_sizes_are_told_by_part(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "some", "1.0")
    contents: dict[str, Path | str] = {
        f"wheels/{wheel.name}": wheel,
        "data/network.safetensors": 5000 * "0",
        "a.py": "1",
    }
    archive.write_zip(contents, tmp_path / "whole.zip")
    sizes = {name: (packed, installed) for name, packed, installed in archive.sizes_by_part(tmp_path / "whole.zip")}
    assert set(sizes) == {"some", "network.safetensors", "code and texts"}
    assert sizes["network.safetensors"][1] == 5000
    assert sizes["network.safetensors"][0] < 100, "compressed"
    assert sizes["some"][0] == wheel.stat().st_size
    assert sizes["some"][1] > wheel.stat().st_size, "Blender keeps the wheel beside what it unpacks"


def test_paths_that_windows_cannot_hold_fail_the_build(tmp_path: Path) -> None:
    long_name = "licenses/" + 40 * "abc/" + "LICENSE"
    with zipfile.ZipFile(tmp_path / "some-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr(long_name, "text")
    contents: dict[str, Path | str] = {"wheels/some.whl": tmp_path / "some-1.0-py3-none-any.whl"}
    with pytest.raises(PackagingError, match="characters too long"):
        archive.check_path_lengths(targets.read_target("windows-x64", "5.1"), contents)
    archive.check_path_lengths(targets.read_target("linux-x64", "5.1"), contents)
