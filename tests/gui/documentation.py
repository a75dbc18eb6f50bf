"""The pictures of the window in `docs/`: a face over its photo, its pins, dragged, shaped, turned and acting."""

import json
from collections.abc import Iterator
from math import pi, radians, sin

import bpy
import pointer
from bpy_extras import view3d_utils
from hand import FOLDER, faces, idle, module, only, picture, show_tab, textures, timed
from long_session import choose_photo

#: How far the photo's camera is zoomed in on the face that is dragged.
_ZOOM = 24.0
_SHAPES = {"Nose Length": 0.9, "Jaw Width": -0.7, "Brow Height": 0.6, "Eye Size": 0.7, "Lip Fullness": 0.9, "Age": 0.3}
#: What the face does in its take, in seconds, and the frame that is shown of it.
_TAKE = {"jawOpen": 0.5, "mouthSmileLeft": 0.8, "mouthSmileRight": 0.8, "browInnerUp": 0.5}
_SECONDS, _SHOWN = 4, 22


def documentation() -> Iterator[float]:
    """Make a textured face and show it in each way."""
    yield from choose_photo()
    bpy.context.scene.pix2vertex.with_texture = True
    made = lambda: bool(faces()) and bool(textures()) and idle()  # noqa: E731
    yield from timed("Make the face", lambda: _invoke("reconstruct"), made)
    for show in (_over_photo, _pinned, _dragged, _shaped, _turned, _played):
        yield from show(faces()[0])


def _invoke(operator: str) -> None:
    """As a click on its button."""
    with _in_view():
        getattr(bpy.ops.pix2vertex, operator)("INVOKE_DEFAULT")


def _in_view():
    window, area, _sidebar, viewport = pointer.view()
    return bpy.context.temp_override(window=window, area=area, region=viewport)


def _panel(name: str, *labels: str) -> Iterator[float]:
    """A picture with these panels."""
    only(*labels)
    yield from show_tab()
    yield from picture(name)


def _over_photo(_face: bpy.types.Object) -> Iterator[float]:
    _invoke("show_over_photo")
    yield from _panel("docs_sidebar", "Inspect")
    _invoke("hide_photo")


def _pinned(face: bpy.types.Object) -> Iterator[float]:
    only("Correct")
    yield from show_tab()
    _invoke("show_pins")  # which also drags
    yield 1.0
    yield from pointer.drag(*_on_screen(face, 48), -24, 12)
    yield from picture("docs_correct")
    _invoke("reset_pins")
    _invoke("hide_pins")
    yield 1.0


def _dragged(face: bpy.types.Object) -> Iterator[float]:
    only("Correct")
    yield from show_tab()
    _invoke("drag_face")
    yield 1.0
    _window, area, _sidebar, viewport = pointer.view()
    area.spaces.active.region_3d.view_camera_zoom = _ZOOM
    yield from _in_the_middle(face)
    x, y = _on_screen(face, 54)
    yield from pointer.drag(x, y, 34, -20)
    yield from picture("docs_drag")
    pointer.move(viewport.x + viewport.width // 3, pointer.view()[0].height - viewport.y - viewport.height // 2)
    yield 0.5
    pointer.xdotool("key", "Return")
    yield 1.0
    _invoke("reset_pins")  # the next pictures show the face as it was
    _invoke("hide_photo")


def _in_the_middle(face: bpy.types.Object) -> Iterator[float]:
    """Move the camera's picture so that the face's nose is in the middle of the view."""
    _window, area, _sidebar, viewport = pointer.view()
    look = area.spaces.active.region_3d
    for axis, size in ((0, viewport.width), (1, viewport.height)):
        area.tag_redraw()
        yield 1.0
        before = _in_region(face, 30)[axis]
        look.view_camera_offset[axis] += 0.1
        area.tag_redraw()
        yield 1.0
        moved = _in_region(face, 30)[axis] - before
        look.view_camera_offset[axis] += 0.1 * (size / 2 - before) / moved - 0.1
    area.tag_redraw()
    yield 1.0


def _in_region(face: bpy.types.Object, landmark: int) -> tuple[float, float]:
    """Where one of the face's 68 landmarks is in the viewport."""
    _window, _area, _sidebar, viewport = pointer.view()
    vertex = int(face.data[module("addon.scene.face_object").PROVENANCE]["landmarks_68"][landmark])
    place = face.matrix_world @ face.data.vertices[vertex].co
    return tuple(view3d_utils.location_3d_to_region_2d(viewport, viewport.data, place))


def _on_screen(face: bpy.types.Object, landmark: int) -> tuple[int, int]:
    window, _area, _sidebar, viewport = pointer.view()
    x, y = _in_region(face, landmark)
    return viewport.x + int(x), window.height - viewport.y - int(y)


def _shaped(face: bpy.types.Object) -> Iterator[float]:
    _invoke("add_shape_sliders")
    for name, value in _SHAPES.items():
        face.data.shape_keys.key_blocks[name].value = value
    _window, area, _sidebar, _viewport = pointer.view()
    area.spaces.active.shading.color_type = "TEXTURE"
    with _in_view():
        bpy.ops.view3d.view_axis(type="FRONT")
        bpy.ops.view3d.view_selected()
    yield from _panel("docs_shape", "Shape")
    _invoke("reset_shape")


def _turned(_face: bpy.types.Object) -> Iterator[float]:
    window, _area, _sidebar, _viewport = pointer.view()
    with _in_view():
        bpy.ops.screen.area_split(direction="VERTICAL", factor=0.45)
    yield 1.0
    views = [each for each in window.screen.areas if each.type == "VIEW_3D"]
    editor = min(views, key=lambda each: each.x)
    editor.type = "IMAGE_EDITOR"
    yield 1.0
    bpy.context.scene.pix2vertex_turn.yaw = radians(35.0)
    yield from timed("Turn the photo", lambda: _invoke("turn_photo"), lambda: editor.spaces.active.image is not None)
    region = next(each for each in editor.regions if each.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=editor, region=region):
        bpy.ops.image.view_all(fit_view=True)
    with _in_view():
        bpy.ops.view3d.view_selected()
    yield from _panel("docs_turn", "Turn Photo")
    with bpy.context.temp_override(window=window, area=editor):
        bpy.ops.screen.area_close()
    yield 1.0


def _played(face: bpy.types.Object) -> Iterator[float]:
    keys = face.data.shape_keys.key_blocks
    made = lambda: "jawOpen" in keys and idle()  # noqa: E731
    yield from timed("Add expressions", lambda: _invoke("add_expressions"), made)
    wave = [sin(pi * frame / (15 * _SECONDS)) ** 2 for frame in range(30 * _SECONDS)]
    path = FOLDER / "take.json"
    columns = {name: [most * value for value in wave] for name, most in _TAKE.items()}
    path.write_text(json.dumps({"fps": 30, **columns}))
    with _in_view():
        bpy.ops.pix2vertex.add_rig(naming="BLENDER")
        bpy.ops.pix2vertex.import_take(filepath=str(path))
        bpy.context.scene.frame_set(_SHOWN)
        bpy.ops.view3d.view_axis(type="FRONT")
        bpy.ops.view3d.view_orbit(angle=radians(25.0), type="ORBITLEFT")
        bpy.ops.view3d.view_selected()
    yield from _panel("docs_take", "Expression", "Sliders", "Visemes", "Rig and Motion Capture")
