"""The operators. Each reads properties, calls one function or object of the domain, and reports."""

from . import reconstruct, worker

CLASSES = (*reconstruct.CLASSES, *worker.CLASSES)
