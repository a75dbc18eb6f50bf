"""The file that faults are written to."""

import contextlib
import logging
import logging.handlers
from pathlib import Path

_BYTES = 1 << 20


class LogFile(logging.handlers.RotatingFileHandler):
    """Writes entries with their time; of older ones only the last file is kept.

    Parameters
    ----------
    path : Path
        Appears with the first entry.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=_BYTES, backupCount=1, encoding="utf-8", delay=True)
        self.setFormatter(logging.Formatter("%(asctime)s %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Write an entry; the file is open no longer, since Blender may empty its folder in between."""
        with contextlib.suppress(OSError):
            Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        super().emit(record)
        self.close()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the base's name
        """Say nothing: the log's own disk may be full."""
