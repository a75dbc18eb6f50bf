"""The add-on: everything that imports Blender's modules, and only that."""

import atexit
from typing import Protocol

import bpy

from . import operators, panels, preferences, translations
from .process import faults, photo_search, preference_values, session
from .properties import expression as expression_properties
from .properties import face as face_properties
from .properties import scene as scene_properties
from .properties import shape as shape_properties
from .properties import turn as turn_properties
from .properties import video as video_properties
from .properties import wrap as wrap_properties
from .views import changed_views, legend, looks, points_overlay, waiting
from .views.thumbnail import THUMBNAILS


class _Attached(Protocol):
    """What is there from `attach` to `detach`: a module with settings, or what is drawn over the views."""

    def attach(self) -> None: ...

    def detach(self) -> None: ...


_PROPERTIES = (
    scene_properties,
    face_properties,
    expression_properties,
    shape_properties,
    video_properties,
    wrap_properties,
    turn_properties,
)
_CLASSES = (
    *(item for module in _PROPERTIES for item in module.CLASSES),
    *preferences.CLASSES,
    *operators.CLASSES,
    *panels.CLASSES,
)
#: In the order in which it comes; it goes in the opposite one.
_ATTACHED: tuple[_Attached, ...] = (
    *_PROPERTIES,
    legend.OVERLAY,
    looks,
    changed_views,
    waiting.OVERLAY,
    points_overlay.OVERLAY,
)


def register() -> None:
    """Register the translations, all classes and the scene's settings."""
    faults.attach()
    translations.register()
    for item in _CLASSES:
        bpy.utils.register_class(item)
    for part in _ATTACHED:
        part.attach()
    if not bpy.app.binary_path:  # Blender as a Python module
        atexit.register(_unregister_at_exit)


def unregister() -> None:
    """End the worker process, whose libraries Blender may be about to replace, and remove everything again."""
    atexit.unregister(_unregister_at_exit)
    photo_search.forget()
    session.stop_worker()
    faults.detach()
    THUMBNAILS.remove()
    points_overlay.show_dragged(None)
    for part in reversed(_ATTACHED):
        part.detach()
    for item in reversed(_CLASSES):
        bpy.utils.unregister_class(item)
    translations.unregister()


def _unregister_at_exit() -> None:
    """Do what Blender does for enabled add-ons: a script that ends with registered classes makes `bpy` hang at exit."""
    if preference_values.ADDON_PACKAGE not in bpy.context.preferences.addons:
        unregister()
