"""Where exceptions end in Blender's process: each becomes a sentence, and a fault of ours an entry in a log."""

import contextlib
import functools
import logging
import logging.handlers
from collections.abc import Callable
from pathlib import Path

from ...errors import is_fault, sentence_for
from .session import user_folder
from .worker_client import DETAILS, LOG

#: What the worker says about itself is in the worker's own log.
LOG_NAME = "blender.log"
_LOG_BYTES = 1 << 20


class _Log(logging.handlers.RotatingFileHandler):
    def emit(self, record: logging.LogRecord) -> None:
        """Write an entry; the file is open no longer, since Blender may empty its folder in between."""
        with contextlib.suppress(OSError):
            Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        super().emit(record)
        self.close()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the base's name
        """Say nothing: the log's own disk may be full."""


def attach() -> None:
    """Begin to keep the log, whose file appears with the first entry."""
    detach()
    handler = _Log(user_folder() / LOG_NAME, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8", delay=True)
    handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
    LOG.addHandler(handler)
    LOG.propagate = False


def detach() -> None:
    """Close the log."""
    for handler in list(LOG.handlers):
        LOG.removeHandler(handler)
        handler.close()


def log_path() -> Path:
    """The file of the log."""
    for handler in LOG.handlers:
        if isinstance(handler, _Log):
            return Path(handler.baseFilename)
    return user_folder() / LOG_NAME


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
    LOG.error("%s", where, exc_info=error)
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
