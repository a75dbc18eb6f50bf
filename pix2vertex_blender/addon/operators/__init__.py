"""The operators. Each reads properties, calls one function or object of the domain, and reports."""

from . import batch, export, inspect, reconstruct, template, worker, worker_operator

CLASSES = (
    *reconstruct.CLASSES,
    *inspect.CLASSES,
    *export.CLASSES,
    *batch.CLASSES,
    *template.CLASSES,
    *worker.CLASSES,
    *worker_operator.CLASSES,
)
