"""Blender's side of the worker process: start it, feed it, look without waiting whether there is news, stop it."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any

_STOP_SECONDS = 1.0

DIED = (
    "The reconstruction process stopped unexpectedly, perhaps for lack of memory; try again or lower the detail level."
)
CANNOT_START = "The reconstruction process cannot be started; see the log {log}."


class JobStatus(Enum):
    """Where a job is."""

    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass
class Job:
    """One piece of work in the worker, brought up to date by `WorkerClient.poll`.

    Attributes
    ----------
    number : int
        The job's number in requests and replies.
    request : dict
        What was sent.
    deliveries : int
        How often it was sent: twice when an idle worker ended just then.
    status : JobStatus
        RUNNING until the worker's final reply or its death.
    stages : list of str
        What the worker has begun to do, in order; empty until the first news.
    fraction : float
        How far the last stage is.
    result : dict
        The fields of the worker's final reply, when DONE.
    error : str
        One sentence for the artist, when FAILED.
    fault : bool
        Whether the failure was a fault of ours rather than something the artist can change.
    """

    number: int
    request: dict[str, Any]
    deliveries: int = 0
    status: JobStatus = JobStatus.RUNNING
    stages: list[str] = field(default_factory=list)
    fraction: float = 0.0
    result: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    fault: bool = False

    @property
    def stage(self) -> str:
        """What the worker does now; empty until the first news."""
        return self.stages[-1] if self.stages else ""


class WorkerClient:
    """A worker process that is started when there is work and again when it is gone.

    Parameters
    ----------
    command : sequence of str
        Program and arguments of the worker.
    environment : mapping
        Variables to add to this process's.
    log : Path
        File for what the worker and its libraries print; begun anew at each start.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self._command = list(command)
        self._environment = dict(environment)
        self.log = log
        self._process: subprocess.Popen[bytes] | None = None
        self._unread = b""
        self._jobs: dict[int, Job] = {}
        self._last_number = 0

    @property
    def process_id(self) -> int | None:
        """The worker's process id, or None when none is running."""
        if self._process is None or self._process.poll() is not None:
            return None
        return self._process.pid

    def submit(self, kind: str, **fields: Any) -> Job:
        """Send a job to the worker, which is started if necessary.

        A worker that cannot be started gives a job that has already failed.
        """
        self._last_number += 1
        job = Job(self._last_number, {"type": kind, "job": self._last_number, **fields})
        self._deliver(job)
        return job

    def poll(self) -> None:
        """Bring the jobs up to date with what the worker has said since; never waits."""
        if self._process is None:
            return
        exit_status = self._process.poll()  # before reading, so that nothing said before the end is missed
        self._unread += _read_available(self._process)
        *lines, self._unread = self._unread.split(b"\n")
        for line in lines:
            self._take(json.loads(line))
        if exit_status is not None:
            self._replace_lost(exit_status)

    def cancel(self, job: Job) -> None:
        """Ask the worker to stop a job; whatever it still says about it is ignored."""
        if job.status is JobStatus.RUNNING:
            job.status = JobStatus.CANCELLED
            self._jobs.pop(job.number, None)
            self._write({"type": "cancel", "job": job.number})

    def stop(self) -> None:
        """End the worker; its jobs count as cancelled."""
        for job in self._jobs.values():
            job.status = JobStatus.CANCELLED
        self._jobs.clear()
        self._end_process()

    def _deliver(self, job: Job) -> None:
        if self.process_id is None:
            self._end_process()
            try:
                self._start()
            except OSError:
                self._fail(job, CANNOT_START.format(log=self.log))
                return
        job.deliveries += 1
        self._jobs[job.number] = job
        self._write(job.request)

    def _start(self) -> None:
        """Start the process; OSError if that is impossible."""
        self._unread = b""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=os.environ | self._environment,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        if sys.platform != "win32":
            os.set_blocking(_output(self._process), False)

    def _write(self, message: dict[str, Any]) -> None:
        """Send one line; a worker that can no longer read it is noticed by `poll`."""
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.write(json.dumps(message).encode() + b"\n")
                self._process.stdin.flush()

    def _take(self, reply: dict[str, Any]) -> None:
        job = self._jobs.get(reply["job"])
        if job is None:  # cancelled meanwhile
            return
        if reply["type"] == "progress":
            if reply["stage"] != job.stage:
                job.stages.append(reply["stage"])
            job.fraction = reply["fraction"]
            return
        del self._jobs[job.number]
        if reply["type"] == "done":
            job.result = reply
            job.status = JobStatus.DONE
        elif reply["type"] == "cancelled":
            job.status = JobStatus.CANCELLED
        elif reply["fault"]:
            self._fail(job, f"{reply['message']} Details are in {self.log}.")
        else:
            self._fail(job, reply["message"], fault=False)

    def _replace_lost(self, exit_status: int) -> None:
        """The process has ended: send again what an idle worker no longer took up, and give up the rest."""
        jobs, self._jobs = self._jobs, {}
        self._end_process()
        for job in jobs.values():
            if exit_status == 0 and not job.stage and job.deliveries == 1:
                self._deliver(job)
            elif job.stage:
                self._fail(job, DIED)
            else:
                self._fail(job, CANNOT_START.format(log=self.log))

    @staticmethod
    def _fail(job: Job, error: str, fault: bool = True) -> None:
        job.error = error
        job.fault = fault
        job.status = JobStatus.FAILED

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None and process.stdout is not None
        with contextlib.suppress(OSError):
            process.stdin.close()  # what the worker takes as the order to end
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


def _output(process: "subprocess.Popen[bytes]") -> int:
    assert process.stdout is not None
    return process.stdout.fileno()


def _read_available(process: "subprocess.Popen[bytes]") -> bytes:
    """What the worker has written and nobody has read."""
    descriptor = _output(process)
    chunks = []
    with contextlib.suppress(BlockingIOError, BrokenPipeError):
        while _has_data(descriptor) and (chunk := os.read(descriptor, 1 << 16)):
            chunks.append(chunk)
    return b"".join(chunks)


if sys.platform == "win32":
    import _winapi
    import msvcrt

    def _has_data(descriptor: int) -> bool:
        """Whether a read will not wait: Python cannot make a Windows pipe non-blocking before 3.12."""
        available, _rest_of_message = _winapi.PeekNamedPipe(msvcrt.get_osfhandle(descriptor), 0)
        return available > 0

else:

    def _has_data(descriptor: int) -> bool:
        """Always true: the pipe is non-blocking and says so itself."""
        return True
