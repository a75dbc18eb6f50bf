"""Images that are open in Blender become photo files."""

from collections.abc import Iterator
from pathlib import Path

import bpy

from ...errors import PhotoError
from ...exchange.photo_files import is_photo
from ..process import session
from .images import clean_name, save_copy

EMPTY_IMAGE = "{name} has nothing in it: choose another image or render it first."


def open_image(context: bpy.types.Context) -> bpy.types.Image | None:
    """The image that an Image Editor shows: this one's, or that of the largest one in any window."""
    if context.space_data is not None and context.space_data.type == "IMAGE_EDITOR":
        return context.space_data.image
    shown = [(area.width * area.height, area.spaces.active.image) for area in _image_editors(context)]
    return max((pair for pair in shown if pair[1] is not None), key=lambda pair: pair[0], default=(0, None))[1]


def photo_file_of(image: bpy.types.Image, context: bpy.types.Context) -> Path:
    """The image's file, or for what is unsaved, packed, generated or rendered a copy in this session's folder.

    Raises
    ------
    PhotoError
        If the image is empty or cannot be written.
    """
    path = Path(bpy.path.abspath(image.filepath, library=image.library))
    has_own_file = image.source == "FILE" and image.packed_file is None and not image.is_dirty
    if has_own_file and is_photo(path) and path.is_file():
        return path.absolute()
    copy = session.temporary_folder() / f"{clean_name(Path(image.name).stem)}.png"
    try:
        if image.type in {"RENDER_RESULT", "COMPOSITING"}:
            _save_render(image, copy, context.scene)
        elif image.size[0] == 0:
            raise PhotoError(EMPTY_IMAGE.format(name=image.name))
        else:
            save_copy(image, copy, "PNG")
    except RuntimeError as error:
        raise PhotoError(EMPTY_IMAGE.format(name=image.name)) from error
    return copy


def _save_render(image: bpy.types.Image, path: Path, scene: bpy.types.Scene) -> None:
    """Save the scene's render as it looks on the screen; the output settings may be for something else than photos."""
    settings = scene.render.image_settings
    wanted = {"media_type": "IMAGE", "file_format": "PNG", "color_mode": "RGB", "color_depth": "8"}
    names = [name for name in wanted if hasattr(settings, name)]  # media_type came with Blender 5
    before = {name: getattr(settings, name) for name in names}
    try:
        for name in names:
            setattr(settings, name, wanted[name])
        image.save_render(str(path), scene=scene)
    finally:
        for name in names:
            setattr(settings, name, before[name])


def _image_editors(context: bpy.types.Context) -> Iterator[bpy.types.Area]:
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "IMAGE_EDITOR":
                yield area
