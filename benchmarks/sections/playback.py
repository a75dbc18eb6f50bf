"""How fast Blender plays a take on a rigged face."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.tables import Table

from .section import Context, Section, SectionAbsentError

SCRIPT = Path(__file__).resolve().parents[1] / "playback.py"


def playback(_context: Context) -> Section:
    """Frames a second by level of subdivision, in a Blender of its own."""
    result = subprocess.run([sys.executable, str(SCRIPT)], capture_output=True, text=True, check=False)
    rows = [json.loads(line) for line in result.stdout.splitlines() if line.startswith('{"level"')]
    if result.returncode != 0 or not rows:
        raise SectionAbsentError("Blender stopped while it was measured")
    columns = ("level", "vertices", "frames a second", "processor ms a frame")
    table = Table("playback", "Playback of a take by level", columns, [list(row.values()) for row in rows], digits=1)
    section = Section("Playback", [table])
    section.notes.append(
        "A take of Live Link Face with all 61 columns moving, on a head with 52 expressions, eyeballs and the rig;"
        " keys, drivers, bones and skin are evaluated, nothing is drawn."
    )
    return section
