"""How eyeballs, lashes, teeth and tongue follow when a head gets another shape."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..geometry.similarity import Similarity, fit_similarity
from ..template import load_template
from ..template.eyeballs import place_balls
from ..template.lid_parts import LID_PARTS
from ..template.parts import MOUTH_REGIONS, load_parts

Array = NDArray[np.float64]

#: What is on the lids goes with their vertices within about so many millimetres.
LID_WIDTH = 2.0


def ball_moves(head: Array, offset: Array) -> Array:
    """By how much (2, 3) the centres of the left and the right eyeball move when a head (n, 3) gets an offset (n, 3).

    Both in millimetres, of the template's topology at any level.
    """
    template = load_template()
    before, after = (place_balls(template, each) for each in (head, head + offset))
    return np.array([new.centre - old.centre for old, new in zip(before, after, strict=True)])


def mouth_moves(head: Array, offset: Array, points: Mapping[str, Array]) -> dict[str, Array]:
    """What the parts of a mouth get added when a head gets an offset.

    Teeth and tongue move, turn and grow as the face around them does; the bag stays sewn to the lips, and what is on
    the lids goes with those.

    Parameters
    ----------
    head, offset : (n, 3)
        In millimetres, at level 0.
    points : dict of str to (k, 3)
        Parts by their names in `template.parts.CHILD_PARTS`, in the head's frame.
    """
    motion = _motion(head, head + offset)
    moves = {
        name: _with_the_lids(head, offset, each) if name in LID_PARTS else motion.apply(each) - each
        for name, each in points.items()
    }
    parts = load_parts()
    if "mouth_bag" in moves and len(points["mouth_bag"]) == len(parts.bag_depths):
        deep = parts.bag_depths[:, None]
        along = offset[parts.rim[parts.bag_columns]]
        moves["mouth_bag"] = (1 - deep) * along + deep * moves["mouth_bag"]
    return moves


def _with_the_lids(head: Array, offset: Array, points: Array) -> Array:
    """How points (k, 3) move with the lids (n, 3) near them."""
    lids = np.flatnonzero(load_template().groups["eyelids"] > 0)
    # Squared distances less those of the points from the origin, which make no difference.
    squared = (head[lids] ** 2).sum(axis=1) - 2 * points @ head[lids].T
    weights = np.exp((squared.min(axis=1, keepdims=True) - squared) / (2 * LID_WIDTH**2))
    moves: Array = (weights @ offset[lids]) / weights.sum(axis=1, keepdims=True)
    return moves


def _motion(before: Array, after: Array) -> Similarity:
    """How the place of the mouth moves from one head (n, 3) to another."""
    template = load_template()
    weights = np.sum([weight * template.groups[name] for name, weight in MOUTH_REGIONS.items()], axis=0)
    old, new = (fit_similarity(template.vertices, each, weights) for each in (before, after))
    return new.after(old.inverse())
