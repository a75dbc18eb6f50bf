"""What a zip holds, how it is written so that the same contents give the same bytes, and how large its parts are."""

import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import DISTRIBUTION, MANIFEST, PACKAGE, ROOT, PackagingError
from .targets import Target

#: Where Blender unpacks extensions and their wheels on Windows, with the longest user name.
WINDOWS_EXTENSIONS = "C:/Users/" + 20 * "x" + "/AppData/Roaming/Blender Foundation/Blender/4.5/extensions/"
WINDOWS_PATH_LIMIT = 259

#: The files of a zip: their names in it, and where they are or their text.
Contents = Mapping[str, Path | str]

_CHUNK = 1 << 20


def zip_path(target: Target, variant: str) -> Path:
    """Where the zip of a target is written; a zip whose torch needs CUDA says so in its name."""
    [version] = re.findall(r'^version = "(.+)"', MANIFEST.read_text(encoding="utf-8"), re.MULTILINE)
    suffix = "" if variant == "cpu" else f"-{variant}"
    return DISTRIBUTION / f"pix2vertex-{version}-blender{target.blender}-{target.platform}{suffix}.zip"


def filled_manifest(target: Target, wheels: Sequence[Path]) -> str:
    """Return the manifest with what depends on the target, which goes before its first table."""
    until = f'blender_version_max = "{target.until}"\n' if target.until else ""
    names = ",\n".join(f'  "./wheels/{file.name}"' for file in wheels)
    target_part = (
        f'blender_version_min = "{target.blender}.0"\n{until}'
        f'platforms = ["{target.platform}"]\nwheels = [\n{names},\n]\n\n'
    )
    before, table, after = MANIFEST.read_text(encoding="utf-8").partition("[permissions]")
    before = re.sub(r"^blender_version_min = .+\n\n?", "", before, flags=re.MULTILINE)
    return before + target_part + table + after


def package_contents(target: Target, wheels: Sequence[Path]) -> dict[str, Path | str]:
    """Return the files of a zip in their order in it."""
    contents: dict[str, Path | str] = {MANIFEST.name: filled_manifest(target, wheels)}
    contents |= {f"wheels/{file.name}": file for file in wheels}
    contents |= {name: ROOT / name for name in ("LICENSE", "NOTICE")}
    for path in PACKAGE.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            contents[path.relative_to(PACKAGE).as_posix()] = path
    check_path_lengths(target, contents)
    return dict(sorted(contents.items()))


def check_path_lengths(target: Target, contents: Contents) -> None:
    """Refuse files that Windows could not hold where Blender puts them.

    Raises
    ------
    PackagingError
        Names the longest of them.
    """
    installed = [f"user_default/pix2vertex/{name}" for name in contents]
    for path in contents.values():
        if target.platform.startswith("windows") and isinstance(path, Path) and path.suffix == ".whl":
            with zipfile.ZipFile(path) as wheel:
                installed += [f".local/lib/python{target.python}/site-packages/{name}" for name in wheel.namelist()]
    longest = max(installed, key=len)
    excess = len(WINDOWS_EXTENSIONS + longest) - WINDOWS_PATH_LIMIT
    if excess > 0:
        raise PackagingError(
            f"Windows cannot hold {longest}, which is {excess} characters too long: take another version."
        )


def digest_of(contents: Contents) -> str:
    """Return a digest of names and contents."""
    digest = hashlib.sha256()
    for name, content in contents.items():
        digest.update(f"{name}\0{_size(content)}\0".encode())
        if isinstance(content, str):
            digest.update(content.encode())
            continue
        with content.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    return digest.hexdigest()


def write_zip(contents: Contents, path: Path) -> None:
    """Write a zip that depends on nothing but its contents."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            entry = zipfile.ZipInfo(name)  # dated 1980
            entry.create_system = 3
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED
            entry.file_size = _size(content)
            with archive.open(entry, "w") as written:
                if isinstance(content, str):
                    written.write(content.encode())
                else:
                    with content.open("rb") as file:
                        shutil.copyfileobj(file, written, _CHUNK)


def validate(path: Path) -> None:
    """Have Blender's own tool check a zip and its manifest.

    Raises
    ------
    PackagingError
        If it is not accepted.
    """
    tool = next((ROOT / ".venv").glob("**/bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py"))
    if subprocess.run([sys.executable, str(tool), "validate", str(path)], check=False).returncode != 0:
        raise PackagingError(f"Blender does not accept {path.name}: see the messages above.")


def sizes_by_part(path: Path) -> list[tuple[str, int, int]]:
    """Return the parts of a zip, largest first: name, bytes in the zip, bytes when Blender has unpacked them."""
    sizes: dict[str, tuple[int, int]] = {}
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist():
            part, unpacked = _part_of(entry.filename), entry.file_size
            if entry.filename.endswith(".whl"):
                with archive.open(entry) as file, zipfile.ZipFile(file) as wheel:
                    unpacked += sum(inner.file_size for inner in wheel.infolist())  # Blender keeps the wheel as well
            packed_before, unpacked_before = sizes.get(part, (0, 0))
            sizes[part] = packed_before + entry.compress_size, unpacked_before + unpacked
    return sorted(((name, *both) for name, both in sizes.items()), key=lambda item: -item[1])


def _part_of(name: str) -> str:
    folder, _, file = name.rpartition("/")
    if folder == "wheels":
        return file.split("-")[0]
    return file if folder == "data" else "code and texts"


def _size(content: Path | str) -> int:
    return len(content.encode()) if isinstance(content, str) else content.stat().st_size
