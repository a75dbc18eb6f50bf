"""What is not the same on both sides of a head."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..geometry.similarity import fit_similarity
from ..template import load_template, mirror_map


def asymmetry(head: NDArray[np.floating], level: int = 0) -> NDArray[np.float64]:
    """What (n, 3) makes a head (n, 3) of a level of the template differ from a symmetric one.

    The plane of symmetry is the one about which the head, mirrored, comes to lie on itself best.
    """
    head = np.asarray(head, dtype=np.float64)
    other = (head * (-1.0, 1.0, 1.0))[mirror_map(level)]
    # The vertices of level 0 come first at every level.
    face = np.flatnonzero(load_template().groups["face"] > 0.5)
    place = fit_similarity(other[face], head[face])
    turn = replace(place, scale=1.0)
    middle = head[face].mean(axis=0) - turn.apply(other[face]).mean(axis=0)
    half: NDArray[np.float64] = (head - turn.apply(other) - middle) / 2
    return half
