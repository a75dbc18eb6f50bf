"""What the preferences say, for those who do not draw them."""

import bpy

#: The package's name as Blender knows it: `bl_ext.<repository>.pix2vertex` when installed as an extension.
from ... import __name__ as ADDON_PACKAGE  # noqa: N812 - a constant

DEFAULT_IDLE_MINUTES = 5


def idle_seconds() -> float:
    """How long the worker waits for work before it ends."""
    preferences = _preferences()
    return 60.0 * (preferences.idle_minutes if preferences else DEFAULT_IDLE_MINUTES)


def threads() -> int:
    """How many threads the worker computes with; 0 for as many as the processor has."""
    preferences = _preferences()
    return preferences.threads if preferences else 0


def memory_limit() -> float:
    """The most main memory in gigabytes that the worker may take; 0 for no limit."""
    preferences = _preferences()
    return preferences.memory_limit if preferences else 0.0


def frames_new_faces() -> bool:
    """Whether views turn to a new face and show its texture."""
    preferences = _preferences()
    return preferences.frames_new_faces if preferences else True


def _preferences() -> bpy.types.AddonPreferences | None:
    """The extension's preferences; None when it is registered without being installed."""
    addon = bpy.context.preferences.addons.get(ADDON_PACKAGE)
    return addon.preferences if addon else None
