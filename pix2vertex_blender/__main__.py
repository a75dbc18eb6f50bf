"""`python -m pix2vertex_blender [PHOTO]`: the main job in a headless Blender, the `bpy` package."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from .errors import sentence_for
from .files import undone_if_ended
from .stop_signals import end_cleanly_on_signals


def _start_with_assertions() -> None:
    """Begin anew if Python leaves out assertions: Blender's exporters decide by them what to write."""
    command = [sys.executable, "-m", "pix2vertex_blender", *sys.argv[1:]]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONOPTIMIZE"}
    if os.name == "nt":  # where exec returns to the caller at once
        sys.exit(subprocess.run(command, env=environment, check=False).returncode)
    os.execve(sys.executable, command, environment)


def _take_temporary_folder() -> Path:
    """Make a folder in which all temporary files of this process lie, Blender's and its children's too.

    Raises
    ------
    OSError
        If there is no room for one.
    """
    folder = tempfile.mkdtemp(prefix="pix2vertex_")
    os.environ.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), folder))
    tempfile.tempdir = folder
    return Path(folder)


def _run() -> None:
    end_cleanly_on_signals()
    logs = Path(tempfile.gettempdir())
    temporary = _take_temporary_folder()
    with undone_if_ended(lambda: shutil.rmtree(temporary, ignore_errors=True)):
        try:
            from .addon.headless.command_line import run_process

            run_process(sys.argv[1:], temporary, logs)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


if __name__ == "__main__":
    if sys.flags.optimize:
        _start_with_assertions()
    try:
        _run()
    except OSError as error:
        sys.exit(sentence_for(error))
