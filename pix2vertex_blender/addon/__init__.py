"""The add-on: everything that imports Blender's modules, and only that."""

import atexit

import bpy

from . import operators, panels, preferences, translations
from .process import computer, faults, photo_search, session
from .properties import expression as expression_properties
from .properties import face as face_properties
from .properties import scene as scene_properties
from .properties import shape as shape_properties
from .properties import turn as turn_properties
from .properties import video as video_properties
from .properties import wrap as wrap_properties
from .views import arrival, legend, looks, points_overlay, waiting
from .views.thumbnail import THUMBNAILS

_CLASSES = (
    *scene_properties.CLASSES,
    *face_properties.CLASSES,
    *expression_properties.CLASSES,
    *shape_properties.CLASSES,
    *video_properties.CLASSES,
    *wrap_properties.CLASSES,
    *turn_properties.CLASSES,
    *preferences.CLASSES,
    *operators.CLASSES,
    *panels.CLASSES,
)


def register() -> None:
    """Register the translations, all classes and the scene's settings."""
    faults.attach()
    translations.register()
    for item in _CLASSES:
        bpy.utils.register_class(item)
    scene_properties.attach()
    face_properties.attach()
    expression_properties.attach()
    shape_properties.attach()
    video_properties.attach()
    wrap_properties.attach()
    turn_properties.attach()
    legend.OVERLAY.attach()
    looks.attach()
    arrival.attach()
    waiting.OVERLAY.attach()
    points_overlay.OVERLAY.attach()
    if not bpy.app.binary_path:  # Blender as a Python module
        atexit.register(_unregister_at_exit)


def unregister() -> None:
    """End the worker process, whose libraries Blender may be about to replace, and remove everything again."""
    atexit.unregister(_unregister_at_exit)
    photo_search.forget()
    session.stop_worker()
    faults.detach()
    THUMBNAILS.remove()
    points_overlay.OVERLAY.detach()
    points_overlay.show_dragged(None)
    waiting.OVERLAY.detach()
    arrival.detach()
    looks.detach()
    legend.OVERLAY.detach()
    turn_properties.detach()
    wrap_properties.detach()
    video_properties.detach()
    shape_properties.detach()
    expression_properties.detach()
    face_properties.detach()
    scene_properties.detach()
    for item in reversed(_CLASSES):
        bpy.utils.unregister_class(item)
    translations.unregister()


def _unregister_at_exit() -> None:
    """Do what Blender does for enabled add-ons: a script that ends with registered classes makes `bpy` hang at exit."""
    if computer.ADDON_PACKAGE not in bpy.context.preferences.addons:
        unregister()
