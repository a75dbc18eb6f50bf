"""What all sessions in Blender's window share: pressing, waiting, pictures, and what went wrong."""

import contextlib
import importlib
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy
import pointer

FOLDER = Path(__file__).resolve().parent
ADDON = "bl_ext.user_default.pix2vertex"
TASK = json.loads((FOLDER / "task.json").read_text())
PHOTO = str(FOLDER / "photo.png")

#: How long something may take on a busy computer without a GPU.
PATIENCE = 400.0

#: How panels are registered at first.
_FIRST: dict[type, tuple[str, set[str], str]] = {}

seen: dict[str, dict | list] = {"sidebars": {}, "seconds": {}, "faults": []}


def module(name: str):
    return importlib.import_module(f"{ADDON}.{name}")


def running() -> bool:
    """Whether the add-on works on something."""
    return module("addon.process.session").SESSION.running_job is not None


def fault(sentence: str) -> None:
    seen["faults"].append(sentence)
    print("\tFAULT: " + sentence, flush=True)


def faces() -> list[bpy.types.Object]:
    read_provenance = module("addon.scene.face_object").read_provenance
    return [item for item in bpy.data.objects if read_provenance(item) is not None]


def textures() -> list[bpy.types.Image]:
    materials = [slot.material for slot in faces()[0].material_slots if slot.material and slot.material.use_nodes]
    nodes = [node for material in materials for node in material.node_tree.nodes]
    return [node.image for node in nodes if node.type == "TEX_IMAGE" and node.image]


def picture(name: str) -> Iterator[float]:
    """A picture of the window; the sidebar is cut out of it later."""
    _window, area, _sidebar, viewport = pointer.view()
    pointer.move(viewport.x + 80, 10)  # away from the sidebar, where buttons would look different under it
    area.tag_redraw()
    yield 1.0
    seen["sidebars"][name] = pointer.sidebar_rectangle()
    pointer.shot(str(FOLDER / f"{name}.png"))


def show_tab() -> Iterator[float]:
    """Open the sidebar on our tab, which exists only after a first draw."""
    for _attempt in range(60):
        _window, area, sidebar, _viewport = pointer.view()
        area.spaces.active.show_region_ui = True
        with contextlib.suppress(AttributeError, TypeError):
            sidebar.active_panel_category = pointer.TAB
        area.tag_redraw()
        yield 0.5
        if sidebar.active_panel_category == pointer.TAB:
            yield 1.0
            return
    fault("The sidebar has no tab of ours.")


def wait(condition: Callable[[], bool], patience: float = PATIENCE) -> Iterator[float]:
    """Wait for something; the generator's value says whether it happened."""
    end = time.perf_counter() + patience
    while not condition():
        if time.perf_counter() > end:
            return False
        yield 0.1
    return True


def only(*labels: str) -> None:
    """Show only the panels with these labels, open, or all of them as they are at first."""
    panels = module("addon.panels").CLASSES
    for panel in reversed(panels):
        if panel.is_registered:
            bpy.utils.unregister_class(panel)
    for panel in panels:
        name, options, parent = _FIRST.setdefault(
            panel,
            (panel.bl_idname, set(getattr(panel, "bl_options", set())), getattr(panel, "bl_parent_id", "")),
        )
        panel.bl_idname, panel.bl_options, panel.bl_parent_id = name, options, parent
        if panel.bl_label in labels:  # under another name, since Blender remembers which panels are folded
            panel.bl_idname, panel.bl_options, panel.bl_parent_id = name + "_alone", options - {"DEFAULT_CLOSED"}, ""
        if not labels or panel.bl_label in labels:
            bpy.utils.register_class(panel)


def timed(
    name: str, action: Callable[[], None], condition: Callable[[], bool], started: float | None = None
) -> Iterator[float]:
    """Do something and tell how long it took until a condition held, counted from `started` if it began before."""
    patience = PATIENCE if started is None else 20.0
    started = time.perf_counter() if started is None else started
    action()
    happened = yield from wait(condition, patience)
    took = time.perf_counter() - started
    seen["seconds"][name] = round(took, 2)
    print(f"\t{name:<44}{took:7.1f} s{'' if happened else '   did not happen'}", flush=True)
    error = module("addon.process.session").SESSION.error
    if not happened or error:
        fault(f"{name}: {error or 'nothing happened'}")
    return happened


def press(name: str, operator: str, condition: Callable[[], bool], panel: str = "") -> Iterator[float]:
    """Click an operator's button in a panel, or say that there is none."""
    if not hasattr(bpy.types, "PIX2VERTEX_OT_" + operator):
        fault(f"{name}: the operator pix2vertex.{operator} does not exist.")
        return False
    if panel:
        only(panel)
        yield from show_tab()
    button = yield from pointer.find(f"pix2vertex.{operator}(")
    if button is None:
        yield from picture(f"missing_{operator}")
        fault(f"{name}: the button pix2vertex.{operator} was not found.")
        return False
    return (yield from timed(name, lambda: pointer.click(button), condition))


def idle() -> bool:
    return not running() and not module("addon.process.session").SESSION.operator


def browser() -> tuple[bpy.types.Window, bpy.types.Area] | None:
    """The file browser, once it is there."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "FILE_BROWSER" and area.spaces.active.params:
                return window, area
    return None


def use_bridge() -> None:
    """Have the worker run outside of the window's system, where its libraries are, if the task says so."""
    if TASK["bridge"]:
        module("addon.process.session").WORKER_SCRIPT = FOLDER / "bridge.py"


def forget_panels() -> None:
    """After the extension was disabled its panels are others."""
    _FIRST.clear()
