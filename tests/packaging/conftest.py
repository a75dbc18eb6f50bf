"""The extension's zip, and a Blender that has nothing but what Blender brings."""

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
    output = subprocess.run(
        [sys.executable, "-m", "packager"], capture_output=True, text=True, check=True, cwd=ROOT
    ).stdout
    return ROOT / output.splitlines()[-1].partition(":")[0]


@pytest.fixture
def bare_blender(tmp_path: Path) -> Path:
    """The Python of a new environment with Blender's own modules and no torch."""
    environment = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    installed = Path(sysconfig.get_path("purelib"))
    own = next(environment.glob("lib/python*/site-packages"))
    for name in BLENDERS_OWN:
        (own / name).symlink_to(installed / name)
    return environment / "bin" / "python"
