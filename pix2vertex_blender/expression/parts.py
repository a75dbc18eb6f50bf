"""All that a head has besides its skin and its eyeballs, in its place, and how it moves."""

from collections.abc import Sequence

from numpy.typing import NDArray

from ..exchange.mouth import MouthPart
from ..reconstruction.corrections.eyelids import balls
from ..template import load_template
from ..template.eyeballs import Ball
from .lid_parts import place_lid_parts
from .mouth import Wearer, place_mouth


def place_parts(
    head: Wearer,
    offsets: NDArray | None = None,
    photo: tuple[NDArray, NDArray] | None = None,
    eyeballs: Sequence[Ball] | None = None,
) -> tuple[MouthPart, ...]:
    """The parts of a head's mouth and those on its lids.

    Parameters
    ----------
    head : Wearer
    offsets, photo : optional
        As for `place_mouth`.
    eyeballs : (left, right), optional
        Where they are, if not where the lids of the head's basis lie against them.
    """
    both = balls(load_template(), head.basis) if eyeballs is None else eyeballs
    added = None if photo is None else photo[1]
    return place_mouth(head, offsets, photo) + place_lid_parts(head.basis, both, offsets, added)
