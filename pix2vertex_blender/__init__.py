"""pix2vertex: one portrait photo becomes a face mesh an artist can work with.

Importing the package loads neither Blender nor torch: the algorithm in `reconstruction`, `geometry` and `template` is
plain Python, and Blender's modules are imported only when Blender registers the add-on.
"""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def register() -> None:
    """Register the add-on with Blender."""
    with _collection_paused():
        from . import addon

        addon.register()


def unregister() -> None:
    """Remove the add-on from Blender, in the reverse order of `register`."""
    from . import addon

    addon.unregister()


@contextmanager
def _collection_paused() -> Iterator[None]:
    """Look for no garbage meanwhile: with all of Blender's Python loaded that takes longer than the modules do."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
