"""Pictures of every panel and of the preferences, in Blender's window."""

from collections.abc import Iterator

import bpy
import pointer
from hand import ADDON, FOLDER, module, only, picture, show_tab


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
