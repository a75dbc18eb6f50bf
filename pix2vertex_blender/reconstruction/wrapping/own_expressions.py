"""ARKit's expressions for a head of another topology."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ...expression.mouth import Wearer, place_mouth
from ...expression.names import ARKIT_NAMES
from ...expression.personal import personal_expressions
from ...geometry.similarity import Similarity
from ...template import load_template
from ...template.eyeballs import place_balls
from .own_topology import OwnHead

#: The parts of our mouth that a head may have as well.
PARTS = ("teeth_upper", "teeth_lower", "tongue")
#: Blinks are made larger by no more than this factor.
MOST_MORE = 1.5


def expressions_of(
    own: OwnHead, coarse: NDArray[np.float64], place: Similarity, tell: Callable[[float], None]
) -> dict[str, NDArray[np.float32]]:
    """How far the vertices (k, 3) of a head move with each of the 52 expressions at 1, in its own coordinates.

    They are made for our template on the head, as for a head of ours that stays as it is, and carried over.

    Parameters
    ----------
    own : OwnHead
    coarse : (c, 3)
        Our template on it, upright and in millimetres.
    place : Similarity
        From there to the head's own coordinates.
    tell : callable
        Is told the fraction that is done; it may raise `Cancelled`.
    """
    balls = place_balls(load_template(), coarse)
    offsets = personal_expressions(coarse, balls)
    mouth = {part.name: part for part in place_mouth(Wearer.as_in_photo(coarse), offsets) if part.name in PARTS}

    def turned(moves: NDArray[np.floating]) -> NDArray[np.float64]:
        result: NDArray[np.float64] = place.scale * moves @ place.rotation.T
        return result

    result = {}
    for number, name in enumerate(ARKIT_NAMES):
        tell(number / len(ARKIT_NAMES))
        inside = {
            part.name: (place.apply(part.vertices), turned(part.moves.get(name, np.zeros_like(part.vertices))))
            for part in mouth.values()
        }
        change = turned(offsets[number])
        moves = own.moved_by_expression(change, inside)
        if name.startswith("eyeBlink"):
            # Lids are so narrow that vertices between our own, which follow several, move less.
            change = change * np.clip(_farthest(change) / max(_farthest(moves), 1e-12), 1.0, MOST_MORE)
            moves = own.moved_by_expression(change, inside)
        result[name] = moves.astype(np.float32)
    return result


def _farthest(moves: NDArray[np.floating]) -> float:
    return float(np.linalg.norm(moves, axis=1).max())
