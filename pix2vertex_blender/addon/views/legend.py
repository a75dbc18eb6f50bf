"""The legend of the distance colours, drawn over the 3D view while the active face shows them."""

import itertools

import bpy
import numpy as np
from numpy.typing import NDArray

from ..translations import translate
from .drawing import Colour, fill, write
from .fit_view import NOWHERE, RANGE, STOPS, distance_colours, shows_distances
from .over_all_views import OverAllViews

WIDTH, HEIGHT, MARGIN, STEPS = 18, 180, 24, 64
TITLE, UNKNOWN = "Distance (mm)", "not seen"


def labels(largest: float) -> list[str]:
    """The numbers along the bar, from its lower end to its upper."""
    return [f"{value:.3g}" for value in np.linspace(0, largest, len(STOPS))[:-1]] + [f"{largest:.3g}+"]


def _draw() -> None:
    context = bpy.context
    face = context.active_object
    shading = context.space_data.shading
    if not shows_distances(face) or shading.type != "SOLID" or shading.color_type != "VERTEX":
        return
    assert face is not None
    scale = context.preferences.system.ui_scale
    left, bottom = MARGIN * scale, (MARGIN + 40) * scale
    width, height = WIDTH * scale, HEIGHT * scale
    edges = np.linspace(0, 1, STEPS + 1)
    for low, high in itertools.pairwise(edges):
        colour = distance_colours(np.array([(low + high) / 2]), 1.0)[0]
        fill((left, bottom + low * height), (left + width, bottom + high * height + 1), _opaque(colour))
    fill((left, bottom - 22 * scale), (left + width, bottom - 8 * scale), _opaque(NOWHERE))
    for position, text in zip(np.linspace(0, height, len(STOPS)), labels(face[RANGE]), strict=True):
        write((left + width + 6 * scale, bottom + position - 4 * scale), text, 12 * scale)
    write((left + width + 6 * scale, bottom - 20 * scale), translate(UNKNOWN), 12 * scale)
    write((left, bottom + height + 12 * scale), translate(TITLE), 12 * scale)


def _opaque(colour: NDArray[np.floating]) -> Colour:
    red, green, blue = (float(value) for value in colour)
    return red, green, blue, 1.0


OVERLAY = OverAllViews(_draw)
