"""Runs inside Blender's window: takes the pictures and clicks through a session. Started by `window.py`."""

import contextlib
import importlib
import json
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy
from bpy_extras import view3d_utils

FOLDER = Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER))

import pointer  # noqa: E402 - importable only now

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


# The session, step by step.


def start() -> Iterator[float]:
    """A new scene with our tab open."""
    if ADDON not in bpy.context.preferences.addons:
        fault("The extension is not enabled.")
        return
    bpy.context.preferences.view.show_splash = False
    if TASK["language"]:
        bpy.context.preferences.view.language = TASK["language"]
        bpy.context.preferences.view.use_translate_interface = True
    if TASK["bridge"]:
        module("addon.process.session").WORKER_SCRIPT = FOLDER / "bridge.py"
    bpy.context.scene.pix2vertex.detail_level = 1  # for a window that is drawn without a GPU
    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)
    yield from show_tab()
    yield from picture("start")


def choose_photo() -> Iterator[float]:
    """As the file browser would."""

    def choose() -> None:
        window, area, _sidebar, viewport = pointer.view()
        with bpy.context.temp_override(window=window, area=area, region=viewport):
            if hasattr(bpy.types, "PIX2VERTEX_OT_choose_photo"):
                bpy.ops.pix2vertex.choose_photo("EXEC_DEFAULT", filepath=PHOTO)
            else:
                bpy.context.scene.pix2vertex.photo = PHOTO

    yield from timed("Choose the photo", choose, lambda: bpy.context.scene.pix2vertex.photo == PHOTO)
    if hasattr(bpy.types, "PIX2VERTEX_OT_find_faces"):
        search_of = module("addon.process.photo_search").search_of

        def found() -> bool:
            search = search_of(bpy.context.scene.pix2vertex)
            return search is not None and not search.is_running

        if not (search_of(bpy.context.scene.pix2vertex)):
            yield from press("Find the face", "find_faces", found)
        else:
            yield from timed("Find the face", lambda: None, found)
    yield from picture("photo_chosen")


def reconstruct() -> Iterator[float]:
    """Start, cancel with Esc, start again."""
    yield from press("Reconstruct Face: started", "reconstruct", running)
    left, top, _width, height = pointer.sidebar_rectangle()
    pointer.move(left - 300, top + height // 2)
    yield from timed("Esc: cancelled", lambda: pointer.xdotool("key", "Escape"), idle)
    yield from picture("cancelled")
    if faces():
        fault("A cancelled reconstruction left an object.")
    yield from press("Reconstruct Face: started again", "reconstruct", running)
    yield 0.5
    yield from picture("running")
    yield from timed("Reconstruct Face: done", lambda: None, lambda: bool(faces()) and idle())
    window, area, _sidebar, viewport = pointer.view()
    with bpy.context.temp_override(window=window, area=area, region=viewport):
        bpy.ops.view3d.view_selected()
    yield from picture("face")


def correct() -> Iterator[float]:
    """Drag a pin in the viewport."""
    landmark_pins = module("addon.scene.landmark_pins")
    face = faces()[0]
    shown = yield from press("Show Pins", "show_pins", lambda: bool(landmark_pins.pins_of(face)), "Correct")
    yield from picture("pins")
    if not shown:
        return
    window, _area, _sidebar, viewport = pointer.view()
    pins = landmark_pins.pins_of(face)
    before = [pin.location.copy() for pin in pins]
    pin = pins[48]  # a corner of the mouth, where the inner lips have one as well
    place = view3d_utils.location_3d_to_region_2d(viewport, viewport.data, pin.matrix_world.translation)
    x, y = viewport.x + int(place.x), window.height - viewport.y - int(place.y)
    started = time.perf_counter()
    yield from pointer.drag(x, y, -24, 12)
    yield from timed("Drag a pin", lambda: None, lambda: [each.location for each in pins] != before, started)
    yield from picture("pin_moved")


def refit() -> Iterator[float]:
    before = [tuple(vertex.co) for vertex in faces()[0].data.vertices[:2000]]
    yield from press(
        "Refit",
        "refit",
        lambda: idle() and [tuple(vertex.co) for vertex in faces()[0].data.vertices[:2000]] != before,
        "Correct",
    )
    yield from picture("refitted")


def detail() -> Iterator[float]:
    """Set the slider of the detail's strength."""
    only("Face")
    yield from show_tab()
    key = faces()[0].data.shape_keys.key_blocks["Detail"]
    slider = yield from pointer.find('key_blocks["Detail"].value', 0.75)
    if slider is None:
        yield from picture("missing_detail_slider")
        fault("Detail: the slider was not found.")
        return
    before, started = key.value, time.perf_counter()
    pointer.click(slider)  # without a drag it takes a number
    yield 1.0
    pointer.xdotool("key", "ctrl+a")
    pointer.xdotool("type", "0.4")
    pointer.xdotool("key", "Return")
    if not (yield from timed("Set the detail slider", lambda: None, lambda: key.value != before, started)):
        pointer.xdotool("key", "Escape")
    yield from picture("detail")
    key.value = 1.0


def inspect() -> Iterator[float]:
    shows_photo = module("addon.views.photo_view").shows_photo
    yield from press("Show over Photo", "show_over_photo", lambda: shows_photo(bpy.context.scene), "Inspect")
    yield from picture("over_photo")


def texture() -> Iterator[float]:
    session = module("addon.process.session").SESSION

    def projected() -> bool:
        return idle() and session.last_operator == "pix2vertex.project_photo" and bool(textures())

    yield from press("Project Photo", "project_photo", projected, "Face")
    _window, area, _sidebar, _viewport = pointer.view()
    area.spaces.active.shading.color_type = "TEXTURE"  # EEVEE takes minutes without a GPU
    yield 3.0
    yield from picture("textured")
    area.spaces.active.shading.color_type = "MATERIAL"


def textures() -> list[bpy.types.Image]:
    materials = [slot.material for slot in faces()[0].material_slots if slot.material and slot.material.use_nodes]
    nodes = [node for material in materials for node in material.node_tree.nodes]
    return [node.image for node in nodes if node.type == "TEX_IMAGE" and node.image]


def export() -> Iterator[float]:
    """Through the file browser that the button opens, and back in another scene."""
    path = FOLDER / "exported.fbx"

    def browser() -> tuple | None:
        for window in bpy.context.window_manager.windows:
            for area in window.screen.areas:
                if area.type == "FILE_BROWSER" and area.spaces.active.params:
                    return window, area
        return None

    bpy.context.scene.pix2vertex.export.file_format = "FBX"
    happened = yield from press("Export: the file browser opens", "export", lambda: browser() is not None, "Export")
    if not happened:
        return
    yield 1.0
    pointer.shot(str(FOLDER / "file_browser.png"))
    window, area = browser()

    def confirm() -> None:
        area.spaces.active.params.directory = str(FOLDER).encode()
        area.spaces.active.params.filename = path.name
        region = next(region for region in area.regions if region.type == "WINDOW")
        with bpy.context.temp_override(window=window, area=area, region=region):
            bpy.ops.file.execute()

    yield from timed("Export FBX", confirm, path.exists)
    yield 2.0
    main_window, view_area, _sidebar, viewport = pointer.view()
    with bpy.context.temp_override(window=main_window, area=view_area, region=viewport):
        bpy.ops.scene.new(type="EMPTY")
    yield 1.0

    def read() -> None:
        with bpy.context.temp_override(window=main_window, area=view_area, region=viewport):
            bpy.ops.import_scene.fbx(filepath=str(path))

    yield from timed("Import it into another scene", read, lambda: any(imported()))
    with bpy.context.temp_override(window=main_window, area=view_area, region=viewport):
        bpy.ops.view3d.view_selected()
    yield from picture("imported")


def imported() -> list[bpy.types.Object]:
    return [item for item in bpy.context.scene.objects if item.type == "MESH" and item.data.shape_keys]


def disable() -> Iterator[float]:
    """Disable the extension while the worker computes, then enable it again and go on."""
    yield from press("Reconstruct Face: started a third time", "reconstruct", running)
    session, window = module("addon.process.session").SESSION, bpy.context.window_manager.windows[0]
    client = session.worker
    yield from timed(
        "Disable the extension meanwhile",
        lambda: bpy.ops.preferences.addon_disable(module=ADDON),
        lambda: client.process_id is None and not session.operator,
    )
    pointer.xdotool("key", "Escape")  # whoever still listens for it is in trouble
    yield from picture("disabled")
    if len(window.modal_operators):
        fault(f"{len(window.modal_operators)} modal operators are left.")
    bpy.ops.preferences.addon_enable(module=ADDON)
    if TASK["bridge"]:
        module("addon.process.session").WORKER_SCRIPT = FOLDER / "bridge.py"
    _FIRST.clear()
    yield from show_tab()
    yield from press("Reconstruct Face: started after that", "reconstruct", running)
    yield from timed("Cancel: cancelled", lambda: bpy.ops.pix2vertex.cancel(), idle)
    yield from picture("enabled_again")


def panels() -> Iterator[float]:
    """Each panel that the face has alone and open, and all of them."""
    for panel in list(module("addon.panels").CLASSES):
        if hasattr(panel, "poll") and not panel.poll(bpy.context):
            continue  # a tab without panels is none
        only(panel.bl_label)
        yield from show_tab()
        yield from picture("panel_" + panel.bl_idname.partition("_PT_")[2])
    only()
    yield from show_tab()
    yield from picture("panels")


def preferences() -> Iterator[float]:
    """The extension's preferences, in their own window."""
    bpy.ops.preferences.addon_show(module=ADDON)
    yield 3.0
    pointer.shot(str(FOLDER / "preferences.png"))
    if len(bpy.context.window_manager.windows) > 1:
        with bpy.context.temp_override(window=bpy.context.window_manager.windows[-1]):
            bpy.ops.wm.window_close()
    yield 1.0


# The first ten minutes: Blender as it ships, every default as it ships, and what a hand does, nothing else.


def act(name: str, action: Callable[[], None], condition: Callable[[], bool]) -> Iterator[float]:
    """One action of a hand, what it brings, and a picture of it."""
    happened = yield from timed(name, action, condition)
    number = len(seen["actions"]) + 1
    yield from picture(f"first_{number:02}")
    seen["actions"].append(name)
    return happened


def browser() -> tuple[bpy.types.Window, bpy.types.Area] | None:
    """The file browser, once it is there."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "FILE_BROWSER" and area.spaces.active.params:
                return window, area
    return None


def choose_in_browser(folder: str, name: str) -> None:
    """What a click on a file and Enter do: the browser's own state and its own operator."""
    found = browser()
    assert found is not None
    window, area = found
    area.spaces.active.params.directory = folder.encode()
    area.spaces.active.params.filename = name
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.file.execute()


def first() -> Iterator[float]:
    """From a photo to a textured FBX."""
    bpy.context.preferences.view.show_splash = False
    if TASK["bridge"]:
        module("addon.process.session").WORKER_SCRIPT = FOLDER / "bridge.py"
    seen["actions"] = []
    yield from picture("first_00")
    _window, area, sidebar, viewport = pointer.view()
    view = area.spaces.active
    pointer.move(viewport.x + viewport.width // 2, pointer.view()[0].height - viewport.y - viewport.height // 2)
    yield 0.5
    yield from act("Press N", lambda: pointer.xdotool("key", "n"), lambda: view.show_region_ui and sidebar.width > 1)
    yield from act("Click the tab", lambda: None, (yield from clicked_tab()))
    yield from choose_as_a_hand_does()
    yield from press_and_see("Click Reconstruct Face", "reconstruct", running)
    yield from reconstructed()
    path = FOLDER / "Face.fbx"
    yield from press_and_see("Click Export Face", "export", lambda: browser() is not None)
    yield from act("Export as FBX", lambda: choose_in_browser(str(FOLDER), path.name), path.exists)
    print(f"\t{len(seen['actions'])} actions", flush=True)
    yield from undone(view)


def clicked_tab() -> Iterator[float]:
    """Click down the sidebar's tabs until ours is open; returns the condition that says that it is."""
    left, top, width, height = pointer.sidebar_rectangle()
    for y in range(top + 30, top + min(height, 500), 24):
        pointer.click(pointer.Button("", left + width - 10, y))
        yield 0.4
        if pointer.view()[2].active_panel_category == pointer.TAB:
            break
    return lambda: pointer.view()[2].active_panel_category == pointer.TAB


def choose_as_a_hand_does() -> Iterator[float]:
    """The folder beside the photo's path, the photo in the browser, and the faces that are found by themselves."""
    _left, _top, width, _height = pointer.sidebar_rectangle()
    button = None
    for inset in (35, 45, 28, 55):
        button = yield from pointer.find("file_browse", (width - 30 - inset) / (width - 30))
        if button is not None:
            break
    if button is None:
        fault("The folder beside the photo's path was not found.")
        return
    yield from act("Click the folder", lambda: pointer.click(button), lambda: browser() is not None)
    settings = bpy.context.scene.pix2vertex
    folder, name = str(FOLDER), "photo.png"
    yield from act("Choose the photo", lambda: choose_in_browser(folder, name), lambda: name in settings.photo)
    search_of = module("addon.process.photo_search").search_of

    def found() -> bool:
        search = search_of(settings)
        return search is not None and not search.is_running

    yield from timed("The face is found", lambda: None, found)
    yield from picture("first_found")


def press_and_see(name: str, operator: str, condition: Callable[[], bool]) -> Iterator[float]:
    """Click an operator's button where it is, without scrolling, and take a picture."""
    button = yield from pointer.find(f"pix2vertex.{operator}(")
    if button is None:
        fault(f"{name}: the button is not on the screen.")
        yield from picture(f"missing_{operator}")
        return
    yield from act(name, lambda: pointer.click(button), condition)


def reconstructed() -> Iterator[float]:
    """The wait: a picture of the head when it is there, and of the texture."""
    started = time.perf_counter()
    yield from timed("The head is there", lambda: None, lambda: bool(faces()))
    yield from picture("first_head")
    yield from timed("The texture is there", lambda: None, lambda: bool(textures()) and idle())
    print(f"\t{'From the click to the texture':<44}{time.perf_counter() - started:7.1f} s", flush=True)
    yield 2.0
    yield from picture("first_textured")


def undone(view: bpy.types.SpaceView3D) -> Iterator[float]:
    """Undo gives the view back; not one of the actions."""
    _window, _area, _sidebar, viewport = pointer.view()
    pointer.move(viewport.x + viewport.width // 3, pointer.view()[0].height - viewport.y - viewport.height // 3)
    yield 0.5
    undone_at = lambda: not faces() and view.local_view is None  # noqa: E731
    yield from timed("Ctrl+Z", lambda: pointer.xdotool("key", "ctrl+z"), undone_at)
    yield from picture("first_undone")


def whole() -> Iterator[float]:
    """Everything, each step on its own, so that one fault hides no other."""
    if TASK["only"] == "first":
        yield from first()
        return
    yield from start()
    steps = [choose_photo, reconstruct]
    if TASK["only"] not in ("panels", "faults"):
        steps += [correct, refit, detail, inspect, texture, export]
    if TASK["only"] not in ("session", "faults"):
        steps += [panels, preferences]
    if TASK["only"] != "panels":
        steps += [disable]
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
