"""How the worker serves: it reads requests, runs one job after the other, and says every second that it lives.

Two threads stand beside the one that computes. One reads requests, so that a job can be cancelled while it runs; when
the requests end, the process does, even in the middle of work, so it never outlives Blender. The other sends the
heartbeat: long computations are no silence, a stopped process is. After a time without requests the process ends, so
that its memory is given back.

Nothing that comes in can end a thread: what is not understood is answered with an error. `exchange.protocol` says what
the messages are.
"""

import contextlib
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO

from .errors import Cancelled, Pix2VertexError, is_fault, sentence_for
from .exchange.progress import Progress
from .exchange.protocol import (
    ALIVE,
    CANCEL,
    HEARTBEAT_SECONDS,
    LONGEST_LINE,
    NotUnderstoodError,
    Request,
    line_of,
    read_request,
)
from .limits import hold_buffers, limit_memory

#: Seconds without a request after which the process ends.
IDLE_SECONDS_VARIABLE = "PIX2VERTEX_IDLE_SECONDS"
DEFAULT_IDLE_SECONDS = 300.0

#: The number of no job: the replies to what is not understood carry it, so that Blender does not wait for an answer.
_NO_JOB = 0

Job = Callable[[Request, Progress], dict[str, Any]]


class _Replies:
    """Writes replies and, through `progress_of`, notices that a job has been cancelled."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._writing = threading.Lock()
        self.cancelled: set[int] = set()

    def send(self, kind: str, job: int, **fields: Any) -> None:
        self._write(line_of({"type": kind, "job": job, **fields}))

    def send_heartbeats(self) -> None:
        while True:
            self._write(ALIVE + b"\n")
            time.sleep(HEARTBEAT_SECONDS)

    def progress_of(self, job: int) -> Progress:
        last = ("", -1.0)

        def progress(stage: str, fraction: float) -> None:
            nonlocal last
            if job in self.cancelled:
                raise Cancelled
            fraction = min(max(float(fraction), 0.0), 1.0)
            if stage != last[0] or abs(fraction - last[1]) >= 0.01:
                last = (stage, fraction)
                self.send("progress", job, stage=stage, fraction=fraction)

        return progress

    def _write(self, line: bytes) -> None:
        try:
            with self._writing:
                self._stream.write(line)
                self._stream.flush()
        except OSError:  # Blender is gone
            os._exit(0)


def serve(
    jobs: Mapping[str, Job],
    requests_stream: BinaryIO,
    replies_stream: BinaryIO,
    idle_seconds: float = DEFAULT_IDLE_SECONDS,
) -> None:
    """Answer requests until there were none for `idle_seconds`; the process ends when `requests_stream` does."""
    replies = _Replies(replies_stream)
    requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
    threading.Thread(target=_read_requests, args=(requests_stream, requests, replies), daemon=True).start()
    threading.Thread(target=replies.send_heartbeats, daemon=True).start()
    while True:
        try:
            request = requests.get(timeout=idle_seconds)
        except queue.Empty:
            return
        started = time.perf_counter()
        _run_job(jobs, request, replies)
        _log(f"{request['type']}: {time.perf_counter() - started:.1f} s")


def main(jobs: Mapping[str, Job]) -> None:
    """Serve on this process's standard streams, keeping what libraries print apart from the replies."""
    limit_memory()
    hold_buffers()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in Blender's terminal is for Blender, which tells us
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    idle_seconds = float(os.environ.get(IDLE_SECONDS_VARIABLE, DEFAULT_IDLE_SECONDS))
    serve(jobs, sys.stdin.buffer, replies, idle_seconds)
    os._exit(0)  # the reading thread still waits for input, which would make an orderly exit wait too


def _run_job(jobs: Mapping[str, Job], request: Request, replies: _Replies) -> None:
    """Run one job and send exactly one final reply."""
    job = request["job"]
    try:
        replies.send("done", job, **_known(jobs, request["type"])(request, replies.progress_of(job)))
    except Cancelled:
        replies.send("cancelled", job)
    except Exception as error:
        if is_fault(error):
            _log(traceback.format_exc())
        replies.send("error", job, message=sentence_for(error), fault=is_fault(error))
    finally:
        replies.cancelled.discard(job)


def _known(jobs: Mapping[str, Job], name: str) -> Job:
    if name not in jobs:
        raise Pix2VertexError(f"The reconstruction process knows no work called {name}: restart Blender.")
    return jobs[name]


def _read_requests(stream: BinaryIO, requests: "queue.SimpleQueue[Request]", replies: _Replies) -> None:
    try:
        for line in _lines(stream):
            try:
                request = read_request(line)
            except NotUnderstoodError as error:
                _log(f"A request was not understood: {error}")
                replies.send("error", _NO_JOB, message="A request was not understood.", fault=True)
                continue
            if request["type"] == CANCEL:
                replies.cancelled.add(request["job"])
            else:
                requests.put(request)
    finally:
        os._exit(0)  # not sys.exit: the main thread may be deep in a computation


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """The lines of a stream; of one that is too long, only its beginning."""
    while line := stream.readline(LONGEST_LINE + 1):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = stream.readline(LONGEST_LINE)
        yield line


def _log(text: str) -> None:
    """Write to the log, if there is still room on its disk."""
    with contextlib.suppress(OSError):
        print(text, file=sys.stderr, flush=True)
