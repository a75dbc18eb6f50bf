"""Whether an operator can run on the active face, and why not."""

from collections.abc import Collection

import bpy

from ..scene.expressions import own_keys
from ..scene.face_object import active_face, detail_key
from ..scene.obstacles import is_editable
from ..translations import translate

ONLY_IN_OBJECT_MODE = "Only in Object Mode"
NOT_A_FACE = "Select a face that was reconstructed from a photo"
NO_EXPRESSIONS = "Add the expressions first"
WITHOUT_DETAIL = "Select a face with the shape key Detail"
LINKED = "The face belongs to another file; make it local first"


def poll_made(operator: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether the active object is a face made from a photo, be it of another file; says why not."""
    if active_face(context) is None:
        operator.poll_message_set(translate(NOT_A_FACE))
        return False
    return True


def poll_face(operator: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether the active object is a face made from a photo that can be changed; says why not."""
    return poll_made(operator, context) and poll_editable(operator, active_face(context))


def poll_editable(operator: type[bpy.types.Operator], face: bpy.types.Object) -> bool:
    """Whether a face belongs to this file; says why not."""
    if not is_editable(face):
        operator.poll_message_set(translate(LINKED))
        return False
    return True


def poll_detail(operator: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether the active object is such a face with its detail, and no mode is in the way; says why not."""
    if not poll_face(operator, context):
        return False
    if detail_key(active_face(context)) is None:
        operator.poll_message_set(translate(WITHOUT_DETAIL))
        return False
    return poll_mode(operator, context)


def poll_expressions(operator: type[bpy.types.Operator], context: bpy.types.Context) -> bool:
    """Whether the active face has expressions; says why not."""
    if not own_keys(active_face(context)):
        operator.poll_message_set(translate(NO_EXPRESSIONS))
        return False
    return True


def poll_mode(
    operator: type[bpy.types.Operator], context: bpy.types.Context, modes: Collection[str] = ("OBJECT",)
) -> bool:
    """Whether no mode but these is in the way; says so."""
    if context.mode not in modes:
        operator.poll_message_set(translate(ONLY_IN_OBJECT_MODE))
        return False
    return True
