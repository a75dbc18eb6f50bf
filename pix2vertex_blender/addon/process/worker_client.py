"""Blender's side of the worker process: start it, feed it, look without waiting whether there is news, stop it."""

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import shortage
from ...exchange.protocol import (
    CANCEL,
    Begun,
    Done,
    NotUnderstoodError,
    Reply,
    Stopped,
    line_of,
    read_reply,
)
from ...limits import LEAST_MEMORY, memory_limit
from .faults import DETAILS, log
from .job import Job, JobStatus
from .pipe import Pipe

DIED = (
    "The reconstruction process stopped unexpectedly, perhaps for lack of memory; try again or lower the detail level."
)
LIMIT_FAR_TOO_LOW = (
    "The memory limit of {limit} GB in the preferences is too low, since the reconstruction needs at least {least} GB:"
    " raise it or set it to 0."
)
DIED_LIMITED = (
    "The reconstruction process stopped unexpectedly, perhaps because the memory limit of {limit} GB in the preferences"
    " is too low; raise it or set it to 0."
)
CANNOT_START = "The reconstruction process cannot be started; see the log {log}."
SILENT = "The reconstruction process no longer answers and was ended; try again."
SILENT_LIMITED = (
    "The reconstruction process no longer answers and was ended, perhaps because the memory limit of {limit} GB in the"
    " preferences is too low; raise it or set it to 0."
)
NOT_UNDERSTOOD = (
    "The reconstruction process gave an answer that makes no sense and was ended; try again, and install the extension"
    " again if that does not help."
)

#: Stages of a job beyond which the worker is broken.
_MOST_STAGES = 1000


@dataclass(frozen=True)
class Patience:
    """Seconds after which the worker is given up. Time in which Blender itself stood still does not count.

    Attributes
    ----------
    start : float
        Without a heartbeat until the process has said its first word or while a job loads its libraries, which keeps
        the heartbeat waiting: a gigabyte from a slow disk, which a virus scanner reads first.
    work : float
        Without a heartbeat later on. No computation keeps it waiting for longer than two seconds, even on a busy
        computer; one that runs out of memory may.
    idle : float
        Without a heartbeat while there is no work, before the next job goes to another process.
    cancel : float
        From a job's cancellation to the worker's answer, if another job waits for it. Jobs look every half second.
    """

    start: float = 120.0
    work: float = 30.0
    idle: float = 5.0
    cancel: float = 3.0


#: The stage in which a job loads its libraries.
_START = "start"

#: Seconds in which a thread that has waited for Blender runs again.
_MOMENT = 0.05

#: The longest time between two looks that counts as silence: Blender or the whole computer may have slept.
_LONGEST_TICK = 1.0


class WorkerClient:
    """A worker process that is started when there is work and again when it is gone, or as good as gone.

    Whatever the process does or says, no method waits for it, and each job comes to an end: the process may die, fall
    silent, not listen or talk nonsense. A job that it has said nothing about yet is then given to the next process.

    Parameters
    ----------
    command : sequence of str
        Program and arguments of the worker.
    environment : mapping
        Variables to add to this process's.
    log : Path
        File for what the worker and its libraries print; begun anew at each start.
    patience : Patience
        When to give a process up.
    """

    def __init__(
        self, command: Sequence[str], environment: Mapping[str, str], log: Path, patience: Patience = Patience()
    ) -> None:
        self._command = list(command)
        self._environment = dict(environment)
        self._limit = memory_limit(self._environment)
        self._patience = patience
        self.log = log
        self._pipe: Pipe | None = None
        self._jobs: dict[int, Job] = {}
        #: When jobs were cancelled whose end the worker has not confirmed, and in which stage they were.
        self._cancelled: dict[int, tuple[float, str]] = {}
        self._last_number = 0
        self._looked = self._heard = self._silence = 0.0

    @property
    def process_id(self) -> int | None:
        """The worker's process id, or None when none is running."""
        return self._pipe.process_id if self._pipe is not None else None

    def submit(self, kind: str, **fields: Any) -> Job:
        """Send a job to the worker, which is started if necessary.

        A worker that cannot be started gives a job that has already failed.
        """
        self.poll()
        if not (self._jobs or self._cancelled) and self._is_stopped():
            self._end_process()
        self._last_number += 1
        job = Job(self._last_number, {"type": kind, "job": self._last_number, **fields})
        self._deliver(job)
        self._give_up_deaf()
        return job

    def poll(self) -> None:
        """Bring the jobs up to date with what the worker has said since, and give it up if it does not answer."""
        pipe = self._pipe
        if pipe is None:
            return
        for line in pipe.receive():
            try:
                self._take(read_reply(line))
            except NotUnderstoodError as error:
                log().error("The worker was not understood: %s", error)
                self._replace(NOT_UNDERSTOOD)
            if self._pipe is not pipe:
                return
        if pipe.ended:
            self._replace(None)
        elif self._silent_for(pipe) > self._patience_now(pipe):
            self._replace(self._why_it_is_silent())
        else:
            self._give_up_deaf()

    def cancel(self, job: Job) -> None:
        """Ask the worker to stop a job; whatever it still says about it is ignored."""
        if job.status is JobStatus.RUNNING:
            job.status = JobStatus.CANCELLED
            if self._jobs.pop(job.number, None) is not None and self._pipe is not None:
                self._cancelled[job.number] = (time.monotonic(), job.stage)
                self._pipe.send(line_of({"type": CANCEL, "job": job.number}))

    def stop(self) -> None:
        """End the worker; its jobs count as cancelled."""
        for job in self._jobs.values():
            job.status = JobStatus.CANCELLED
        self._jobs.clear()
        self._end_process()

    def _deliver(self, job: Job) -> None:
        if 0.0 < self._limit < LEAST_MEMORY:
            self._fail(job, LIMIT_FAR_TOO_LOW.format(limit=f"{self._limit:g}", least=LEAST_MEMORY), fault=False)
            return
        if self._pipe is None:
            try:
                self._pipe = Pipe(self._command, os.environ | self._environment, self.log)
            except OSError as error:
                self._fail(job, shortage(error) or CANNOT_START.format(log=self.log))
                return
            self._looked, self._silence = time.monotonic(), 0.0
        job.deliveries += 1
        self._jobs[job.number] = job
        self._pipe.send(line_of(job.request))

    def _take(self, reply: Reply) -> None:
        if reply.job in self._cancelled:
            if not isinstance(reply, Begun):
                del self._cancelled[reply.job]
            return
        job = self._jobs.get(reply.job)
        if job is None:
            raise NotUnderstoodError(f"a reply to the job {reply.job}, which is not running")
        if isinstance(reply, Begun):
            if reply.stage != job.stage:
                job.stages.append(reply.stage)
            if len(job.stages) > _MOST_STAGES:
                raise NotUnderstoodError("more stages than any job has")
            job.fraction = reply.fraction
            return
        del self._jobs[job.number]
        if isinstance(reply, Done):
            job.result = reply.result
            job.status = JobStatus.DONE
        elif isinstance(reply, Stopped):
            job.status = JobStatus.CANCELLED
        elif reply.fault:
            self._fail(job, DETAILS.format(sentence=reply.message, log=self.log))
        else:
            self._fail(job, reply.message, fault=False)

    def _is_stopped(self) -> bool:
        """Whether an idle process, which nothing can keep from its heartbeat, has none."""
        pipe = self._pipe
        if pipe is not None and time.monotonic() - pipe.heard > self._patience.idle:
            time.sleep(_MOMENT)  # Blender itself may have been busy: let the thread that reads hear first
        return pipe is not None and time.monotonic() - pipe.heard > self._patience.idle

    def _silent_for(self, pipe: Pipe) -> float:
        """Seconds that were looked for news while there was none, not even a heartbeat."""
        now = time.monotonic()
        self._silence += min(now - self._looked, _LONGEST_TICK)
        if pipe.heard != self._heard or not (self._jobs or self._cancelled):
            self._silence = 0.0
        self._looked, self._heard = now, pipe.heard
        return self._silence

    def _patience_now(self, pipe: Pipe) -> float:
        starts = not pipe.heard or any(job.stage == _START for job in self._jobs.values())
        return self._patience.start if starts else self._patience.work

    def _give_up_deaf(self) -> None:
        """Replace a process that still works on what was cancelled while another job waits."""
        now = time.monotonic()
        for cancelled, stage in self._cancelled.values():
            patience = self._patience.work if stage in ("", _START) else self._patience.cancel
            if self._jobs and now - cancelled > patience:
                self._replace(SILENT)
                return

    def _replace(self, sentence: str | None) -> None:
        """End the process: send again what it has said nothing about, and give up the rest with a sentence.

        Without a sentence, the process has ended by itself.
        """
        spoken = self._pipe is not None and self._pipe.heard > 0.0
        jobs, self._jobs = self._jobs, {}
        exit_status = self._end_process()
        for job in jobs.values():
            idle_end = sentence is None and exit_status == 0
            if not job.stage and job.deliveries == 1 and (spoken or idle_end) and sentence != NOT_UNDERSTOOD:
                self._deliver(job)
            else:
                self._fail(job, sentence or self._why_it_died(spoken))

    def _why_it_died(self, spoken: bool) -> str:
        if self._limit:
            return DIED_LIMITED.format(limit=f"{self._limit:g}")
        return DIED if spoken else CANNOT_START.format(log=self.log)

    def _why_it_is_silent(self) -> str:
        return SILENT_LIMITED.format(limit=f"{self._limit:g}") if self._limit else SILENT

    @staticmethod
    def _fail(job: Job, error: str, fault: bool = True) -> None:
        job.error = error
        job.fault = fault
        job.status = JobStatus.FAILED

    def _end_process(self) -> int:
        """Kill the process; returns its exit status."""
        pipe, self._pipe = self._pipe, None
        self._cancelled.clear()
        return pipe.end() if pipe is not None else 0
