"""The add-on: everything that imports Blender's modules, and only that."""

import bpy

from . import operators, panels, preferences, properties, session

_CLASSES = (*properties.CLASSES, *preferences.CLASSES, *operators.CLASSES, *panels.CLASSES)


def register() -> None:
    """Register all classes and the scene's settings."""
    for item in _CLASSES:
        bpy.utils.register_class(item)
    properties.attach()


def unregister() -> None:
    """End the worker process, whose libraries Blender may be about to replace, and remove everything again."""
    session.stop_worker()
    properties.detach()
    for item in reversed(_CLASSES):
        bpy.utils.unregister_class(item)
