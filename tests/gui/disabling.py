"""The extension is disabled while it works, in Blender's window."""

from collections.abc import Iterator

import bpy
import pointer
from hand import ADDON, fault, forget_panels, idle, module, picture, press, running, show_tab, timed, use_bridge


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
    use_bridge()
    forget_panels()
    yield from show_tab()
    yield from press("Reconstruct Face: started after that", "reconstruct", running)
    yield from timed("Cancel: cancelled", lambda: bpy.ops.pix2vertex.cancel(), idle)
    yield from picture("enabled_again")
