"""Runs inside Blender's window: the session that the task names. Started by `window.py`."""

import json
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import bpy

sys.path.insert(0, str(Path(__file__).resolve().parent))

from disabling import disable
from documentation import documentation
from first_minutes import first
from hand import FOLDER, TASK, fault, only, seen, show_tab
from long_session import choose_photo, correct, detail, export, inspect, reconstruct, refit, start, texture
from mishaps import mishaps
from panel_pictures import panels, preferences
from wrapping import wrap


def whole() -> Iterator[float]:
    """Everything, each step on its own, so that one fault hides no other."""
    if TASK["only"] in ("first", "mishaps"):  # in the scene as Blender opens it
        yield from (first if TASK["only"] == "first" else mishaps)()
        return
    yield from start()
    begun = [choose_photo, reconstruct]
    corrected, rest = [*begun, correct, refit], [detail, inspect, texture, export]
    pictures = [panels, preferences]
    steps = {
        "documentation": [documentation],
        "pins": corrected,
        "panels": [*begun, *pictures],
        "faults": [*begun, disable],
        "wrap": [wrap],
        "session": [*corrected, *rest, disable],
    }.get(TASK["only"], [*corrected, *rest, *pictures, wrap, disable])
    for step in steps:
        try:
            only()
            yield from show_tab()
            yield from step()
        except Exception:
            traceback.print_exc()
            fault(f"{step.__name__}: {traceback.format_exc().splitlines()[-1]}")


_steps = whole()


def tick() -> float | None:
    """Run to the next wait; at the end, write what was seen and close Blender."""
    try:
        return next(_steps)
    except StopIteration:
        pass
    except Exception:
        traceback.print_exc()
        fault(traceback.format_exc().splitlines()[-1])
    (FOLDER / "seen.json").write_text(json.dumps(seen, indent=2))
    bpy.ops.wm.quit_blender()
    return None


bpy.app.timers.register(tick, first_interval=2.0, persistent=True)
