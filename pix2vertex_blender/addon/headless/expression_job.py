"""The expressions of a face, made without a window."""

import time
from pathlib import Path

import bpy

from ...errors import Pix2VertexError
from ...exchange.expressions import ExpressionSet
from ..process import session
from ..process.job import JobStatus
from ..scene.expressions import PHOTO_KEY, set_expressions

_POLL_SECONDS = 0.05

#: What `--expressions` and `--neutral` ask for: the face as in the photo, or without its expression.
AS_IN_PHOTO, NEUTRAL = "PHOTO", "NEUTRAL"


def add_expressions(face: bpy.types.Object, source: Path, shown: str) -> None:
    """Give a face that was built from the saved reconstruction `source` its expressions.

    Its basis is neutral; the face looks as in the photo or neutral, as `shown` says.

    Raises
    ------
    Pix2VertexError
        If the worker could not make them.
    """
    result = session.temporary_folder() / "expressions.npz"
    worker = session.worker()
    job = worker.submit("expressions", source=str(source), basis="NEUTRAL", result=str(result))
    try:
        while job.status is JobStatus.RUNNING:
            time.sleep(_POLL_SECONDS)
            worker.poll()
    except KeyboardInterrupt:
        worker.cancel(job)
        raise
    if job.status is JobStatus.FAILED:
        raise Pix2VertexError(job.error)
    set_expressions(face, "NEUTRAL", ExpressionSet.load(result))
    face.data.shape_keys.key_blocks[PHOTO_KEY].value = float(shown == AS_IN_PHOTO)
