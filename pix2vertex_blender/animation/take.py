"""What was captured of a face, at the rate at which it was captured."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import Pix2VertexError

Array = NDArray[np.float64]

#: The parts whose rotations a take may hold, in the order of their columns.
ROTATED_PARTS = ("head", "left_eye", "right_eye")
#: What their rotations are, in this order.
ROTATION_AXES = ("pitch", "yaw", "roll")


class TakeError(Pix2VertexError):
    """A file with motion capture cannot be used."""


@dataclass(frozen=True)
class Take:
    """A take.

    Attributes
    ----------
    name : str
        The file's, without its ending.
    times : (f,)
        Seconds from the first frame, rising.
    values : {name: (f,)}
        Of ARKit's expressions, by the names in `expression.names`, from 0 to 1.
    rotations : {part: (f, 3)}
        Pitch, yaw and roll in radians of the parts in `ROTATED_PARTS`: down, to the person's left and towards the
        right shoulder are positive, as ARKit has them.
    notes : tuple of str
        What was ignored or mended, one sentence each.
    """

    name: str
    times: Array
    values: dict[str, Array]
    rotations: dict[str, Array] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return float(self.times[-1])
