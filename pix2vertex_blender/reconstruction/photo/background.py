"""Work that cannot be interrupted goes on beside somebody who can."""

import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

#: Called with the completed fraction in [0, 1]; it may raise `pix2vertex_blender.errors.Cancelled`.
Tell = Callable[[float], None]

_WAIT_SECONDS = 0.1


def tell_nobody(fraction: float) -> None:
    """Ignore progress."""


def in_background(work: Callable[[], Result], tell: Tell, fraction: Callable[[], float]) -> Result:
    """Return what `work` does in a thread of its own, asking several times a second whether somebody wants to stop.

    A decoder of images holds no lock while it computes, but cannot be stopped: after a `Cancelled` it ends by itself.
    What `work` raises is raised here.
    """
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # raised again where somebody waits for it
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    tell(fraction())  # also of what is over at once
    thread.start()
    while thread.is_alive():
        thread.join(_WAIT_SECONDS)
        tell(fraction())
    if errors:
        raise errors[0]
    return results[0]
