"""Strips and islands of skin between what is not seen: too small to continue the skin around them, they only stand out.

Between strands, beside cast shadows and at a hairline they are left over, mostly half covered or half lit. What is seen
is opened, as in mathematical morphology (Serra 1982), with distances on the surface.
"""

import numpy as np
from numpy.typing import NDArray

from ...exchange.progress import Pause, no_pause
from ...geometry.mesh import triangulate, vertex_areas
from ...template import Template
from .seen_skin import INSIDE, inner_share, neighbourhood

#: Millimetres at rest: skin that is seen is at least twice as wide, and reaches this much farther beside what is.
HALF_WIDTH, BESIDE = 5.0, 2.0
#: Square millimetres: a smaller island shows too little of the skin to tell its light.
SMALLEST = 300.0


def find_slivers(shown: NDArray[np.bool_], level: Template, pause: Pause = no_pause) -> NDArray[np.bool_]:
    """Which of the vertices (n,) that are shown lie in a narrow strip or on a small island.

    Parameters
    ----------
    shown : (n,)
    level : Template
        Of the vertices.
    pause : Pause
    """
    inside = inner_share(level) > INSIDE
    solid = shown | inside
    around = neighbourhood(level, pause)
    core = solid & (around.distance(level.vertices, ~solid, HALF_WIDTH) >= HALF_WIDTH)
    pause()
    reach = HALF_WIDTH + BESIDE
    kept = solid & (around.distance(level.vertices, core, reach) < reach)
    pause()
    part = around.separate(kept)
    areas = np.bincount(part, weights=vertex_areas(level.vertices, triangulate(level.faces)) * (kept & ~inside))
    found: NDArray[np.bool_] = shown & ~(kept & (areas[part] > SMALLEST))
    return found
