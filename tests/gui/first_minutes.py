"""The first ten minutes: Blender as it ships, every default as it ships, and what a hand does, nothing else."""

import time
from collections.abc import Callable, Iterator

import bpy
import pointer
from hand import (
    FOLDER,
    browser,
    faces,
    fault,
    idle,
    module,
    picture,
    running,
    seen,
    textures,
    timed,
    use_bridge,
    wait,
)


def first() -> Iterator[float]:
    """From a photo to a textured FBX."""
    bpy.context.preferences.view.show_splash = False
    use_bridge()
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


def act(name: str, action: Callable[[], None], condition: Callable[[], bool]) -> Iterator[float]:
    """One action of a hand, what it brings, and a picture of it."""
    happened = yield from timed(name, action, condition)
    number = len(seen["actions"]) + 1
    yield from picture(f"first_{number:02}")
    seen["actions"].append(name)
    return happened


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
    yield from glimpses()
    yield from timed("The head is there", lambda: None, lambda: bool(faces()))
    yield from picture("first_head")
    yield from timed("The texture is there", lambda: None, lambda: bool(textures()) and idle())
    print(f"\t{'From the click to the texture':<44}{time.perf_counter() - started:7.1f} s", flush=True)
    yield 2.0
    yield from picture("first_textured")


def glimpses() -> Iterator[float]:
    """Pictures of what is shown of the face before its head is there."""
    session = module("addon.process.session").SESSION
    pictures = []

    def is_new() -> bool:
        picture = session.glimpse.picture if session.glimpse is not None else None
        return bool(faces()) or not session.operator or not (picture is None or any(picture is one for one in pictures))

    while (yield from wait(is_new)) and session.glimpse is not None and session.glimpse.picture is not None:
        pictures.append(session.glimpse.picture)
        yield 0.2  # until it is drawn
        pointer.shot(str(FOLDER / f"glimpse_{len(pictures)}.png"))
    if not pictures:
        fault("Nothing was shown of the face while it was being reconstructed.")


def undone(view: bpy.types.SpaceView3D) -> Iterator[float]:
    """Undo gives the view back; not one of the actions."""
    _window, _area, _sidebar, viewport = pointer.view()
    pointer.move(viewport.x + viewport.width // 3, pointer.view()[0].height - viewport.y - viewport.height // 3)
    yield 0.5
    undone_at = lambda: not faces() and view.local_view is None  # noqa: E731
    yield from timed("Ctrl+Z", lambda: pointer.xdotool("key", "ctrl+z"), undone_at)
    yield from picture("first_undone")
