"""Everything a developer runs: reconstruct a photo, test, package. Needs Python 3.11 and nothing else of ours.

python3 build.py reconstruct [PHOTO ...] [--output DIR]     photos, or folders of them, become faces without a window
python3 build.py test [PYTEST ARGUMENTS]                    lint, types and all tests
python3 build.py package [--platform PLATFORM]              this platform's extension zip in dist/
"""

import argparse
import fnmatch
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
LOCK_FILE = ROOT / "requirements.lock"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
PACKAGE = ROOT / "pix2vertex_blender"
MANIFEST = ROOT / "blender_manifest.toml"
WHEELS = ROOT / "wheels"
DISTRIBUTION = ROOT / "dist"

#: Where Blender unpacks extensions and their wheels on Windows, with the longest user name.
WINDOWS_EXTENSIONS = "C:/Users/" + 20 * "x" + "/AppData/Roaming/Blender Foundation/Blender/4.5/extensions/"
WINDOWS_PATH_LIMIT = 259


class BuildError(Exception):
    """The command cannot be carried out; the text says why and what to do."""


def find_python() -> str:
    """Return a Python 3.11, the version of Blender 4.2 to 5.0."""
    if sys.version_info[:2] == (3, 11):
        return sys.executable
    for name in ("python3.11", "py"):
        command = [name, "-3.11"] if name == "py" else [name]
        if (
            shutil.which(name)
            and subprocess.run([*command, "-c", ""], capture_output=True, check=False).returncode == 0
        ):
            query = [*command, "-c", "import sys; print(sys.executable)"]
            return subprocess.run(query, capture_output=True, text=True, check=True).stdout.strip()
    raise BuildError("Python 3.11 was not found: install it and run this command again.")


def make_environment() -> None:
    """Make .venv from the lock file, unless it already agrees with it."""
    digest = hashlib.sha256(LOCK_FILE.read_bytes()).hexdigest()
    stamp = ENVIRONMENT / "lock.sha256"
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == digest:
        return
    print(f"Making the environment in {ENVIRONMENT.name} (once; a few minutes) ...", flush=True)
    stamp.unlink(missing_ok=True)
    if not PYTHON.exists():
        subprocess.run([find_python(), "-m", "venv", "--clear", str(ENVIRONMENT)], check=True)
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(LOCK_FILE)]
    if subprocess.run(command, check=False).returncode != 0:
        raise BuildError("The packages could not be installed: check the network and run this command again.")
    stamp.write_text(digest)


def run(arguments: Sequence[str]) -> int:
    """Run the environment's Python in the repository's root and return its exit code."""
    return subprocess.run([str(PYTHON), *arguments], cwd=ROOT, check=False).returncode


def reconstruct(arguments: Sequence[str]) -> int:
    """Run the main job; relative paths are those of the caller."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [str(PYTHON), "-m", "pix2vertex_blender", *arguments]
    return subprocess.run(command, env=environment, check=False).returncode


def test(arguments: Sequence[str]) -> int:
    """Run lint, format check, types and tests, all of them even if one fails."""
    checks = (
        ["-m", "ruff", "check", "."],
        ["-m", "ruff", "format", "--check", "."],
        ["-m", "mypy"],
        ["-m", "pytest", *arguments],
    )
    failed = []
    for check in checks:
        print("+", "python", *check, flush=True)
        if run(check) != 0:
            failed.append(" ".join(check[1:3]))
    if failed:
        print("failed:", ", ".join(failed), flush=True)
    return 1 if failed else 0


@dataclass(frozen=True)
class WheelList:
    """The libraries of one platform's zip, as `wheels/wheels.toml` has them.

    Attributes
    ----------
    platform : str
        Blender's name of the platform, such as linux-x64.
    python : str
        Version of the Python they are for, such as 3.11.
    blender_version_max : str
        The first Blender with another Python.
    tags : tuple of str
        Wheel platform tags to ask for, best first.
    tag_pattern : str
        What the tags of a downloaded wheel look like.
    packages : dict of str to str
        Versions by name.
    """

    platform: str
    python: str
    blender_version_max: str
    tags: tuple[str, ...]
    tag_pattern: str
    packages: dict[str, str]


def this_platform() -> str:
    """Blender's name for the platform of this machine."""
    system = {"linux": "linux", "win32": "windows", "darwin": "macos"}.get(sys.platform, sys.platform)
    machine = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine())
    return f"{system}-{machine}"


def read_wheel_list(platform_name: str) -> WheelList:
    """Read the pinned wheels of a platform."""
    import tomllib

    content = tomllib.loads((WHEELS / "wheels.toml").read_text(encoding="utf-8"))
    platforms = content["platforms"]
    if platform_name not in platforms:
        raise BuildError(f"There is no package for {platform_name}: choose one of {', '.join(platforms)}.")
    chosen = platforms[platform_name]
    return WheelList(
        platform=platform_name,
        python=content["python"],
        blender_version_max=content["blender_version_max"],
        tags=tuple(chosen["tags"]),
        tag_pattern=chosen["tag_pattern"],
        packages=content["packages"] | chosen.get("packages", {}),
    )


def find_wheel(name: str, wheels: WheelList) -> Path | None:
    """Return a downloaded wheel of the list, or None."""
    python = "cp" + wheels.python.replace(".", "")
    for path in sorted(WHEELS.glob("*.whl")):
        distribution, version, *_build, interpreter, interface, machine = path.stem.split("-")
        if (
            re.sub(r"[-_.]+", "-", distribution).lower() == name
            and version == wheels.packages[name]
            and (python == interpreter or interface == "abi3" or "py3" in interpreter)
            and (machine == "any" or fnmatch.fnmatch(machine, wheels.tag_pattern))
        ):
            return path
    return None


def download_wheel(name: str, wheels: WheelList) -> Path:
    """Return the wheel of a package, downloaded if it is not there yet."""
    if (wheel := find_wheel(name, wheels)) is not None:
        return wheel
    pin = f"{name}=={wheels.packages[name]}"
    print(f"Downloading {pin} for {wheels.platform} ...", flush=True)
    command = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:"]
    command += ["--python-version", wheels.python, "--dest", str(WHEELS)]
    for tag in wheels.tags:
        command += ["--platform", tag]
    if run([*command, pin]) != 0 or (wheel := find_wheel(name, wheels)) is None:
        raise BuildError(
            f"The wheel {pin} for {wheels.platform} cannot be had: check the network, or name the package index"
            " that has it in the environment variable PIP_EXTRA_INDEX_URL."
        )
    return wheel


def filled_manifest(wheels: WheelList, files: Sequence[Path]) -> str:
    """Return the manifest with what depends on the platform, which goes before its first table."""
    names = ",\n".join(f'  "./wheels/{file.name}"' for file in files)
    platform_part = (
        f'blender_version_max = "{wheels.blender_version_max}"\n'
        f'platforms = ["{wheels.platform}"]\nwheels = [\n{names},\n]\n\n'
    )
    before, table, after = MANIFEST.read_text(encoding="utf-8").partition("[permissions]")
    return before + platform_part + table + after


def package_contents(wheels: WheelList) -> dict[str, Path | str]:
    """Return the files of a zip: their names in it and where they are, or their text."""
    files = [download_wheel(name, wheels) for name in sorted(wheels.packages)]
    contents: dict[str, Path | str] = {MANIFEST.name: filled_manifest(wheels, files)}
    contents |= {f"wheels/{file.name}": file for file in files}
    contents |= {name: ROOT / name for name in ("LICENSE", "NOTICE")}
    for path in PACKAGE.rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            contents[path.relative_to(PACKAGE).as_posix()] = path
    check_path_lengths(wheels, contents)
    return dict(sorted(contents.items()))


def check_path_lengths(wheels: WheelList, contents: dict[str, Path | str]) -> None:
    """Refuse files that Windows could not hold where Blender puts them."""
    installed = [f"user_default/pix2vertex/{name}" for name in contents]
    for path in contents.values():
        if wheels.platform.startswith("windows") and isinstance(path, Path) and path.suffix == ".whl":
            with zipfile.ZipFile(path) as wheel:
                installed += [f".local/lib/python{wheels.python}/site-packages/{name}" for name in wheel.namelist()]
    longest = max(installed, key=len)
    excess = len(WINDOWS_EXTENSIONS + longest) - WINDOWS_PATH_LIMIT
    if excess > 0:
        raise BuildError(f"Windows cannot hold {longest}, which is {excess} characters too long: take another version.")


def digest_of(contents: dict[str, Path | str]) -> str:
    """Return a digest of names and contents."""
    digest = hashlib.sha256()
    for name, content in contents.items():
        data = content.encode() if isinstance(content, str) else content.read_bytes()
        digest.update(f"{name}\0{len(data)}\0".encode())
        digest.update(data)
    return digest.hexdigest()


def write_zip(contents: dict[str, Path | str], path: Path) -> None:
    """Write a zip that depends on nothing but its contents."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in contents.items():
            entry = zipfile.ZipInfo(name)  # dated 1980
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_STORED if name.endswith(".whl") else zipfile.ZIP_DEFLATED
            archive.writestr(entry, content if isinstance(content, str) else content.read_bytes())


def validate(path: Path) -> None:
    """Have Blender's own tool check a zip and its manifest."""
    tool = next(ENVIRONMENT.glob("**/bpy/*/scripts/addons_core/bl_pkg/cli/blender_ext.py"))
    if run([str(tool), "validate", str(path)]) != 0:
        raise BuildError(f"Blender does not accept {path.name}: see the messages above.")


def package(arguments: Sequence[str]) -> int:
    """Make the extension's zip for one platform, unless it is there and nothing has changed."""
    parser = argparse.ArgumentParser(prog="build.py package", description="Make the extension's zip in dist/.")
    parser.add_argument("--platform", default=this_platform(), help="for which platform (default: %(default)s)")
    wheels = read_wheel_list(parser.parse_args(arguments).platform)
    contents = package_contents(wheels)
    [version] = re.findall(r'^version = "(.+)"', MANIFEST.read_text(encoding="utf-8"), re.MULTILINE)
    path = DISTRIBUTION / f"pix2vertex-{version}-{wheels.platform}.zip"
    stamp = path.with_suffix(".sha256")
    digest = digest_of(contents)
    if not (path.exists() and stamp.exists() and stamp.read_text() == digest):
        DISTRIBUTION.mkdir(exist_ok=True)
        stamp.unlink(missing_ok=True)
        write_zip(contents, path)
        validate(path)
        stamp.write_text(digest)
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.0f} MB")
    return 0


VERBS = {"reconstruct": reconstruct, "test": test, "package": package}


def main(arguments: Sequence[str]) -> int:
    """Run one verb and return the exit code."""
    if not arguments or arguments[0] not in VERBS:
        print(__doc__)
        return 0 if arguments and arguments[0] in ("-h", "--help") else 2
    try:
        make_environment()
        return VERBS[arguments[0]](arguments[1:])
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
