"""Where exceptions end in Blender's process: each becomes a sentence, and a fault of ours an entry in a log."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import is_fault, sentence_for
from .session import user_folder

if TYPE_CHECKING:
    import logging

#: What the worker says about itself is in the worker's own log.
LOG_NAME = "blender.log"

DETAILS = "{sentence} Details are in {log}."

_path: Path | None = None
_handler: "logging.Handler | None" = None


def attach() -> None:
    """Begin to keep the log, whose file appears with the first entry."""
    global _path
    detach()
    _path = user_folder() / LOG_NAME


def detach() -> None:
    """Close the log."""
    global _path, _handler
    if _handler is not None:
        log().removeHandler(_handler)
        _handler.close()
    _path = _handler = None


def log() -> "logging.Logger":
    """The log, for which nothing is loaded before its first entry."""
    import logging

    global _handler
    logger = logging.getLogger("pix2vertex")
    if _handler is None and _path is not None:
        from .log_file import LogFile

        _handler = LogFile(_path)
        logger.addHandler(_handler)
        logger.propagate = False
    return logger


def log_path() -> Path:
    """The file of the log."""
    return _path or user_folder() / LOG_NAME


def explain(error: BaseException, where: str) -> str:
    """The sentence for an exception that arrives at a boundary; a fault of ours is written into the log.

    Parameters
    ----------
    error : exception
    where : str
        What was being done, for the log.
    """
    if not is_fault(error):
        return sentence_for(error)
    log().error("%s", where, exc_info=error)
    return DETAILS.format(sentence=sentence_for(error), log=log_path())


def ends_quietly(function: Callable[[], float | None]) -> Callable[[], float | None]:
    """Let a function of `bpy.app.timers` end with an entry in the log instead of a traceback."""

    @functools.wraps(function)
    def run() -> float | None:
        try:
            return function()
        except Exception as error:
            explain(error, function.__name__)
            return None

    return run
