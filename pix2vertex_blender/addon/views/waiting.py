"""What is being worked on, how far it is and what is known of the face, drawn in the 3D view where the artist looks."""

from typing import Any

import bpy
from bpy_extras.view3d_utils import location_3d_to_region_2d

from ..process.session import SESSION
from ..scene.face_object import active_face
from ..translations import translate
from .drawing import draw_picture, fill, texture_of, write
from .free_region import free_rectangle
from .over_all_views import OverAllViews

_WIDTH, _HEIGHT, _BAR, _MARGIN = 300.0, 54.0, 6.0, 14.0
#: The side of the glimpse of the face; one that would be smaller than the latter is left out.
_GLIMPSE, _SMALLEST = _WIDTH - 2 * _MARGIN, 80.0
_BACKDROP, _EMPTY, _FULL = (0.05, 0.05, 0.05, 0.82), (0.28, 0.28, 0.28, 1.0), (1.0, 0.55, 0.1, 1.0)

CANCEL = "Esc to cancel"

#: The glimpse that was drawn last, and what the graphics card has of it.
_drawn: tuple[Any, Any] = (None, None)


def _draw() -> None:
    if not SESSION.operator:
        return
    context = bpy.context
    scale = context.preferences.system.ui_scale
    width, height, margin = (value * scale for value in (_WIDTH, _HEIGHT, _MARGIN))
    texture = _glimpse()
    side = _side(context, height, margin, scale) if texture is not None else 0.0
    whole = height + (side + margin if side else 0.0)
    left, bottom = _place(context, width, whole, margin)
    fill((left, bottom), (left + width, bottom + whole), _BACKDROP)
    inner, end = left + margin, left + width - margin
    if side:
        middle = left + width / 2
        draw_picture((middle - side / 2, bottom + height), (middle + side / 2, bottom + height + side), texture)
    write((inner, bottom + height - 21 * scale), translate(SESSION.label), 12 * scale)
    stage = translate(SESSION.text or "Starting")
    write((inner, bottom + 18 * scale), f"{stage}   ({translate(CANCEL)})", 11 * scale)
    low = bottom + 6 * scale
    fill((inner, low), (end, low + _BAR * scale), _EMPTY)
    fill((inner, low), (inner + (end - inner) * min(1.0, SESSION.fraction), low + _BAR * scale), _FULL)


def _glimpse() -> Any:
    """The newest glimpse of the face as a texture; None if there is none."""
    global _drawn
    picture = SESSION.glimpse.picture if SESSION.glimpse is not None else None
    if picture is not _drawn[0]:
        _drawn = (picture, texture_of(picture) if picture is not None else None)
    return _drawn[1]


def _side(context: bpy.types.Context, height: float, margin: float, scale: float) -> float:
    """The side of a glimpse for which there is room above the words; zero if there is too little."""
    (_left, bottom), (_right, top) = free_rectangle(context.area, context.region)
    side = min(_GLIMPSE * scale, top - bottom - height - 4 * margin)
    return side if side >= _SMALLEST * scale else 0.0


def _place(context: bpy.types.Context, width: float, height: float, margin: float) -> tuple[float, float]:
    """The lower left corner of the box: below the cursor where a head will be, or at the lower edge if one is there."""
    (left, bottom), (right, top) = free_rectangle(context.area, context.region)
    place = context.scene.cursor.location if active_face(context) is None else None
    middle = location_3d_to_region_2d(context.region, context.region_data, place) if place is not None else None
    x, y = (middle.x, middle.y - height - 2 * margin) if middle is not None else ((left + right) / 2, bottom)
    low, high = left + margin, right - margin - width
    return min(max(x - width / 2, low), max(low, high)), min(max(y, bottom + margin), top - margin - height)


OVERLAY = OverAllViews(_draw)
