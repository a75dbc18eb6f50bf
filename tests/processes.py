"""Processes by their number, on each of the three systems."""

import os
import signal
import subprocess
import sys
from pathlib import Path


def kill(process_id: int) -> None:
    """End a process at once, without asking it."""
    # On Windows every signal ends a process at once, and this one is not there.
    os.kill(process_id, getattr(signal, "SIGKILL", signal.SIGTERM))


def process_exists(process_id: int) -> bool:
    """Whether a process is there and not a zombie."""
    if sys.platform == "win32":
        command = ["tasklist", "/FI", f"PID eq {process_id}", "/FO", "CSV", "/NH"]
        return f'"{process_id}"' in subprocess.run(command, capture_output=True, text=True, check=True).stdout
    if sys.platform == "darwin":
        command = ["ps", "-o", "stat=", "-p", str(process_id)]
        state = subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()
        return bool(state) and not state.startswith("Z")
    try:
        status = Path(f"/proc/{process_id}/stat").read_text(encoding="utf-8")
    except FileNotFoundError:
        return False
    return status.rsplit(")", 1)[1].split()[0] != "Z"
