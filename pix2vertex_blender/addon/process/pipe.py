"""A child process's standard streams, with a thread at each, so that Blender never waits for the process.

Threads, since pipes that do not block are another thing on each system. Neither thread touches Blender's data. A thread
closes its own stream, and only when the process is gone: closing a stream that another thread uses would wait for it.
"""

import contextlib
import queue
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, cast

from ...exchange.protocol import ALIVE, LONGEST_LINE

#: Lines that wait to be taken up. When there are as many, the process has to wait until Blender has time for it.
_MOST_LINES = 256

#: The most seconds that taking up lines may keep Blender's window from being drawn.
_TICK_SECONDS = 0.02

_CHUNK = 1 << 16
_PATIENCE_SECONDS = 0.2
_END_SECONDS = 1.0


class Pipe:
    """A running process that is told lines and tells lines.

    Parameters
    ----------
    command : sequence of str
        Program and arguments.
    environment : mapping
        All its variables.
    log : Path
        File for what it prints on its standard error output; begun anew.

    Raises
    ------
    OSError
        If the process cannot be started.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as file:
            self._process = subprocess.Popen(
                command,
                bufsize=0,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                env=environment,
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        self._closed = False
        self._to_write: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._read: queue.Queue[bytes | None] = queue.Queue(_MOST_LINES)
        #: When it said something last, the heartbeat included; zero until it does.
        self.heard = 0.0
        #: Whether it has closed its output and everything before has been received.
        self.ended = False
        for work in (self._write_lines, self._read_lines):
            threading.Thread(target=work, daemon=True, name=f"pix2vertex{work.__name__}").start()

    @property
    def process_id(self) -> int | None:
        """The process's id; None once it has ended."""
        return self._process.pid if self._process.poll() is None else None

    def send(self, line: bytes) -> None:
        """Have a line written, as soon as the process reads it."""
        self._to_write.put(line)

    def receive(self) -> Iterator[bytes]:
        """What the process has said and nobody has received: as many lines as a tick has time for, and at least one."""
        until = time.perf_counter() + _TICK_SECONDS
        with contextlib.suppress(queue.Empty):
            while (line := self._read.get_nowait()) is not None:
                yield line
                if time.perf_counter() > until:
                    return
            self.ended = True

    def end(self) -> int:
        """Kill the process, if it does not end by itself just now; returns its exit status."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE_SECONDS if self.ended else 0.0)
        self._closed = True
        self._process.kill()  # before its streams are closed: a writing thread may still be waiting for it
        self._to_write.put(None)
        with contextlib.suppress(subprocess.TimeoutExpired):  # it hangs in the system, which keeps it for now
            self._process.wait(_END_SECONDS)
        return -1 if self._process.returncode is None else self._process.returncode

    def _write_lines(self) -> None:
        stream = cast(BinaryIO, self._process.stdin)
        with contextlib.suppress(OSError), stream:
            while (line := self._to_write.get()) is not None:
                rest = memoryview(line)
                while rest:
                    rest = rest[stream.write(rest) :]

    def _read_lines(self) -> None:
        stream = cast(BinaryIO, self._process.stdout)
        begun = b""
        with contextlib.suppress(OSError), stream:
            while chunk := stream.read(_CHUNK):
                self.heard = time.monotonic()
                *lines, begun = (begun + chunk).split(b"\n")
                for line in lines:
                    if line != ALIVE:
                        self._hand_over(line)
                if len(begun) > LONGEST_LINE:
                    self._hand_over(begun)  # which nobody will understand; what follows is not worth reading
                    break
        self._hand_over(None)

    def _hand_over(self, line: bytes | None) -> None:
        while not self._closed:
            with contextlib.suppress(queue.Full):
                self._read.put(line, timeout=_PATIENCE_SECONDS)
                return
