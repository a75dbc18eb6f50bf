"""Where people see the nose's lower edge: along the nostrils' rims, and between them across the columella."""

import numpy as np
from numpy.typing import NDArray

from . import anatomy
from .layout import HOLES, ROWS, HalfLayout

Points = NDArray[np.float64]
#: Landmarks of the left half of the edge, and how far along the nostril's width they lie, from its inner end.
ALONG_NOSTRIL = {34: 0.25, 35: 0.75}
BETWEEN_NOSTRILS = 33


def nose_edge(layout: HalfLayout, half: Points) -> dict[int, Points]:
    """Places (3,) of the landmarks on the nose's lower edge, by number, as they are seen from the front.

    Parameters
    ----------
    layout : HalfLayout
    half : (n or more, 3) mm
        Vertices of the half head; of a whole one, they come first.
    """
    hole = HOLES["nostril"]
    rim = half[[layout.ring(hole, anatomy.NOSTRIL_RIM_RING, step) for step in range(len(hole.path()))]]
    lower = _lower_side(rim)
    edge = {number: _at(lower, 0, _between(lower[:, 0], share)) for number, share in ALONG_NOSTRIL.items()}
    underside = half[[layout.grid(0, row) for row in range(ROWS["wing_bottom"], ROWS["wing_top"], -1)]]
    edge[BETWEEN_NOSTRILS] = _at(underside, 1, lower[:, 1].min())
    return edge


def _lower_side(rim: Points) -> Points:
    """The points of a rim (k, 3) below the line between its ends, from left to right."""
    first, last = rim[rim[:, 0].argmin()], rim[rim[:, 0].argmax()]
    line = np.interp(rim[:, 0], [first[0], last[0]], [first[1], last[1]])
    lower = rim[rim[:, 1] <= line + 1e-9]
    return lower[np.argsort(lower[:, 0])]


def _between(values: Points, share: float) -> float:
    return float(values[0] + share * (values[-1] - values[0]))


def _at(line: Points, axis: int, value: float) -> Points:
    """The place (3,) of a line (k, 3), sorted along an axis, where that coordinate has a value."""
    return np.array([np.interp(value, line[:, axis], coordinate) for coordinate in line.T])
