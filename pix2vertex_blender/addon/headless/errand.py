"""Work that jobs of the worker are part of, done to its end without a window."""

import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from ...errors import Pix2VertexError
from ..process import session
from ..process.job import Job, JobStatus
from .fault_log import WorkerError

_POLL_SECONDS = 0.05

Result = TypeVar("Result")


class Errand:
    """Runs generators that yield jobs, as operators do."""

    def __init__(self) -> None:
        self._files: list[Path] = []

    def delete_files(self) -> None:
        """Delete the temporary files."""
        for file in self._files:
            file.unlink(missing_ok=True)

    def temporary_files(self, *suffixes: str) -> list[Path]:
        """Paths with the same beginning of their names."""
        stem = session.temporary_folder() / f"errand_{time.monotonic_ns()}"
        paths = [stem.with_name(stem.name + suffix) for suffix in suffixes]
        self._files += paths
        return paths

    def run(self, work: Generator[Job, Job, Result]) -> Result:
        """Do the work, waiting for each job.

        Raises
        ------
        Pix2VertexError, WorkerError
            If a job failed.
        """
        try:
            job = next(work)
            while True:
                await_end(job)
                job = work.send(job)
        except StopIteration as end:
            return end.value


@contextmanager
def errand() -> Iterator[Errand]:
    """An errand whose temporary files are deleted at the end."""
    work = Errand()
    try:
        yield work
    finally:
        work.delete_files()


def await_end(job: Job, show: Callable[[], None] = lambda: None) -> None:
    """Wait for a job of the worker.

    Parameters
    ----------
    job : Job
    show : callable
        Shows how far it is, several times a second.

    Raises
    ------
    Pix2VertexError, WorkerError
        If it failed.
    """
    worker = session.worker()
    try:
        while job.status is JobStatus.RUNNING:
            time.sleep(_POLL_SECONDS)
            worker.poll()
            show()
    except KeyboardInterrupt:
        worker.cancel(job)
        raise
    if job.status is JobStatus.FAILED:
        raise (WorkerError if job.fault else Pix2VertexError)(job.error)
