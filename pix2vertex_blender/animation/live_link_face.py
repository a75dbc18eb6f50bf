"""CSV files of Live Link Face: a row for each frame, 61 columns with capital first letters, and a timecode.

A timecode is `hours:minutes:seconds:frames.part`. Its frames are counted at the rate of the recording, which the file
does not name: it is the lowest usual one that all its frame numbers fit into. Where the camera is faster than the
timecode, the part says when within a frame.
"""

import csv
import io
import re

import numpy as np

from .table import NO_FRAMES, take_from_table
from .take import Array, Take, TakeError

NOT_A_TABLE = "{file} is no table of Live Link Face: choose its CSV file."
NO_TIMECODE = "There is no timecode, so the frames are taken {rate:g} a second."
BAD_TIMECODES = "Frames without a readable timecode, left out: {count}."

#: Frames a second of a recording whose file does not tell.
USUAL_RATE = 60.0
_RATES = (24.0, 25.0, 30.0, 50.0, 60.0, 100.0, 120.0)
_TIMECODE = re.compile(r"\s*(\d+)[:;](\d+)[:;](\d+)[:;.](\d+)(\.\d+)?\s*$")
_DAY = 86400.0


def read_csv(text: str, name: str, file: str, rate: float = 0.0) -> Take:
    """A take from the text of a CSV file.

    Parameters
    ----------
    text : str
    name : str
        The take's.
    file : str
        The file's, for sentences.
    rate : float, optional
        Frames a second that the timecodes count; 0 to find out.

    Raises
    ------
    TakeError
        If it is no table, or has no frames or expressions.
    """
    try:
        rows = [row for row in csv.reader(io.StringIO(text)) if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise TakeError(NOT_A_TABLE.format(file=file)) from error
    if not rows or len(rows[0]) < 2:
        raise TakeError(NOT_A_TABLE.format(file=file))
    columns = [cell.strip().lstrip("\ufeff") for cell in rows[0]]
    body = rows[1:]
    if not body:
        raise TakeError(NO_FRAMES.format(file=file))
    numbers = np.array([[_number(row, column) for column in range(len(columns))] for row in body])
    notes: list[str] = []
    times = _times(columns, body, rate, notes)
    readable = np.isfinite(times)
    if not readable.any():
        raise TakeError(NO_FRAMES.format(file=file))
    if not readable.all():
        notes.append(BAD_TIMECODES.format(count=int((~readable).sum())))
    return take_from_table(name, file, columns, times[readable], numbers[readable], notes)


def _number(row: list[str], column: int) -> float:
    """The number in a cell; NaN if it holds none or is missing."""
    try:
        return float(row[column])
    except (ValueError, IndexError):
        return np.nan


def _times(columns: list[str], rows: list[list[str]], rate: float, notes: list[str]) -> Array:
    """Seconds (f,) of the rows, NaN where the timecode cannot be read; past midnight they go on."""
    lower = [column.lower() for column in columns]
    if "timecode" not in lower:
        used = rate or USUAL_RATE
        notes.append(NO_TIMECODE.format(rate=used))
        return np.arange(len(rows)) / used
    column = lower.index("timecode")
    found = [_TIMECODE.match(row[column]) if column < len(row) else None for row in rows]
    parts = np.array([[float(group or 0) for group in each.groups()] if each else [np.nan] * 5 for each in found])
    seconds = parts[:, 0] * 3600 + parts[:, 1] * 60 + parts[:, 2]
    used = rate or timecode_rate(seconds, parts[:, 3])
    times = seconds + (parts[:, 3] + parts[:, 4]) / used
    good = np.isfinite(times)
    midnights = np.cumsum(np.diff(times[good], prepend=times[good][:1]) < -_DAY / 2)
    times[good] += _DAY * midnights
    return times


def timecode_rate(seconds: Array, frames: Array) -> float:
    """The rate at which timecodes count frames (f,), from the whole seconds (f,) that they belong to.

    The lowest usual one above all frame numbers, if at least one second was recorded to its end; otherwise 60.
    """
    good = np.isfinite(seconds)
    if not good.any() or seconds[good].max() == seconds[good].min():
        return USUAL_RATE
    largest = frames[good].max()
    return next((each for each in _RATES if each > largest), float(largest) + 1)
