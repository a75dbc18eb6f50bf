"""The operators. Each reads properties, calls one function or object of the domain, and reports."""

from . import inspect, reconstruct, template, worker

CLASSES = (*reconstruct.CLASSES, *inspect.CLASSES, *template.CLASSES, *worker.CLASSES)
