"""The extension's zip, and a Blender that has nothing but what Blender brings."""

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

#: What is installed with Blender: itself, numpy, and what its extensions manager needs.
BLENDERS_OWN = (
    "bpy",
    "numpy",
    "numpy.libs",
    "requests",
    "urllib3",
    "certifi",
    "idna",
    "charset_normalizer",
    "zstandard",
)


@pytest.fixture(scope="session")
def extension_zip() -> Path:
    """This platform's zip, made anew if anything in it has changed."""
    process = subprocess.run([sys.executable, "-m", "packager"], capture_output=True, text=True, check=False, cwd=ROOT)
    if "cannot be had" in process.stderr:
        pytest.skip(process.stderr.strip().splitlines()[-1])
    assert process.returncode == 0, process.stderr
    return ROOT / process.stdout.splitlines()[-1].partition(":")[0]


@pytest.fixture
def bare_blender(tmp_path: Path) -> Path:
    """The Python of a new environment with Blender's own modules and no torch."""
    environment = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    installed = Path(sysconfig.get_path("purelib"))
    own = Path(sysconfig.get_path("purelib", "venv", {"base": str(environment)}))
    for name in BLENDERS_OWN:
        if (installed / name).exists():  # numpy.libs is not everywhere
            _link_folder(installed / name, own / name)
    return _python_of(environment)


def _link_folder(folder: Path, link: Path) -> None:
    """Make a folder appear in another place; on Windows without the privilege that symbolic links need there."""
    if sys.platform == "win32":
        import _winapi

        _winapi.CreateJunction(str(folder), str(link))
    else:
        link.symlink_to(folder)


def _python_of(environment: Path) -> Path:
    """The Python of a virtual environment."""
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


@pytest.fixture(scope="session")
def blender_52() -> Path:
    """The Python of an environment with Blender 5.2 and nothing of ours, kept for the next run."""
    pinned = Path(__file__).with_name("blender52.txt")
    environment = ROOT / ".cache" / f"blender52-{hashlib.sha256(pinned.read_bytes()).hexdigest()[:8]}"
    python = _python_of(environment)
    if (environment / "complete").exists():
        return python
    if (interpreter := _find_python_313()) is None:
        pytest.skip("Blender 5.2 needs Python 3.13, which was not found")
    subprocess.run([interpreter, "-m", "venv", "--clear", str(environment)], check=True)
    command = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    if subprocess.run([*command, "-r", str(pinned)], check=False).returncode != 0:
        pytest.skip("Blender 5.2 cannot be had from the package index")
    (environment / "complete").touch()
    return python


def _find_python_313() -> str | None:
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [shutil.which("python3.13"), *sorted(pyenv.glob("versions/3.13.*/bin/python3.13"))]
    for candidate in candidates:
        if candidate and subprocess.run([candidate, "-c", ""], capture_output=True, check=False).returncode == 0:
            return str(candidate)
    return None
