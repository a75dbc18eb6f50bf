"""What is being worked on and how far it is, drawn in the 3D view where the artist looks while waiting."""

import bpy
from bpy_extras.view3d_utils import location_3d_to_region_2d

from ..process.session import SESSION
from ..scene.face_object import active_face
from ..translations import translate
from .drawing import fill, write
from .free_region import free_rectangle

_WIDTH, _HEIGHT, _BAR, _MARGIN = 300.0, 54.0, 6.0, 14.0
_BACKDROP, _EMPTY, _FULL = (0.05, 0.05, 0.05, 0.82), (0.28, 0.28, 0.28, 1.0), (1.0, 0.55, 0.1, 1.0)

CANCEL = "Esc to cancel"

_handler: object | None = None


def attach() -> None:
    """Draw in all 3D views from now on."""
    global _handler
    _handler = bpy.types.SpaceView3D.draw_handler_add(_draw, (), "WINDOW", "POST_PIXEL")


def detach() -> None:
    """Draw no more."""
    global _handler
    if _handler is not None:
        bpy.types.SpaceView3D.draw_handler_remove(_handler, "WINDOW")
    _handler = None


def _draw() -> None:
    if not SESSION.operator:
        return
    context = bpy.context
    scale = context.preferences.system.ui_scale
    width, height, margin = (value * scale for value in (_WIDTH, _HEIGHT, _MARGIN))
    left, bottom = _place(context, width, height, margin)
    fill((left, bottom), (left + width, bottom + height), _BACKDROP)
    inner, end = left + margin, left + width - margin
    write((inner, bottom + height - 21 * scale), translate(SESSION.label), 12 * scale)
    stage = translate(SESSION.text or "Starting")
    write((inner, bottom + 18 * scale), f"{stage}   ({translate(CANCEL)})", 11 * scale)
    low = bottom + 6 * scale
    fill((inner, low), (end, low + _BAR * scale), _EMPTY)
    fill((inner, low), (inner + (end - inner) * min(1.0, SESSION.fraction), low + _BAR * scale), _FULL)


def _place(context: bpy.types.Context, width: float, height: float, margin: float) -> tuple[float, float]:
    """The lower left corner of the box: below the cursor where a head will be, or at the lower edge if one is there."""
    (left, bottom), (right, top) = free_rectangle(context.area, context.region)
    place = context.scene.cursor.location if active_face(context) is None else None
    middle = location_3d_to_region_2d(context.region, context.region_data, place) if place is not None else None
    x, y = (middle.x, middle.y - height - 2 * margin) if middle is not None else ((left + right) / 2, bottom)
    low, high = left + margin, right - margin - width
    return min(max(x - width / 2, low), max(low, high)), min(max(y, bottom + margin), top - margin - height)
