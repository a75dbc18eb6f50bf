"""Finds, downloads and follows the wheels of a zip, by the zip's target and never by the machine that makes it."""

import fnmatch
import hashlib
import os
import re
import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path

from packaging.requirements import Requirement
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from . import WHEELS, PackagingError
from .targets import Target


def collect_wheels(target: Target, torch_index: str | None = None) -> list[Path]:
    """Return the wheels of a zip: those that the product imports and, by their own words, all that these require.

    Parameters
    ----------
    target : Target
        What the zip is for.
    torch_index : str, optional
        Address of a package index to take torch and what only it requires from, instead of the usual one.

    Returns
    -------
    list of Path
        Downloaded files, by package name.

    Raises
    ------
    PackagingError
        If a wheel cannot be had, or a requirement names a package that has no chosen version, or another one.
    """
    wheels: dict[str, Path] = {}
    seen: set[tuple[str, str]] = set()
    queue = [Requirement(name) for name in target.roots]
    while queue:
        requirement = queue.pop(0)
        name = canonicalize_name(requirement.name)
        if name in target.without:
            continue
        if name not in wheels:
            wheels[name] = obtain_wheel(name, _version(requirement, target, torch_index), target, torch_index)
        _check(requirement, wheels[name], target)
        for extra in {"", *requirement.extras}:
            if (name, extra) not in seen:
                seen.add((name, extra))
                queue += requirements_of(wheels[name], target, extra)
    return [wheels[name] for name in sorted(wheels)]


def requirements_of(wheel: Path, target: Target, extra: str = "") -> list[Requirement]:
    """What a wheel requires on the target: always with an empty `extra`, otherwise for that extra."""
    requirements = [Requirement(text) for text in _metadata(wheel).get_all("Requires-Dist") or []]
    return [
        requirement
        for requirement in requirements
        if (requirement.marker is None and not extra)
        or (requirement.marker is not None and requirement.marker.evaluate({**target.markers, "extra": extra}))
    ]


def obtain_wheel(name: str, version: str, target: Target, torch_index: str | None = None) -> Path:
    """Return the wheel of a package, downloaded if it is not there yet.

    Raises
    ------
    PackagingError
        If it cannot be had.
    """
    folder = _folder(torch_index if name not in target.versions or name == "torch" else None)
    if (wheel := find_wheel(name, version, target, folder)) is not None:
        return wheel
    print(f"Downloading {name} {version} for {target.platform}, Python {target.python} ...", flush=True)
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", "--python-version", target.python, "--dest", str(folder)]
    for tag in target.tags:
        command += ["--platform", tag]
    environment = dict(os.environ)
    if folder != WHEELS:
        assert torch_index is not None
        command += ["--index-url", torch_index]
        if name == "torch":  # only this index, since the usual one has the same version for other devices
            environment |= {"PIP_CONFIG_FILE": os.devnull, "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": ""}
    process = subprocess.run([*command, f"{name}=={version}"], env=environment, check=False)
    wheel = find_wheel(name, version, target, folder)
    if process.returncode != 0 or wheel is None:
        raise PackagingError(
            f"The wheel {name}=={version} for {target.platform} and Python {target.python} cannot be had: check the"
            " network, or name the package index that has it in the environment variable PIP_EXTRA_INDEX_URL."
        )
    return wheel


def find_wheel(name: str, version: str, target: Target, folder: Path) -> Path | None:
    """Return a downloaded wheel that suits the target, or None."""
    for path in sorted(folder.glob("*.whl")):
        try:
            found_name, found_version, _build, tags = parse_wheel_filename(path.name)
        except InvalidWheelFilename:
            continue
        same = found_version == Version(version) or (folder != WHEELS and found_version.public == version)
        if found_name == name and same and any(_suits(tag, target) for tag in tags):
            return path
    return None


def torch_variant(wheels: list[Path]) -> str:
    """What torch's wheel was built for: cpu, or CUDA with its version, such as cu128."""
    [torch] = [wheel for wheel in wheels if wheel.name.startswith("torch-")]
    with zipfile.ZipFile(torch) as archive:
        cuda = re.search(r"^cuda\b[^=]*= *'([\d.]+)'", archive.read("torch/version.py").decode(), re.MULTILINE)
    return "cu" + cuda[1].replace(".", "") if cuda else "cpu"


def _folder(torch_index: str | None) -> Path:
    """Where wheels from an index are kept: wheels of the same name from different indices are different files."""
    return WHEELS if torch_index is None else WHEELS / hashlib.sha256(torch_index.encode()).hexdigest()[:8]


def _version(requirement: Requirement, target: Target, torch_index: str | None) -> str:
    """The chosen version of a required package, or the one that the requirement itself fixes."""
    name = canonicalize_name(requirement.name)
    if name in target.versions:
        version = target.versions[name]
        return Version(version).public if name == "torch" and torch_index is not None else version
    fixed = [item.version.removesuffix(".*") for item in requirement.specifier if item.operator == "=="]
    if not fixed:
        raise PackagingError(f"{requirement} is required and wheels.toml has no version for {name}: add one.")
    return fixed[0]


def _check(requirement: Requirement, wheel: Path, target: Target) -> None:
    version = parse_wheel_filename(wheel.name)[1]
    if not requirement.specifier.contains(version, prereleases=True):
        raise PackagingError(
            f"{requirement} is required for {target.platform}, but {version} is chosen: change wheels.toml."
        )


def _metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
        return Parser().parsestr(archive.read(name).decode())


def _suits(tag: Tag, target: Target) -> bool:
    """Whether a wheel with a tag can be used on the target."""
    python = "cp" + target.python.replace(".", "")
    return (tag.interpreter in (python, "py3") or tag.abi == "abi3") and (
        tag.platform == "any" or fnmatch.fnmatch(tag.platform, target.tag_pattern)
    )
