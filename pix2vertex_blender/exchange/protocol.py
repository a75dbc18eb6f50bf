"""What Blender and the worker say to each other: JSON objects, one a line, which neither side believes unseen.

A request has a `type` (the name of a job, or `cancel`) and the `job`'s number; the replies to it carry the same number.
`{"type": "alive"}` is the worker's heartbeat, which belongs to no job. Arrays travel in files that requests name.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

Request = Mapping[str, Any]

#: Bytes of the longest line. Real ones have hundreds of bytes, the faces of a crowd some ten thousand.
LONGEST_LINE = 1 << 18

#: The type of the request to stop a job.
CANCEL = "cancel"

#: The worker's heartbeat, and the seconds between two.
ALIVE = b'{"type": "alive"}'
HEARTBEAT_SECONDS = 1.0

_LONGEST_STAGE = 100


class Preparation(StrEnum):
    """What the worker can load before it is needed: the request's field `preparation` of the job `prepare`."""

    REFIT = "refit"


class NotUnderstoodError(Exception):
    """A line is not what the other side may say. Its text is for the log."""


@dataclass(frozen=True)
class Begun:
    """A job is in a stage, of which `fraction` in [0, 1] is done."""

    job: int
    stage: str
    fraction: float


@dataclass(frozen=True)
class Done:
    """A job has ended well, with the fields that it gives."""

    job: int
    result: dict[str, Any]


@dataclass(frozen=True)
class Stopped:
    """A job has ended because it was cancelled."""

    job: int


@dataclass(frozen=True)
class Failed:
    """A job has ended with a sentence for the artist; `fault` if it is a fault of ours."""

    job: int
    message: str
    fault: bool


Reply = Begun | Done | Stopped | Failed


def line_of(message: Mapping[str, Any]) -> bytes:
    """A request or a reply as it is sent.

    Raises
    ------
    ValueError, TypeError
        If the message is too long or no JSON.
    """
    line = json.dumps(message).encode()
    if len(line) > LONGEST_LINE:
        raise ValueError(f"'{message['type']}' has {len(line)} bytes, more than {LONGEST_LINE}")
    return line + b"\n"


def read_request(line: bytes) -> Request:
    """What Blender wants.

    Raises
    ------
    NotUnderstoodError
        If the line is no request.
    """
    message = _message(line)
    _field(message, "type", lambda value: isinstance(value, str))
    _field(message, "job", _is_number_of_job)
    return message


def read_reply(line: bytes) -> Reply:
    """What the worker says.

    Raises
    ------
    NotUnderstoodError
        If the line is no reply.
    """
    message = _message(line)
    job = _field(message, "job", _is_number_of_job)
    match message.get("type"):
        case "progress":
            stage = _field(message, "stage", lambda value: isinstance(value, str) and len(value) <= _LONGEST_STAGE)
            return Begun(job, stage, float(_field(message, "fraction", _is_fraction)))
        case "done":
            return Done(job, message)
        case "cancelled":
            return Stopped(job)
        case "error":
            text = _field(message, "message", lambda value: isinstance(value, str))
            return Failed(job, text, _field(message, "fault", lambda value: isinstance(value, bool)))
    raise NotUnderstoodError(f"a reply of the type {message.get('type')!r:.100}")


def _message(line: bytes) -> dict[str, Any]:
    if len(line) > LONGEST_LINE:
        raise NotUnderstoodError(f"a line of more than {LONGEST_LINE} bytes")
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise NotUnderstoodError(f"{line[:100]!r} ({error})") from error
    if not isinstance(message, dict):
        raise NotUnderstoodError(f"{line[:100]!r} is no object")
    return message


def _field(message: dict[str, Any], name: str, is_right: Callable[[Any], bool]) -> Any:
    if name not in message or not is_right(message[name]):
        raise NotUnderstoodError(f"{name} is {message.get(name)!r:.100}")
    return message[name]


def _is_number_of_job(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_fraction(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value) and -0.001 <= value <= 1.001
