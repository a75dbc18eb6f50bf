"""The legend of the distance colours, drawn over the 3D view while the active face shows them."""

import itertools

import bpy
import numpy as np

from .fit_view import NOWHERE, RANGE, STOPS, distance_colours, shows_distances

WIDTH, HEIGHT, MARGIN, STEPS = 18, 180, 24, 64
TITLE, UNKNOWN = "Distance (mm)", "not seen"

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


def labels(largest: float) -> list[str]:
    """The numbers along the bar, from its lower end to its upper."""
    return [f"{value:.3g}" for value in np.linspace(0, largest, len(STOPS))[:-1]] + [f"{largest:.3g}+"]


def _draw() -> None:
    context = bpy.context
    face = context.active_object
    shading = context.space_data.shading
    if not shows_distances(face) or shading.type != "SOLID" or shading.color_type != "VERTEX":
        return
    import blf

    assert face is not None
    scale = context.preferences.system.ui_scale
    left, bottom = MARGIN * scale, (MARGIN + 40) * scale
    width, height = WIDTH * scale, HEIGHT * scale
    edges = np.linspace(0, 1, STEPS + 1)
    for low, high in itertools.pairwise(edges):
        colour = distance_colours(np.array([(low + high) / 2]), 1.0)[0]
        _rectangle(left, bottom + low * height, width, (high - low) * height + 1, colour)
    _rectangle(left, bottom - 22 * scale, width, 14 * scale, NOWHERE)
    blf.size(0, 12 * scale)
    blf.color(0, 1, 1, 1, 1)
    blf.enable(0, blf.SHADOW)
    blf.shadow(0, 3, 0, 0, 0, 0.9)
    for position, text in zip(np.linspace(0, height, len(STOPS)), labels(face[RANGE]), strict=True):
        _text(left + width + 6 * scale, bottom + position - 4 * scale, text)
    _text(left + width + 6 * scale, bottom - 20 * scale, UNKNOWN)
    _text(left, bottom + height + 12 * scale, TITLE)
    blf.disable(0, blf.SHADOW)


def _text(x: float, y: float, text: str) -> None:
    import blf

    blf.position(0, x, y, 0)
    blf.draw(0, bpy.app.translations.pgettext_iface(text))


def _rectangle(x: float, y: float, width: float, height: float, colour: np.ndarray) -> None:
    import gpu
    from gpu_extras.batch import batch_for_shader

    shader = gpu.shader.from_builtin("UNIFORM_COLOR")
    corners = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
    batch = batch_for_shader(shader, "TRIS", {"pos": corners}, indices=[(0, 1, 2), (0, 2, 3)])
    shader.uniform_float("color", (*(float(value) for value in colour), 1.0))
    batch.draw(shader)
