"""A longer session in Blender's window, step by step: cancelling, pins, refitting, detail, texture, export and back."""

import contextlib
import time
from collections.abc import Iterator

import bpy
import pointer
from hand import (
    ADDON,
    FOLDER,
    PHOTO,
    TASK,
    browser,
    faces,
    fault,
    idle,
    module,
    only,
    picture,
    press,
    running,
    seen,
    show_tab,
    textures,
    timed,
    use_bridge,
)


def start() -> Iterator[float]:
    """A new scene with our tab open."""
    if ADDON not in bpy.context.preferences.addons:
        fault("The extension is not enabled.")
        return
    bpy.context.preferences.view.show_splash = False
    if TASK["language"]:
        bpy.context.preferences.view.language = TASK["language"]
        bpy.context.preferences.view.use_translate_interface = True
    use_bridge()
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
    """Drag a corner of the mouth in the viewport, where the inner lips have a landmark as well, and the cheek."""
    pins, points = module("addon.scene.landmark_pins"), module("addon.scene.face_points")
    is_dragged = module("addon.operators.drag_face").is_dragged
    face = faces()[0]
    shown = yield from press("Show Pins", "show_pins", lambda: pins.shows_pins(face) and is_dragged(face), "Correct")
    yield from picture("pins")
    if not shown:
        return
    frames: list[float] = []
    with frame_times(frames):
        for name, place in (("a landmark", 48), ("the cheek", (45.0, -15.0))):
            before, started = len(points.read_points(face)), time.perf_counter()
            yield from pointer.drag(*on_screen(face, place), -24, 12)
            dragged = lambda before=before: len(points.read_points(face)) > before  # noqa: E731
            yield from timed(f"Drag {name}", lambda: None, dragged, started)
            yield from picture("pin_moved" if name == "a landmark" else "cheek_moved")
    if not frames:
        fault("The face was not drawn while it was dragged.")
        return
    milliseconds = sorted(1000.0 * each for each in frames)
    seen["frames"] = [round(each, 1) for each in milliseconds]
    median, longest = milliseconds[len(milliseconds) // 2], milliseconds[-1]
    print(f"\t{len(frames)} frames of dragging: median {median:.0f} ms, longest {longest:.0f} ms", flush=True)


@contextlib.contextmanager
def frame_times(frames: list[float]) -> Iterator[None]:
    """Note in seconds how long after each motion of the mouse that drags a face the view is drawn."""
    dragging = module("addon.views.face_dragging").FaceDragging
    move, begun = dragging.move, []

    def timed_move(*arguments) -> bool:
        begun.append(time.perf_counter())
        return move(*arguments)

    def drawn() -> None:
        if begun:
            frames.append(time.perf_counter() - begun[0])
            begun.clear()

    dragging.move = timed_move
    handler = bpy.types.SpaceView3D.draw_handler_add(drawn, (), "WINDOW", "POST_PIXEL")
    try:
        yield
    finally:
        bpy.types.SpaceView3D.draw_handler_remove(handler, "WINDOW")
        dragging.move = move


def on_screen(face: bpy.types.Object, place: int | tuple[float, float]) -> tuple[int, int]:
    """Where a landmark, or the foremost vertex near a place of the head's front in millimetres, is in the window."""
    screen, points = module("addon.views.screen").Screen, module("addon.scene.face_points")
    template = module("template").load_template()
    vertices = points.shown_vertices(face)
    if isinstance(place, int):
        point = template.landmark_points(vertices)[place]
    else:
        away = abs(vertices[:, :2] - place).sum(axis=1) - 0.01 * vertices[:, 2]
        point = vertices[away.argmin()]
    window, _area, _sidebar, viewport = pointer.view()
    x, y, _depth = screen.of(face, viewport, viewport.data).project(point[None])[0]
    return viewport.x + int(x), window.height - viewport.y - int(y)


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


def export() -> Iterator[float]:
    """Through the file browser that the button opens, and back in another scene."""
    path = FOLDER / "exported.fbx"

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
