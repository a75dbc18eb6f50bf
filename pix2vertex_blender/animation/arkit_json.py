"""JSON files with ARKit's expressions. There is no standard; what programs write has one of three forms.

A list of frames, `[{"timestamp": 0.0, "blendShapes": {"jawOpen": 0.1}}, ...]`, also under `frames`; names once and
weights by frame, `{"names": [...], "frames": [{"time": 0.0, "weights": [...]}]}`, or as a matrix,
`{"exportFps": 30, "facsNames": [...], "weightMat": [[...]]}`; columns, `{"fps": 60, "jawOpen": [...]}`.
"""

import json
from typing import Any

import numpy as np

from .live_link_face import USUAL_RATE
from .table import NO_FRAMES, take_from_table
from .take import ROTATED_PARTS, Array, Take, TakeError

NOT_JSON = "{file} is no JSON file that can be read ({reason}): export the take again."
NOT_FRAMES = "{file} has no frames with ARKit's expressions: export it as frames with names and values."
NO_TIMES = "The frames have no times, so they are taken {rate:g} a second."

_RATE_NAMES = ("fps", "exportfps", "framerate", "rate")
_TIME_NAMES = ("time", "timestamp", "timecode")
_NAMES = ("names", "facsnames", "blendshapenames")
_WEIGHTS = ("weights", "blendshapes", "values", "coefficients", "expressions")
_MATRICES = ("weightmat", "weights")
#: Times beyond this between two frames are milliseconds.
_LARGEST_STEP = 5.0


def read_json(text: str, name: str, file: str, rate: float = 0.0) -> Take:
    """A take from the text of a JSON file.

    Parameters
    ----------
    text : str
    name : str
        The take's.
    file : str
        The file's, for sentences.
    rate : float, optional
        Frames a second of frames without times; 0 to take the file's.

    Raises
    ------
    TakeError
        If the file cannot be read or has another form.
    """
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise TakeError(NOT_JSON.format(file=file, reason=type(error).__name__)) from error
    top = _lower(content) if isinstance(content, dict) else {}
    rate = rate or _rate(top)
    frames = content if isinstance(content, list) else top.get("frames")
    names = _first(top, _NAMES)
    if isinstance(frames, list):
        return _from_frames(frames, names if isinstance(names, list) else [], rate, name, file)
    matrix = _first(top, _MATRICES)
    if isinstance(names, list) and isinstance(matrix, list):
        return _from_frames([{"weights": row} for row in matrix], names, rate, name, file)
    columns = {key: value for key, value in content.items() if isinstance(value, list)} if top else {}
    if not columns:
        raise TakeError(NOT_FRAMES.format(file=file))
    count = min(len(value) for value in columns.values())
    frames = [{key: value[index] for key, value in columns.items()} for index in range(count)]
    return _from_frames(frames, [], rate, name, file)


def _from_frames(frames: list[Any], names: list[Any], rate: float, name: str, file: str) -> Take:
    """A take from frames that name their values, or list them in the order of `names`."""
    if not frames:
        raise TakeError(NO_FRAMES.format(file=file))
    rows = [_values(_lower(frame), names) for frame in frames if isinstance(frame, dict)]
    columns = sorted({column for row in rows for column in row})
    if not columns:
        raise TakeError(NOT_FRAMES.format(file=file))
    numbers = np.array([[row.get(column, np.nan) for column in columns] for row in rows])
    notes: list[str] = []
    whole = [_lower(frame) for frame in frames if isinstance(frame, dict)]
    return take_from_table(name, file, columns, _times(whole, rate, notes), numbers, notes)


def _values(frame: dict[str, Any], names: list[Any]) -> dict[str, float]:
    """The numbers of a frame by their names."""
    held = _first(frame, _WEIGHTS)
    if isinstance(held, list):
        pairs = list(zip(map(str, names), held, strict=False))
    else:
        pairs = list((held if isinstance(held, dict) else frame).items())
    found = {str(name): _number(value) for name, value in pairs if str(name).lower() not in _TIME_NAMES}
    for part in ROTATED_PARTS:
        rotation = frame.get(f"{part.replace('_', '')}rotation")
        if isinstance(rotation, dict):
            found |= {f"{part.replace('_', '')}{axis}": _number(value) for axis, value in rotation.items()}
    return {name: value for name, value in found.items() if value is not None}


def _number(value: Any) -> Any:
    """The number that a value is, NaN for null and text; None for what holds others."""
    if isinstance(value, (dict, list)):
        return None
    return float(value) if isinstance(value, (int, float)) else np.nan


def _times(frames: list[dict[str, Any]], rate: float, notes: list[str]) -> Array:
    """Seconds (f,) of the frames."""
    found = [_first(frame, _TIME_NAMES) for frame in frames]
    if all(isinstance(each, (int, float)) for each in found):
        times = np.array(found, dtype=np.float64)
        usual = np.median(np.diff(times)) if len(times) > 1 else 0.0
        return times / 1000 if usual > _LARGEST_STEP else times
    used = rate or USUAL_RATE
    if not rate:
        notes.append(NO_TIMES.format(rate=used))
    return np.arange(len(frames)) / used


def _rate(top: dict[str, Any]) -> float:
    """The frames a second that the file names; 0 if it does not."""
    found = _first(top, _RATE_NAMES)
    return float(found) if isinstance(found, (int, float)) and found > 0 else 0.0


def _first(content: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((content[name] for name in names if name in content), None)


def _lower(content: Any) -> dict[str, Any]:
    return {str(key).lower(): value for key, value in content.items()}
