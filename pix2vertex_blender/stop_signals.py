"""A signal that ends the command line leaves nothing behind and does not wait: SIGTERM, SIGHUP, and Ctrl-C."""

import os
import signal
import socket
import threading
import time
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from .files import undo_unfinished

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")

#: How long Python's own handler, which compiled code that runs just now holds up, may let wait.
_PATIENCE_SECONDS = 2.0

_ENDING = threading.Lock()


def end_cleanly_on_signals() -> None:
    """From now on, end this process on such a signal, after taking back what is unfinished.

    A thread does it where the main thread is too long in compiled code. A signal that whoever started this process has
    switched off, as `nohup` does, stays so.
    """
    receiver, sender = socket.socketpair()
    sender.setblocking(False)
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    chosen = [number for number in numbers if signal.getsignal(number) is not signal.SIG_IGN]
    for number in chosen:
        signal.signal(number, _handle)
    signal.set_wakeup_fd(sender.fileno(), warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(receiver, sender, frozenset(chosen)), daemon=True).start()


def _handle(number: int, _frame: FrameType | None) -> None:
    signal.set_wakeup_fd(-1)
    for name in _NAMES:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    _end(number)


def _watch(receiver: socket.socket, _sender: socket.socket, chosen: frozenset[int]) -> None:
    """Wait for a signal's number, which arrives whatever the main thread does."""
    while (number := receiver.recv(1)[0]) not in chosen:
        pass
    time.sleep(_PATIENCE_SECONDS)
    _end(number)


def _end(number: int) -> NoReturn:
    _ENDING.acquire()  # for good: whoever comes second waits for the end
    undo_unfinished()
    with suppress(OSError):  # past Python's own stream, which somebody may have redirected or be writing to
        os.write(2, b"\nCancelled.\n" if number == signal.SIGINT else b"\nEnded from outside.\n")
    os._exit(128 + number)
