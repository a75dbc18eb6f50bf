"""Something that is drawn over all 3D views while the add-on is on."""

from collections.abc import Callable

import bpy


class OverAllViews:
    """Has Blender call a function, from `attach` to `detach`, whenever it has drawn a 3D view.

    Parameters
    ----------
    draw : callable
        Draws in pixels of the region.
    """

    def __init__(self, draw: Callable[[], None]) -> None:
        self._draw = draw
        self._handle: object | None = None

    def attach(self) -> None:
        """Draw from now on."""
        self._handle = bpy.types.SpaceView3D.draw_handler_add(self._draw, (), "WINDOW", "POST_PIXEL")

    def detach(self) -> None:
        """Draw no more."""
        if self._handle is not None:
            bpy.types.SpaceView3D.draw_handler_remove(self._handle, "WINDOW")
            self._handle = None
