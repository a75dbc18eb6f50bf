"""Glimpses: small pictures of what is known of a face so far, which the worker leaves in a file for whoever waits."""

import contextlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

#: Called with what draws the glimpse (`SIDE`, `SIDE`, 3), which is drawn only if somebody looks.
Show = Callable[[Callable[[], Picture]], None]

#: Pixels along each side of a glimpse.
SIDE = 192

#: Bytes of a file that may be a glimpse.
_LARGEST_FILE = 4 * SIDE * SIDE


def show_nobody(draw: Callable[[], Picture]) -> None:
    """Draw nothing."""


def leave_glimpse(path: Path, draw: Callable[[], Picture]) -> None:
    """Replace the glimpse in a file. Whoever waits can do without it: a file that cannot be written is no fault."""
    picture = draw()
    beside = path.with_suffix(".new.npy")
    try:
        np.save(beside, picture)
        beside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)


class GlimpseFile:
    """The file as Blender sees it.

    Parameters
    ----------
    path : Path
        Need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        #: The newest glimpse; None as long as there is none.
        self.picture: Picture | None = None
        self._seen: tuple[int, int] | None = None

    def look(self) -> bool:
        """Take up a glimpse that has not been seen yet; whether there was one."""
        with contextlib.suppress(OSError, ValueError, EOFError):
            status = self.path.stat()
            now = (status.st_mtime_ns, status.st_ino)
            if now == self._seen or status.st_size > _LARGEST_FILE:
                return False
            picture = np.load(self.path, allow_pickle=False)
            if picture.dtype == np.uint8 and picture.shape == (SIDE, SIDE, 3):
                self._seen, self.picture = now, picture
                return True
        return False
