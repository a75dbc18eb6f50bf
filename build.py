"""What a developer runs: reconstruct a photo, test, package, benchmark. Needs Python 3.11 and nothing else of ours."""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

USAGE = """\
python3 build.py reconstruct [PHOTO ...] [--output DIR]     photos, or folders of them, become faces without a window
python3 build.py reconstruct --together PHOTO PHOTO ...     photos of one person become one face
python3 build.py wrap SCAN [--output DIR]                   a scanned head becomes one with our topology
python3 build.py video MOVIE [--output DIR]                 a movie of one face becomes the face and its animation
python3 build.py turn PHOTO --yaw 30 [--output FILE]        the photo from another side
python3 build.py reshape PHOTO [--output FILE]              the photo with other eyes, nose, mouth and cheeks
python3 build.py test [--fast] [PYTEST ARGUMENTS]           lint, types and all tests, or those that are not slow
python3 build.py package [--platform PLATFORM] [...]        this platform's extension zip in dist/
python3 build.py benchmark [--only SECTION ...]             what this machine can measure, in benchmarks/RESULTS.md
"""

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
LOCK_FILE = ROOT / "requirements.lock"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

#: Tests run in two processes side by side, those of one file in the same one.
SIDE_BY_SIDE = ("-n", "2", "--dist", "loadfile")

#: What ends a command from outside, and how long the command may take to clear up.
SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
PATIENCE_SECONDS = 2.7


class BuildError(Exception):
    """The command cannot be carried out; the text says why and what to do."""


class Ended(Exception):  # noqa: N818 - a wish from outside, not an error
    """A signal has ended the command that ran."""

    def __init__(self, number: int) -> None:
        self.number = number


def call(command: Sequence[str], **settings: Any) -> int:
    """Run a command to its end and return its exit code; a signal to this process is one to the command.

    Raises
    ------
    Ended
        After a signal, when the command has ended.
    """
    received: list[int] = []
    process: subprocess.Popen[bytes] | None = None

    def pass_on(number: int, _frame: FrameType | None = None) -> None:
        received.append(number)
        if process is None:
            return
        if number != signal.SIGINT or os.name != "nt":  # Ctrl-C reaches all programs of a Windows console by itself
            process.send_signal(number)
        if number != signal.SIGINT:
            timer = threading.Timer(PATIENCE_SECONDS, process.kill)
            timer.daemon = True
            timer.start()

    # What is switched off, for instance by nohup, stays so.
    before = {each: signal.getsignal(each) for each in SIGNALS if signal.getsignal(each) is not signal.SIG_IGN}
    for number in before:
        signal.signal(number, pass_on)
    try:
        process = subprocess.Popen(command, **settings)
        for number in received.copy():
            pass_on(number)
        code = process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if received:
        raise Ended(received[0])
    return code


def find_python() -> str:
    """Return a Python 3.11, the version of Blender 4.2 to 5.0.

    Raises
    ------
    BuildError
        If there is none.
    """
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
    """Make .venv from the lock file, unless it already agrees with it.

    Raises
    ------
    BuildError
        If that fails: what to do.
    """
    digest = hashlib.sha256(_locked_packages().encode()).hexdigest()
    stamp = ENVIRONMENT / "lock.sha256"
    if PYTHON.exists() and stamp.exists() and stamp.read_text() == digest:
        return
    print(f"Making the environment in {ENVIRONMENT.name} (once; a few minutes) ...", flush=True)
    stamp.unlink(missing_ok=True)
    if not PYTHON.exists() and call([find_python(), "-m", "venv", "--clear", str(ENVIRONMENT)]) != 0:
        raise BuildError(f"{ENVIRONMENT} could not be made: see the message above.")
    command = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(LOCK_FILE)]
    if call(command) != 0:
        raise BuildError("The packages could not be installed: check the network and run this command again.")
    stamp.write_text(digest)


def _locked_packages() -> str:
    """The lock file's packages, one a line, without what it explains."""
    lines = LOCK_FILE.read_text(encoding="utf-8").splitlines()
    return "".join(f"{line}\n" for line in lines if not line.startswith("#"))


def run(arguments: Sequence[str]) -> int:
    """Run the environment's Python in the repository's root and return its exit code."""
    return call([str(PYTHON), *arguments], cwd=ROOT)


def reconstruct(arguments: Sequence[str]) -> int:
    """Run the main job; relative paths are those of the caller."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [str(PYTHON), "-m", "pix2vertex_blender", *arguments]
    return call(command, env=environment)


def wrap(arguments: Sequence[str]) -> int:
    """Lay our head over a scan; relative paths are those of the caller."""
    return reconstruct(["wrap", *arguments])


def video(arguments: Sequence[str]) -> int:
    """Turn a movie into a face and its animation; relative paths are those of the caller."""
    return reconstruct(["video", *arguments])


def turn(arguments: Sequence[str]) -> int:
    """Show a photo from another side; relative paths are those of the caller."""
    return reconstruct(["turn", *arguments])


def reshape(arguments: Sequence[str]) -> int:
    """Show a photo with another shape of the face; relative paths are those of the caller."""
    return reconstruct(["reshape", *arguments])


def test(arguments: Sequence[str]) -> int:
    """Run lint, format check, types and tests, all of them even if one fails; tell which tests took longest."""
    chosen = [part for word in arguments for part in (["-m", "not slow"] if word == "--fast" else [word])]
    checks = (
        ["-m", "ruff", "check", "."],
        ["-m", "ruff", "format", "--check", "."],
        ["-m", "mypy"],
        ["-m", "pytest", "--durations=15", *SIDE_BY_SIDE, *chosen],
    )
    failed = []
    for check in checks:
        print("+", "python", *check, flush=True)
        if run(check) != 0:
            failed.append(" ".join(check[1:3]))
    if failed:
        print("failed:", ", ".join(failed), flush=True)
    return 1 if failed else 0


def package(arguments: Sequence[str]) -> int:
    """Make the extension's zips."""
    return run(["-m", "packager", *arguments])


def benchmark(arguments: Sequence[str]) -> int:
    """Run the benchmarks and write their results."""
    return run([str(ROOT / "benchmarks" / "results.py"), *arguments])


VERBS = {
    "reconstruct": reconstruct,
    "wrap": wrap,
    "video": video,
    "turn": turn,
    "reshape": reshape,
    "test": test,
    "package": package,
    "benchmark": benchmark,
}


def main(arguments: Sequence[str]) -> int:
    """Run one verb and return the exit code."""
    if not arguments or arguments[0] not in VERBS:
        print(USAGE, end="")
        return 0 if arguments and arguments[0] in ("-h", "--help") else 2
    try:
        make_environment()
        return VERBS[arguments[0]](arguments[1:])
    except BuildError as error:
        print(error, file=sys.stderr)
        return 1
    except Ended as end:
        return 128 + end.number
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
