"""The pins of a face, drawn over the 3D views: one overlay instead of an object for each.

Drawn are those of the face that is dragged, and of the active face if its landmarks are shown: discs of one colour for
pins, small ones of another for landmarks that follow the mesh.
"""

from collections.abc import Iterator

import bpy
import numpy as np
from numpy.typing import NDArray

from ..scene.face_object import active_face
from ..scene.landmark_pins import shows_pins
from .face_dragging import FaceDragging
from .over_all_views import OverAllViews
from .screen import Screen

_PIN, _FREE, _RIM = (1.0, 0.55, 0.1, 1.0), (0.25, 0.75, 1.0, 0.9), (0.05, 0.05, 0.05, 0.9)
_RADIUS, _FREE_RADIUS, _RIM_WIDTH, _SIDES = 5.0, 3.0, 1.5, 16

#: What the mouse drags at the moment, if anything.
_dragged: list[FaceDragging] = []


def show_dragged(dragging: FaceDragging | None) -> None:
    """Draw the pins of the face that is dragged, wherever they are at the moment; None when it is dragged no longer."""
    _dragged[:] = [] if dragging is None else [dragging]


def drawn(context: bpy.types.Context) -> Iterator[tuple[bpy.types.Object, FaceDragging]]:
    """The faces whose pins are drawn."""
    faces = []
    for dragging in _dragged:
        if (face := dragging.face) is not None:
            faces.append(face)
            yield face, dragging
    face = active_face(context)
    if face is not None and face not in faces and shows_pins(face):
        yield face, FaceDragging(lambda: face, lambda: False)


def disc_corners(centres: NDArray[np.floating], radius: float) -> NDArray[np.float64]:
    """Corners (3 s k, 2) of the triangles that make discs around centres (k, 2)."""
    turns = 2 * np.pi * np.arange(_SIDES + 1) / _SIDES
    rim = radius * np.column_stack([np.cos(turns), np.sin(turns)])
    fan = np.stack([np.zeros((_SIDES, 2)), rim[:-1], rim[1:]], axis=1)
    corners: NDArray[np.float64] = (np.asarray(centres)[:, None, None] + fan).reshape(-1, 2)
    return corners


def _draw() -> None:
    context = bpy.context
    if not context.space_data.overlay.show_overlays:
        return
    for face, dragging in drawn(context):
        if face.visible_get():
            screen = Screen.of(face, context.region, context.region_data)
            _draw_discs(dragging.free_places(screen), _FREE_RADIUS, _FREE)
            _draw_discs(dragging.places(screen), _RADIUS, _PIN)


def _draw_discs(places: NDArray[np.floating], radius: float, colour: tuple[float, float, float, float]) -> None:
    """Draw discs at pixels (k, 2 or more) of the region; NaN for what is not seen."""
    centres = places[:, :2][np.isfinite(places[:, :2]).all(axis=1)]
    if not len(centres):
        return
    import gpu
    from gpu_extras.batch import batch_for_shader

    scale = bpy.context.preferences.system.ui_scale
    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    gpu.state.blend_set("ALPHA")
    for size, fill in ((radius + _RIM_WIDTH, _RIM), (radius, colour)):
        batch = batch_for_shader(shader, "TRIS", {"pos": disc_corners(centres, scale * size).tolist()})
        shader.bind()
        shader.uniform_float("color", fill)
        batch.draw(shader)
    gpu.state.blend_set("NONE")


OVERLAY = OverAllViews(_draw)
