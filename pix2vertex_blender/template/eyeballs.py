"""The two eyeballs, which the template holds as one mesh, as meshes of their own."""

import numpy as np
from numpy.typing import NDArray

from .template import Eyeballs, Template


def one_eyeball(
    eyeballs: Eyeballs, vertices: NDArray[np.float64], side: str
) -> tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.float32]]:
    """Vertices (e, 3), faces (f, 4) and UVs (f, 4, 2) of the `left` or the `right` eyeball.

    Parameters
    ----------
    eyeballs : Eyeballs
        Both, as the template has them.
    vertices : (2e, 3)
        Where they are, for instance from `Template.place_eyeballs`.
    side : str
        left or right.
    """
    own = eyeballs.groups[side] > 0.5
    chosen = own[eyeballs.faces].all(axis=1)
    renumbered = np.cumsum(own) - 1
    return vertices[own], renumbered[eyeballs.faces[chosen]].astype(np.int32), eyeballs.uvs[chosen].astype(np.float32)


def place_both(
    template: Template, vertices: NDArray[np.floating]
) -> tuple[tuple[NDArray[np.float64], NDArray[np.int32], NDArray[np.float32]], ...]:
    """Vertices, faces and UVs of the left and the right eyeball in a head (n, 3) with the template's topology."""
    balls = template.place_eyeballs(vertices)
    return tuple(one_eyeball(template.eyeballs, balls, side) for side in ("left", "right"))
