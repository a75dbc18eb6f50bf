"""The child process of Blender in which the reconstruction runs. It never imports Blender's modules.

Requests and replies are JSON, one per line, over standard input and output; arrays travel in files. A request has a
`type` (a name in `jobs.JOBS`, or `cancel`) and a `job` number; the replies to it carry the same number and the type
`progress`, `done`, `cancelled` or `error`. The process ends when its standard input does, even in the middle of work,
so it never outlives Blender, and after a time without requests, so that its memory is given back.

Blender starts this file as a script with its own Python; `__main__` at the end loads the package under a fixed name,
because the name of the installed package depends on the user's repositories.
"""

import contextlib
import importlib
import importlib.util
import json
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

PACKAGE = "pix2vertex_blender"

#: Folders with the modules that Blender's wheels provide, joined by `os.pathsep`.
MODULE_PATH_VARIABLE = "PIX2VERTEX_MODULE_PATH"

#: Wheels' modules that are a file of their own. With a wheel Blender deletes its folders, but not what Python has
#: compiled of such a module beside them.
SINGLE_MODULES = ("typing_extensions",)

#: Seconds without a request after which the process ends.
IDLE_SECONDS_VARIABLE = "PIX2VERTEX_IDLE_SECONDS"
DEFAULT_IDLE_SECONDS = 300.0

Request = Mapping[str, Any]
Progress = Callable[[str, float], None]
Job = Callable[[Request, Progress], dict[str, Any]]


class _Replies:
    """Writes replies and, through `progress_of`, notices that a job has been cancelled."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.cancelled: set[int] = set()

    def send(self, job: int, kind: str, **fields: Any) -> None:
        line = json.dumps({"type": kind, "job": job, **fields}) + "\n"
        try:
            self._stream.write(line.encode())
            self._stream.flush()
        except OSError:  # Blender is gone
            os._exit(0)

    def progress_of(self, job: int) -> Progress:
        last = ("", -1.0)

        def progress(stage: str, fraction: float) -> None:
            nonlocal last
            if job in self.cancelled:
                from .errors import Cancelled

                raise Cancelled
            if stage != last[0] or abs(fraction - last[1]) >= 0.01:
                last = (stage, fraction)
                self.send(job, "progress", stage=stage, fraction=float(fraction))

        return progress


def _run_job(work: Job, request: Request, replies: _Replies) -> None:
    """Run one job and send exactly one final reply."""
    from .errors import Cancelled, is_fault, sentence_for

    job = int(request["job"])
    try:
        replies.send(job, "done", **work(request, replies.progress_of(job)))
    except Cancelled:
        replies.send(job, "cancelled")
    except Exception as error:
        if is_fault(error):
            traceback.print_exc()
        replies.send(job, "error", message=sentence_for(error), fault=is_fault(error))


def _read_requests(lines: Iterable[bytes], requests: "queue.SimpleQueue[Request]", replies: _Replies) -> None:
    for line in lines:
        request = json.loads(line)
        if request["type"] == "cancel":
            replies.cancelled.add(int(request["job"]))
        else:
            requests.put(request)
    os._exit(0)  # not sys.exit: the main thread may be deep in a computation


def serve(
    jobs: Mapping[str, Job],
    requests_stream: Iterable[bytes],
    replies_stream: BinaryIO,
    idle_seconds: float = DEFAULT_IDLE_SECONDS,
) -> None:
    """Answer requests until there were none for `idle_seconds`; the process ends when `requests_stream` does."""
    replies = _Replies(replies_stream)
    requests: queue.SimpleQueue[Request] = queue.SimpleQueue()
    threading.Thread(target=_read_requests, args=(requests_stream, requests, replies), daemon=True).start()
    while True:
        try:
            request = requests.get(timeout=idle_seconds)
        except queue.Empty:
            return
        started = time.perf_counter()
        _run_job(jobs[request["type"]], request, replies)
        print(f"{request['type']}: {time.perf_counter() - started:.1f} s", file=sys.stderr, flush=True)


def main(jobs: Mapping[str, Job]) -> None:
    """Serve on this process's standard streams, keeping what libraries print apart from the replies."""
    from .limits import limit_memory

    limit_memory()
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    idle_seconds = float(os.environ.get(IDLE_SECONDS_VARIABLE, DEFAULT_IDLE_SECONDS))
    serve(jobs, sys.stdin.buffer, replies, idle_seconds)
    os._exit(0)  # the reading thread still waits for input, which would make an orderly exit wait too


def extend_module_path() -> None:
    """Make the modules of Blender's wheels importable in this process."""
    folders = os.environ.get(MODULE_PATH_VARIABLE, "").split(os.pathsep)
    sys.path.extend(folder for folder in folders if folder and folder not in sys.path)


def load_single_modules() -> None:
    """Import the single modules of Blender's wheels without keeping what is compiled of them, if they are there."""
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    for name in SINGLE_MODULES:
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(name)
    sys.dont_write_bytecode = before


def load_package() -> None:
    """Import the package that this file is part of under its fixed name, wherever it is installed."""
    root = Path(__file__).resolve().parent
    spec = importlib.util.spec_from_file_location(PACKAGE, root / "__init__.py", submodule_search_locations=[str(root)])
    if spec is None or spec.loader is None:
        raise ImportError(f"{root} is not a Python package")
    package = importlib.util.module_from_spec(spec)
    sys.modules[PACKAGE] = package
    spec.loader.exec_module(package)


if __name__ == "__main__":
    extend_module_path()
    load_single_modules()
    load_package()
    importlib.import_module(f"{PACKAGE}.worker").main(importlib.import_module(f"{PACKAGE}.jobs").JOBS)
