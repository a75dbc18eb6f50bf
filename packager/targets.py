"""For which Blender and system a zip is, as `wheels/wheels.toml` says."""

import platform
import sys
import tomllib
from dataclasses import dataclass
from typing import Any

from . import WHEELS, PackagingError


@dataclass(frozen=True)
class Target:
    """One zip's Blender and system.

    Attributes
    ----------
    platform : str
        Blender's name of the system, such as linux-x64.
    blender : str
        The first Blender that the zip is for, such as 4.2.
    until : str
        The first later Blender that it is not for; empty while there is none.
    python : str
        The version of their Python, such as 3.11.
    tags : tuple of str
        Wheel platform tags to ask for, best first.
    tag_pattern : str
        What the tags of a suitable wheel look like.
    markers : dict of str to str
        The variables that conditions in a wheel's requirements may name.
    roots : tuple of str
        The packages that the product imports.
    versions : dict of str to str
        The chosen versions by package name.
    without : frozenset of str
        Packages that are left out although a wheel requires them.
    """

    platform: str
    blender: str
    until: str
    python: str
    tags: tuple[str, ...]
    tag_pattern: str
    markers: dict[str, str]
    roots: tuple[str, ...]
    versions: dict[str, str]
    without: frozenset[str]


def this_platform() -> str:
    """Blender's name of the system that this runs on."""
    system = {"linux": "linux", "win32": "windows", "darwin": "macos"}.get(sys.platform, sys.platform)
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine())
    return f"{system}-{machine}"


def read_wheel_list() -> dict[str, Any]:
    """Read the list of wheels."""
    return tomllib.loads((WHEELS / "wheels.toml").read_text(encoding="utf-8"))


def all_targets() -> list[tuple[str, str]]:
    """All pairs of platform and first Blender for which a zip can be made."""
    content = read_wheel_list()
    return [
        (name, blender)
        for name, chosen in content["platforms"].items()
        for blender in chosen.get("blenders", content["blenders"])
    ]


def read_target(platform_name: str, blender: str) -> Target:
    """Read what belongs to a platform and the first of its Blenders.

    Raises
    ------
    PackagingError
        If there is no package for them.
    """
    content = read_wheel_list()
    platforms, blenders = content["platforms"], content["blenders"]
    if platform_name not in platforms:
        raise PackagingError(f"There is no package for {platform_name}: choose one of {', '.join(platforms)}.")
    chosen = platforms[platform_name]
    possible = chosen.get("blenders", list(blenders))
    if blender not in possible:
        raise PackagingError(f"There is no package for {platform_name} from Blender {blender}: choose {possible[0]}.")
    python = blenders[blender]["python"]
    return Target(
        platform=platform_name,
        blender=blender,
        until=chosen.get("until", blenders[blender].get("until", "")),
        python=python,
        tags=tuple(chosen["tags"]),
        tag_pattern=chosen["tag_pattern"],
        markers=chosen["markers"] | _python_markers(python),
        roots=tuple(content["roots"]),
        versions=content["versions"] | chosen.get("versions", {}),
        without=frozenset(content["without"]),
    )


def _python_markers(python: str) -> dict[str, str]:
    return {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "implementation_name": "cpython",
        "implementation_version": f"{python}.0",
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_version": "",
    }
