"""Other people's software in environments of its own, outside the repository, with pinned versions."""

import hashlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SCRIPTS = Path(__file__).resolve().parent
INSTALLATION_SECONDS = 600


class PeerAbsentError(Exception):
    """A peer cannot be installed or does not run here; the text says why."""


@dataclass(frozen=True)
class Peer:
    """Other software.

    Attributes
    ----------
    name : str
        With its version, for tables.
    folder : str
        Of its environment.
    requirements : tuple of str
        All packages with versions: nothing else is installed.
    script : str
        What of this folder runs in it.
    """

    name: str
    folder: str
    requirements: tuple[str, ...]
    script: str


TRIMESH = Peer("trimesh 4.5.3", "trimesh", ("trimesh==4.5.3", "numpy==1.26.4", "scipy==1.15.3"), "trimesh_nricp.py")
#: The last packages of MediaPipe's first interface, whose wheel holds the models: it needs no network.
MEDIAPIPE = Peer(
    "MediaPipe 0.10.14",
    "mediapipe",
    (
        "mediapipe==0.10.14",
        "absl-py==2.1.0",
        "attrs==24.2.0",
        "contourpy==1.3.3",
        "cycler==0.12.1",
        "flatbuffers==24.3.25",
        "fonttools==4.68.0",
        "kiwisolver==1.5.1",
        "matplotlib==3.9.4",
        "numpy==1.26.4",
        "opencv-python-headless==4.11.0.86",
        "packaging==26.3",
        "pillow==13.0.0",
        "protobuf==4.25.5",
        "pyparsing==3.3.3",
        "python-dateutil==4.0.0",
        "tzdata==2026.6",
    ),
    "mediapipe_face_mesh.py",
)


def cache_folder() -> Path:
    """Where the environments are kept."""
    return Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "pix2vertex-benchmarks"


def environment_of(peer: Peer) -> Path:
    """The Python of a peer's environment, which is made if it is not there.

    Raises
    ------
    PeerAbsentError
    """
    digest = hashlib.sha256("\n".join(peer.requirements).encode()).hexdigest()[:12]
    folder = cache_folder() / f"{peer.folder}-{digest}"
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    complete = folder / "complete"
    if complete.exists():
        return python
    shutil.rmtree(folder, ignore_errors=True)
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-compile"]
    try:
        _run([sys.executable, "-m", "venv", "--without-pip", str(folder)], INSTALLATION_SECONDS)
        _run([*install, *peer.requirements], INSTALLATION_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise PeerAbsentError(f"{peer.name} could not be installed") from error
    complete.touch()
    return python


def run_peer(peer: Peer, arguments: list[str], seconds: float) -> None:
    """Run a peer's script in its environment.

    Raises
    ------
    PeerAbsentError
        If it cannot be installed, fails or takes longer.
    """
    python = environment_of(peer)
    try:
        _run([str(python), str(SCRIPTS / peer.script), *arguments], seconds)
    except (OSError, subprocess.SubprocessError) as error:
        raise PeerAbsentError(f"{peer.name} does not run here: {_last_line(error)}") from error


def _run(command: list[str], seconds: float) -> None:
    subprocess.run(command, check=True, timeout=seconds, capture_output=True, text=True)


def _last_line(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError) and error.stderr:
        return str(error.stderr).strip().splitlines()[-1]
    return type(error).__name__
