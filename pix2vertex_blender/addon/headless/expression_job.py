"""The expressions of a face, made without a window."""

from pathlib import Path

import bpy

from ...exchange.expressions import ExpressionSet
from ..process import session
from ..scene.expressions import PHOTO_KEY, set_expressions
from ..scene.face_update import bring_rig_along
from .errand import await_end

#: What `--expressions` and `--neutral` ask for: the face as in the photo, or without its expression.
AS_IN_PHOTO, NEUTRAL = "PHOTO", "NEUTRAL"


def add_expressions(face: bpy.types.Object, source: Path, shown: str) -> None:
    """Give a face that was built from the saved reconstruction `source` its expressions.

    Its basis is neutral; the face looks as in the photo or neutral, as `shown` says.

    Raises
    ------
    Pix2VertexError, WorkerError
        If the worker could not make them.
    """
    result = session.temporary_folder() / "expressions.npz"
    await_end(session.worker().submit("expressions", source=str(source), basis="NEUTRAL", result=str(result)))
    set_expressions(face, "NEUTRAL", ExpressionSet.load(result))
    bring_rig_along(face)
    face.data.shape_keys.key_blocks[PHOTO_KEY].value = float(shown == AS_IN_PHOTO)
