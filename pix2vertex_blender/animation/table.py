"""A table of captured numbers becomes a take: names are matched, gaps bridged, and what is ignored is said."""

from collections.abc import Sequence

import numpy as np

from ..expression.names import ARKIT_NAMES
from .take import ROTATED_PARTS, ROTATION_AXES, Array, Take, TakeError

NO_EXPRESSION = "{file} has none of ARKit's expressions: choose a Live Link Face CSV or an ARKit JSON file."
NO_FRAMES = "{file} has no frames: record the take again or choose another file."

MISSING = "Not in the file, so these stay still: {names}."
UNKNOWN = "Columns that no expression has, ignored: {names}."
NOT_NUMBERS = "Values that are no numbers, bridged: {count}, most of them of {name}."
EMPTY = "Without a single number, ignored: {names}."
CLIPPED = "Values outside 0 to 1, clipped: {count}."
DEGREES = "The rotations are taken for degrees."
BACKWARDS = "Frames whose time does not go on, left out: {count}."
GAP = "Gaps in the recording, bridged: {count}, the longest of {seconds:.2f} seconds at {at:.2f} seconds."

_BY_COLUMN = {name.lower(): name for name in ARKIT_NAMES}
_ROTATION_COLUMNS = {f"{part.replace('_', '')}{axis}": (part, axis) for part in ROTATED_PARTS for axis in ROTATION_AXES}

#: Columns of a recording that say something about its frames and nothing about the face.
_ABOUT_FRAMES = {"timecode", "blendshapecount", "time", "timestamp", "frame"}

#: Times more than the usual step between two frames that make a gap.
_GAP_STEPS = 2.5
#: Radians that no head turns by: rotations beyond are degrees.
_LARGEST_ROTATION = 3.2
#: How many names a sentence lists.
_MOST_NAMES = 6
_CLIPPED = 1e-3


def take_from_table(
    name: str, file: str, columns: Sequence[str], times: Array, numbers: Array, notes: Sequence[str] = ()
) -> Take:
    """A take from columns of numbers.

    Parameters
    ----------
    name : str
        The take's.
    file : str
        The file's, for sentences.
    columns : sequence of str
        Names of the columns, ARKit's or with a capital first letter, whatever their order.
    times : (f,)
        Seconds.
    numbers : (f, c)
        NaN where there is none.
    notes : sequence of str
        What has been found about the file already.

    Raises
    ------
    TakeError
        If there are no frames or none of ARKit's expressions.
    """
    if not np.isfinite(times).any():
        raise TakeError(NO_FRAMES.format(file=file))
    found = list(notes)
    times, numbers = _going_on(times, numbers, found)
    known = {_BY_COLUMN[column.lower()]: index for index, column in enumerate(columns) if column.lower() in _BY_COLUMN}
    if not known:
        raise TakeError(NO_EXPRESSION.format(file=file))
    if missing := [each for each in ARKIT_NAMES if each not in known]:
        found.append(MISSING.format(names=listed(missing)))
    if unknown := [each for each in columns if each and not _is_known(each)]:
        found.append(UNKNOWN.format(names=listed(unknown)))
    numbers = _without_holes(times, numbers, columns, found)
    values = {each: numbers[:, known[each]] for each in ARKIT_NAMES if each in known}
    values = {each: value for each, value in values.items() if not np.isnan(value).any()}
    if not values:
        raise TakeError(NO_EXPRESSION.format(file=file))
    outside = sum(int(((each < -_CLIPPED) | (each > 1 + _CLIPPED)).sum()) for each in values.values())
    if outside:
        found.append(CLIPPED.format(count=outside))
    rotations = _rotations(columns, numbers, found)
    clipped = {each: np.clip(value, 0.0, 1.0) for each, value in values.items()}
    return Take(name, times - times[0], clipped, rotations, tuple(found))


def listed(names: Sequence[str]) -> str:
    """Names in a row, the first few of many."""
    shown = ", ".join(names[:_MOST_NAMES])
    return shown if len(names) <= _MOST_NAMES else f"{shown}, ... ({len(names)})"


def _is_known(column: str) -> bool:
    lower = column.lower()
    return lower in _BY_COLUMN or lower in _ROTATION_COLUMNS or lower in _ABOUT_FRAMES


def _going_on(times: Array, numbers: Array, notes: list[str]) -> tuple[Array, Array]:
    """The frames whose time is later than that of all before; tells of the others, and of gaps."""
    readable = np.where(np.isfinite(times), times, -np.inf)
    later = readable > np.concatenate([[-np.inf], np.maximum.accumulate(readable)[:-1]])
    if dropped := int((~later).sum()):
        notes.append(BACKWARDS.format(count=dropped))
    times, numbers = times[later], numbers[later]
    steps = np.diff(times)
    if len(steps) and (gaps := steps > _GAP_STEPS * np.median(steps)).any():
        longest = int(np.argmax(steps))
        at = float(times[longest] - times[0])
        notes.append(GAP.format(count=int(gaps.sum()), seconds=float(steps[longest]), at=at))
    return times, numbers


def _without_holes(times: Array, numbers: Array, columns: Sequence[str], notes: list[str]) -> Array:
    """Numbers in place of what is none, on the line between its neighbours; columns without any stay empty."""
    holes = ~np.isfinite(numbers)
    relevant = np.array([_is_known(column) and column.lower() not in _ABOUT_FRAMES for column in columns])
    empty = holes.all(axis=0) & relevant
    if empty.any():
        notes.append(EMPTY.format(names=listed([columns[index] for index in np.flatnonzero(empty)])))
    counts = np.where(relevant & ~empty, holes.sum(axis=0), 0)
    if counts.any():
        notes.append(NOT_NUMBERS.format(count=int(counts.sum()), name=columns[int(counts.argmax())]))
    mended = np.where(holes, np.nan, numbers)
    for column in np.flatnonzero(counts):
        good = ~holes[:, column]
        mended[~good, column] = np.interp(times[~good], times[good], numbers[good, column])
    return mended


def _rotations(columns: Sequence[str], numbers: Array, notes: list[str]) -> dict[str, Array]:
    """The rotations (f, 3) of the parts that have any."""
    rotations: dict[str, Array] = {}
    for index, column in enumerate(columns):
        place = _ROTATION_COLUMNS.get(column.lower())
        if place is None or np.isnan(numbers[:, index]).any():
            continue
        part, axis = place
        rotations.setdefault(part, np.zeros((len(numbers), 3)))[:, ROTATION_AXES.index(axis)] = numbers[:, index]
    if any(np.abs(each).max() > _LARGEST_ROTATION for each in rotations.values()):
        notes.append(DEGREES)
        rotations = {part: np.radians(each) for part, each in rotations.items()}
    return rotations
