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
        bpy.ops.pix2vertex.choose_photo("EXEC_DEFAULT", filepath=PHOTO)
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
    over_the_view()
    yield 0.5
    yield from timed("Ctrl Z", lambda: pointer.xdotool("key", "ctrl+z"), lambda: not faces())
    yield from picture("mishap_undone")
    unharmed("Ctrl Z", scene)
    over_the_view()
    yield 0.5
    yield from timed("Ctrl Shift Z", lambda: pointer.xdotool("key", "ctrl+shift+z"), lambda: bool(faces()))
    yield from picture("mishap_redone")


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
    shows_photo = module("addon.views.photo_view").shows_photo
    yield from press("Show over Photo", "show_over_photo", lambda: shows_photo(bpy.context.scene), "Inspect")
    yield from picture("mishap_over_photo")
    yield from press("Hide Photo", "hide_photo", lambda: not shows_photo(bpy.context.scene), "Inspect")
    session = module("addon.process.session").SESSION
    projected = lambda: idle() and session.last_operator == "pix2vertex.project_photo"  # noqa: E731
    yield from press("Project Photo", "project_photo", projected, "Face")
    yield from picture("mishap_textured")
