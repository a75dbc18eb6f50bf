"""What went wrong on the command line: a sentence for the user, and for us a log that stays."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ...errors import is_fault
from ...files import undone_if_ended
from ..process import faults, session


class WorkerError(Exception):
    """The worker failed through no fault of the user's. Its sentence names the worker's log."""


@dataclass
class FaultLog:
    """The faults of one run.

    Attributes
    ----------
    folder : Path
        Where the logs are; deleted at the end of a run without a fault.
    count : int
        How many faults there were.
    """

    folder: Path
    count: int = 0

    def take(self, error: BaseException) -> str:
        """The sentence for an exception, which is counted and logged if it is a fault of ours."""
        if isinstance(error, WorkerError):
            self.count += 1
            return str(error)
        self.count += is_fault(error)
        return faults.explain(error, "command line")


@contextmanager
def fault_log(parent: Path | None) -> Iterator[FaultLog]:
    """Give a log, to which the worker writes too, in a folder that outlives Blender's own.

    The folder is made in `parent`, or in the system's temporary folder.

    Raises
    ------
    OSError
        If the folder cannot be made.
    """
    log = FaultLog(Path(tempfile.mkdtemp(prefix="pix2vertex_log_", dir=parent)))
    session.SESSION.log_folder = log.folder
    faults.attach()
    with undone_if_ended(lambda: shutil.rmtree(log.folder, ignore_errors=True)):
        try:
            yield log
        finally:
            session.stop_worker()
            faults.detach()
            session.SESSION.log_folder = None
            if not log.count:
                shutil.rmtree(log.folder, ignore_errors=True)
