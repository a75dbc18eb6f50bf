"""What goes wrong in the first minutes: Esc in the middle, undo and redo, the file closed and opened again."""

from collections.abc import Iterator

import bpy
import pointer
from hand import (
    FOLDER,
    PHOTO,
    faces,
    fault,
    idle,
    module,
    only,
    picture,
    press,
    running,
    show_tab,
    textures,
    timed,
    use_bridge,
)


def mishaps() -> Iterator[float]:
    """In Blender's scene as it opens: cancel, make a face, take it back, make it again, save, open and go on."""
    bpy.context.preferences.view.show_splash = False
    use_bridge()
    yield from show_tab()
    scene = contents()
    with in_view():
        bpy.ops.pix2vertex.choose_photo("EXEC_DEFAULT", True, filepath=PHOTO)
    yield from cancelled(scene)
    yield from undone_and_redone(scene)
    yield from opened_again()


def in_view():
    window, area, _sidebar, viewport = pointer.view()
    return bpy.context.temp_override(window=window, area=area, region=viewport)


def contents() -> dict[str, tuple]:
    """Every object of the scene, where it is, and whether it is seen and selected."""
    return {
        item.name: (
            *(round(value, 5) for row in item.matrix_world for value in row),
            item.hide_get(),
            item.select_get(),
        )
        for item in bpy.context.scene.objects
    }


def unharmed(name: str, scene: dict[str, tuple]) -> None:
    """A fault if anything of the scene is not as it was."""
    if contents() != scene:
        fault(f"{name}: the scene is not as it was.")


def over_the_view() -> None:
    """Put the pointer over the free part of the view, as a hand does before it presses a key."""
    window, _area, _sidebar, viewport = pointer.view()
    pointer.move(viewport.x + viewport.width // 4, window.height - viewport.y - viewport.height // 3)


def cancelled(scene: dict[str, tuple]) -> Iterator[float]:
    """Esc while the face is being read."""
    yield from press("Reconstruct Face: started", "reconstruct", running)
    session = module("addon.process.session").SESSION
    yield from timed("It is under way", lambda: None, lambda: session.fraction > 0)
    over_the_view()
    yield from timed("Esc", lambda: pointer.xdotool("key", "Escape"), idle)
    yield from picture("mishap_cancelled")
    unharmed("Esc", scene)


def undone_and_redone(scene: dict[str, tuple]) -> Iterator[float]:
    """The face, gone and back, and nothing else changed."""
    made = lambda: bool(faces()) and bool(textures()) and idle()  # noqa: E731
    yield from press("Reconstruct Face: started again", "reconstruct", running)
    yield from timed("Reconstruct Face: done", lambda: None, made)
    yield 1.0
    yield from over_photo("mishap_local")
    only()
    yield from show_tab()
    for _step in ("Hide Photo", "Show over Photo"):
        over_the_view()
        yield 0.5
        pointer.xdotool("key", "ctrl+z")
        yield 2.0
    over_the_view()
    yield 0.5
    yield from timed("Ctrl Z", lambda: pointer.xdotool("key", "ctrl+z"), lambda: not faces())
    yield from picture("mishap_undone")
    unharmed("Ctrl Z", scene)
    over_the_view()
    yield 0.5
    yield from timed("Ctrl Shift Z", lambda: pointer.xdotool("key", "ctrl+shift+z"), lambda: bool(faces()))
    yield from picture("mishap_redone")
    _window, area, _sidebar, _viewport = pointer.view()
    if area.spaces.active.local_view is None:
        fault("Ctrl Shift Z: the head is back, and the view does not show it.")


def photo_is_shown() -> bool:
    return bool(module("addon.views.photo_view").shows_photo(bpy.context.scene))


def over_photo(name: str) -> Iterator[float]:
    """Look at the face through the photo's camera and back: as before, whatever hides the face and its photo."""
    before = look()
    yield from press("Show over Photo", "show_over_photo", photo_is_shown, "Inspect")
    _window, area, _sidebar, _viewport = pointer.view()
    if area.spaces.active.camera != bpy.context.scene.camera:
        fault("Show over Photo: the view looks through another camera.")
    yield from picture(f"{name}_over_photo")
    yield from press("Hide Photo", "hide_photo", lambda: not photo_is_shown(), "Inspect")
    yield from picture(f"{name}_hidden")
    if look() != before:
        fault(f"Hide Photo: the view is not as it was: {look()} instead of {before}.")


def pinned() -> Iterator[float]:
    """The landmarks over the photo, and the view as before."""
    before, shows_pins = look(), module("addon.scene.landmark_pins").shows_pins
    yield from press("Show Pins", "show_pins", lambda: shows_pins(faces()[0]), "Correct")
    _window, area, _sidebar, _viewport = pointer.view()
    if area.spaces.active.camera != bpy.context.scene.camera:
        fault("Show Pins: the view looks through another camera.")
    yield from picture("mishap_pins")
    yield from press("Hide Pins", "hide_pins", lambda: not shows_pins(faces()[0]), "Correct")
    yield 1.0
    if look() != before:
        fault(f"Hide Pins: the view is not as it was: {look()} instead of {before}.")


def look() -> tuple:
    """How the view looks at the scene."""
    view = pointer.view()[1].spaces.active
    region = view.region_3d
    places = (*region.view_location, *region.view_rotation, region.view_distance)
    alone = view.local_view is not None
    return (region.view_perspective, region.is_orthographic_side_view, alone, *(round(each, 4) for each in places))


def opened_again() -> Iterator[float]:
    """Save, open, look over the photo, and texture once more."""
    path = str(FOLDER / "saved.blend")
    with in_view():
        bpy.ops.wm.save_as_mainfile(filepath=path)
    yield 1.0
    bpy.ops.wm.open_mainfile(filepath=path)
    use_bridge()
    yield 2.0
    yield from show_tab()
    yield from picture("mishap_opened")
    if not faces():
        fault("The face is not in the file.")
        return
    if pointer.view()[1].spaces.active.local_view is not None:
        with in_view():
            bpy.ops.view3d.localview()
        yield 1.0
    yield from picture("mishap_everything")
    yield from over_photo("mishap_opened")
    yield from pinned()
    session = module("addon.process.session").SESSION
    projected = lambda: idle() and session.last_operator == "pix2vertex.project_photo"  # noqa: E731
    yield from press("Project Photo", "project_photo", projected, "Face")
    yield from picture("mishap_textured")
