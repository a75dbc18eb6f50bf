"""Many computers: photos as tasks of Dask distributed, which only the command line uses and no extension needs.

A worker of Dask is a process in which Blender may not live: its library never ends a process in an orderly way, and
wants the main thread. So each worker has a child that is the command line in a Blender without a window. It is kept
from photo to photo, and ends when the worker does.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .errors import OptionError

if TYPE_CHECKING:
    from distributed import Client

NOT_INSTALLED = "--scheduler needs Dask distributed: install it with pip install distributed, and on all workers too."
NO_SCHEDULER = (
    "There is no Dask scheduler at {address} ({reason}): start one with `dask scheduler` and give the address that it"
    " prints."
)

#: The first argument with which the command line serves photos, one a line, instead of taking them itself.
SERVE = "serve-photos"
#: Seconds in which a scheduler answers.
PATIENCE_SECONDS = 15
#: How often a task is tried again whose child has ended without an answer.
RETRIES = 3

#: What can be asked for, and what is answered: JSON objects.
Message = Mapping[str, Any]


class ChildEndedError(RuntimeError):
    """The child that reconstructs photos has ended in the middle of one."""


@contextlib.contextmanager
def connected(address: str) -> Iterator["Client"]:
    """A scheduler, of which everything that is still to do is taken back at the end.

    Raises
    ------
    OptionError
        If Dask is not installed or there is no scheduler.
    """
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise OptionError(NOT_INSTALLED) from error
    try:
        client = Client(address, timeout=PATIENCE_SECONDS)
    except (OSError, ValueError) as error:
        reason = type(error).__name__ if not str(error) else str(error).splitlines()[0][:100]
        raise OptionError(NO_SCHEDULER.format(address=address, reason=reason)) from error
    with client:
        yield client


def done_on(
    client: "Client", work: Callable[[Any], Any], items: Sequence[Any]
) -> Iterator[tuple[int, Any, BaseException | None]]:
    """What workers make of items, in the order in which they are done: the item's index, result and error.

    A worker that goes away, for whatever reason, is replaced by another, which begins its items anew.
    """
    from distributed import as_completed

    futures = client.map(work, items, pure=False, retries=RETRIES)
    index = {future.key: number for number, future in enumerate(futures)}
    for future in as_completed(futures):
        error = future.exception() if future.status == "error" else None
        yield index[future.key], None if error is not None else future.result(), error
        future.release()


def reconstruct_on_worker(request: Message) -> Message:
    """Have the child of this worker reconstruct a photo.

    Raises
    ------
    ChildEndedError
        If it ends; the next request goes to another child.
    """
    with _LOCK:
        child = _child()
        try:
            assert child.stdin is not None and child.stdout is not None
            child.stdin.write(json.dumps(dict(request)) + "\n")
            child.stdin.flush()
            answer = child.stdout.readline()
        except OSError as error:
            raise ChildEndedError(str(error)) from error
        if not answer:
            raise ChildEndedError(f"exit code {child.wait()}")
        reply: Message = json.loads(answer)
        return reply


def serve_photos(work: Callable[[Message], Message]) -> None:
    """Answer requests on the standard streams until they end; whatever else is printed goes to the errors."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        answers.write(json.dumps(dict(work(json.loads(line)))) + "\n")
        answers.flush()


#: Dask may run several threads in a worker: they take turns.
_LOCK = threading.Lock()
_children: list["subprocess.Popen[str]"] = []


def _child() -> "subprocess.Popen[str]":
    """The child of this process, begun if there is none that lives."""
    if _children and _children[0].poll() is None:
        return _children[0]
    root = str(Path(__file__).resolve().parent.parent)
    paths = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH", "")]))
    command = [sys.executable, "-m", __package__, SERVE]
    _children[:] = [
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            env=os.environ | {"PYTHONPATH": paths},
        )
    ]
    return _children[0]
