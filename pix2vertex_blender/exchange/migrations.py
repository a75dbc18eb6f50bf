"""Records of earlier versions become records of this one, so that a face saved years ago opens."""

from collections.abc import Callable

import numpy as np

from ..errors import RecordError
from .arrays import Arrays
from .report import Report

VERSION = 4

NEWER = "The face was made by a newer version of pix2vertex: update the extension to correct or texture it."

#: What version 2 kept of its one view.
_OF_THE_VIEW = (
    *("shape", "mask", "opening", "correspondence", "correspondence_range", "depth", "depth_range"),
    *("pins", "head_to_camera", "camera", "crop_to_photo", "photo_size"),
)


def migrated(arrays: Arrays) -> Arrays:
    """The arrays of a record as this version writes them.

    Raises
    ------
    RecordError
        If a newer version wrote them.
    KeyError
        If they have no version, or one that never was.
    """
    version = int(arrays["version"])
    if version > VERSION:
        raise RecordError(NEWER)
    while version < VERSION:
        arrays = _STEPS[version](arrays)
        version += 1
    return arrays


def _with_an_opening(arrays: Arrays) -> Arrays:
    """Version 1 did not know where one looks between parted lips: nowhere, as far as it could tell."""
    return {**arrays, "opening": np.zeros_like(arrays["mask"])}


def _with_views(arrays: Arrays) -> Arrays:
    """Version 2 kept exactly one view, among the rest."""
    kept = {name: values for name, values in arrays.items() if name not in _OF_THE_VIEW}
    view = {f"view.0.{name}": arrays[name] for name in _OF_THE_VIEW if name in arrays}
    view["view.0.confidence"] = np.array(Report.from_json(str(arrays["report"])).confidence)
    return {**kept, **view, "views": np.array(1)}


def _of_one_photo(arrays: Arrays) -> Arrays:
    """Version 3 kept faces of one photo only, which lack nothing of what version 4 keeps of several."""
    return arrays


_STEPS: dict[int, Callable[[Arrays], Arrays]] = {1: _with_an_opening, 2: _with_views, 3: _of_one_photo}
