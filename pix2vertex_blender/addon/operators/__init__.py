"""The operators. Each reads properties, calls one function or object of the domain, and reports."""

from . import (
    batch,
    correct,
    detail,
    export,
    expressions,
    face_box,
    inspect,
    photo,
    reconstruct,
    rig,
    self_test,
    template,
    texture,
    views,
    worker,
    worker_operator,
)

CLASSES = (
    *photo.CLASSES,
    *face_box.CLASSES,
    *reconstruct.CLASSES,
    *inspect.CLASSES,
    *correct.CLASSES,
    *views.CLASSES,
    *detail.CLASSES,
    *texture.CLASSES,
    *expressions.CLASSES,
    *rig.CLASSES,
    *export.CLASSES,
    *batch.CLASSES,
    *template.CLASSES,
    *worker.CLASSES,
    *self_test.CLASSES,
    *worker_operator.CLASSES,
)
