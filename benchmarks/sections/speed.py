"""Time and memory by stage and their growth, beside the previous release's."""

import json
import subprocess
import tempfile
from pathlib import Path

from benchmarks import speed

from .section import Context, Section, SectionAbsentError


def speed_and_memory(context: Context) -> Section:
    """Time and memory by stage and their growth."""
    baseline = speed.read_baseline()
    with tempfile.TemporaryDirectory() as temporary:
        try:
            measured = speed.measure(speed.write_default_photo(Path(temporary)), growth=True)
        except subprocess.CalledProcessError as error:
            raise SectionAbsentError("the product stopped while it was measured") from error
    (context.output / "speed.json").write_text(json.dumps(measured, indent=1))
    section = Section("Speed and memory", list(speed.tables(measured, baseline)))
    section.notes.append(
        "The portrait of an astronaut, without Blender: the first reconstruction of a process is cold, the second warm:"
        " the photo has been searched for faces already, as it has when an artist clicks."
    )
    if "cuda" not in measured["devices"] and len(measured["devices"]) == 1:
        section.notes.append("There is no graphics card on this machine.")
    if baseline:
        same = "the same kind of machine" if baseline["machine"] == measured["machine"] else baseline["machine"]
        section.notes.append(f"The baseline is version {baseline['version']}, measured on {same}.")
    return section
