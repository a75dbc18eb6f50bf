"""Opens Blender's real window, installs the extension, looks at every panel and clicks through a session.

    .venv/bin/python tests/gui/window.py [--blender 4.3|5.2] [--zip ZIP] [--language zh_HANS] [--only PART]

The window is that of the harness `blender-gui.sh` in the development data's `tools` folder (`PIX2VERTEX_SHARED`);
where there is none, a sentence says so and nothing is tested. Pictures and the times of the clicks go to
out/window/<Blender>.

Without `--zip`, the extension is installed without libraries, and its worker runs outside of the window's system with
this environment's libraries: whatever the window's own Python, everything between click and object is real but the
process's place. With `--zip`, the zip is installed as it is, and its own libraries work.
"""

import argparse
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from PIL import Image, ImageChops

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))

from packager import archive, targets  # noqa: E402 - importable only now
from pix2vertex_blender import limits  # noqa: E402

SHARED = Path(os.environ.get("PIX2VERTEX_SHARED", ROOT.parent / "shared"))
HARNESS = SHARED / "tools" / "blender-gui.sh"
SUITES = {"4.3": "trixie", "5.2": "sid"}
WORKER = ROOT / "pix2vertex_blender" / "worker.py"
#: As Blender's process would start it.
_WORKERS_ENVIRONMENT = {**os.environ, **limits.environment(threads=0, memory_limit=0.0)}

_ONLY = (
    "first: from a photo to a textured FBX in Blender as it ships, action by action; "
    "mishaps: Esc in the middle, undo, and the file opened again; "
    "panels: only their pictures; session: only the clicks of a longer session; pins: only dragging and Refit; "
    "faults: the extension disabled while it works; wrap: only scans and heads of one's own; "
    "documentation: the pictures of the window in docs/"
)

#: What Blender may take in all, on a computer that does other things as well.
SESSION_SECONDS = 1500


def main() -> int:
    """Run one session; returns 0 if all of it worked."""
    options = _parser().parse_args()
    if not HARNESS.exists():
        print(
            f"Blender's window is not tested: {HARNESS.name} was not found (see PIX2VERTEX_SHARED in CONTRIBUTING.md)."
        )
        return 0
    folder = ROOT / "out" / "window" / f"{options.blender}{'-' + options.language if options.language else ''}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    session = Session(options.blender, folder)
    session.harness("setup")
    zip_path = options.zip or zip_without_libraries(folder)
    for script in HERE.glob("*.py"):
        shutil.copy(script, folder)
    shutil.copy(ROOT / "pix2vertex_blender" / "data" / "astronaut.jpg", folder / "photo.jpg")
    with Image.open(folder / "photo.jpg") as photo:
        photo.save(folder / "photo.png")
    task = {"only": options.only, "language": options.language, "bridge": options.zip is None}
    (folder / "task.json").write_text(json.dumps(task))
    if options.zip is None:
        WorkerHost(folder / "worker.socket").start()
    started = time.perf_counter()
    local = folder / "extension.zip"
    if options.zip is not None:
        shutil.copy(zip_path, local)
    session.harness("run", "--command", "extension", "install-file", "-r", "user_default", "--enable", local.name)
    print(f"{'Install the extension':<44}{time.perf_counter() - started:7.1f} s", flush=True)
    session.window("--python", "inside.py")
    return report(folder)


def report(folder: Path) -> int:
    """Cut the sidebar out of the pictures of panels, and say whether everything worked."""
    path = folder / "seen.json"
    if not path.exists():
        print("Blender ended without a result: see log.txt beside the pictures.")
        return 1
    seen = json.loads(path.read_text())
    for name, (left, top, width, height) in seen["sidebars"].items():
        file = folder / f"{name}.png"
        if file.exists():
            with Image.open(file) as picture:
                picture.crop((left, top, left + width, top + height)).save(folder / f"{name}.sidebar.png")
    seen["faults"] += unchanged(folder)
    for sentence in seen["faults"]:
        print("FAULT:", sentence)
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder.relative_to(ROOT)}")
    return 1 if seen["faults"] else 0


def unchanged(folder: Path) -> list[str]:
    """A sentence for each picture after an action that shows the same as the one before it."""
    pictures = sorted(folder.glob("first_[0-9][0-9].png"))
    sentences = []
    for before, after in itertools.pairwise(pictures):
        with Image.open(before) as one, Image.open(after) as other:
            if ImageChops.difference(one.convert("RGB"), other.convert("RGB")).getbbox() is None:
                sentences.append(f"{after.name} equals {before.name}: the artist sees nothing happen.")
    return sentences


class Session:
    """The harness with a profile of its own, so that nobody's Blender is changed and none is disturbed."""

    def __init__(self, blender: str, folder: Path) -> None:
        self._folder = folder
        (folder / "profile").mkdir()
        self._environment = os.environ | {
            "BLENDER_SUITE": SUITES[blender],
            "BLENDER_PROFILE": str(folder / "profile"),
            "BLENDER_OUT": str(folder),
            "BLENDER_SESSION": f"pix2vertex-{folder.name}-{os.getpid()}",
            "BLENDER_THREADS": "1",
            "BLENDER_SCREEN": "1600x1000",
            "TMPDIR": str(folder / "temporary"),
            "BLENDER_PASS": "TMPDIR",
        }
        (folder / "temporary").mkdir()

    def harness(self, *arguments: str) -> None:
        """Run one of the harness's verbs to its end."""
        with (self._folder / "log.txt").open("ab") as log:
            command = [str(HARNESS), *arguments]
            subprocess.run(command, cwd=self._folder, env=self._environment, stdout=log, stderr=log, check=True)

    def window(self, *arguments: str) -> None:
        """Open the window until the script in it ends, showing its lines that begin with a tab."""
        command = [str(HARNESS), "run", *arguments]
        process = subprocess.Popen(
            command,
            cwd=self._folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        timer = threading.Timer(SESSION_SECONDS, process.send_signal, [signal.SIGTERM])
        timer.start()
        assert process.stdout is not None
        with (self._folder / "log.txt").open("a") as log:
            for line in process.stdout:
                log.write(line)
                log.flush()
                if line.startswith("\t"):
                    print(line[1:], end="", flush=True)
        process.wait()
        timer.cancel()


class WorkerHost(threading.Thread):
    """Starts the real worker, with this environment's libraries, for each connection from the window's system."""

    def __init__(self, address: Path) -> None:
        super().__init__(daemon=True)
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(os.path.relpath(address))
        self._socket.listen()
        self._log = address.with_name("worker.txt")

    def run(self) -> None:
        """Serve until the process ends."""
        while True:
            connection, _address = self._socket.accept()
            with connection, self._log.open("ab") as log:
                command = [sys.executable, str(WORKER)]
                subprocess.Popen(command, stdin=connection, stdout=connection, stderr=log, env=_WORKERS_ENVIRONMENT)


def zip_without_libraries(folder: Path) -> Path:
    """The extension for any Blender, without its wheels."""
    contents = archive.package_contents(targets.read_target(targets.this_platform(), "4.2"), [])
    contents["blender_manifest.toml"] = archive.MANIFEST.read_text(encoding="utf-8")
    archive.write_zip(contents, folder / "extension.zip")
    return folder / "extension.zip"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--blender", choices=SUITES, default="4.3", help="which window (default: %(default)s)")
    parser.add_argument("--zip", type=Path, help="the extension's zip; its own libraries are used")
    parser.add_argument("--language", default="", help="Blender's name of the interface's language, such as zh_HANS")
    parser.add_argument(
        "--only",
        choices=("first", "mishaps", "panels", "session", "pins", "faults", "wrap", "documentation"),
        help=_ONLY,
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
