"""Whether there is Rigify."""

from importlib import import_module

import bpy

#: Rigify's module with the metarig of a face.
SAMPLE = "rigify.rigs.faces.super_face"


def has_rigify() -> bool:
    """Whether the artist has enabled Rigify, and it has the metarig of a face."""
    if "rigify" not in bpy.context.preferences.addons:
        return False
    try:
        return hasattr(import_module(SAMPLE), "create_sample")
    except ImportError:
        return False
