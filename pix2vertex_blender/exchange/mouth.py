"""The parts of a head's mouth, and on its lids, on their way from the worker to Blender.

Faces and UVs are those of `template.parts`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .arrays import Arrays


@dataclass(frozen=True)
class MouthPart:
    """One part in millimetres in the head frame.

    Attributes
    ----------
    name : str
        One of `template.parts.CHILD_PARTS`.
    vertices : (n, 3) float32
        With the basis of the head that it belongs to.
    moves : dict of str to (n, 3) float32
        What each expression at 1 that moves it adds.
    """

    name: str
    vertices: NDArray[np.float32]
    moves: dict[str, NDArray[np.float32]]

    @classmethod
    def of(
        cls, name: str, vertices: NDArray[np.floating], moves: Mapping[str, NDArray[np.floating]], least: float
    ) -> "MouthPart":
        """A part without the expressions that move nothing by at least so much."""
        kept = {key: move.astype(np.float32) for key, move in moves.items() if np.abs(move).max(initial=0.0) > least}
        return cls(name, vertices.astype(np.float32), kept)


def mouth_arrays(parts: tuple[MouthPart, ...]) -> Arrays:
    """Parts as named arrays, for a file."""
    arrays: Arrays = {}
    for part in parts:
        arrays[f"mouth.{part.name}.vertices"] = part.vertices
        arrays |= {f"mouth.{part.name}.move.{name}": move for name, move in part.moves.items()}
    return arrays


def mouth_from(arrays: Mapping[str, NDArray]) -> tuple[MouthPart, ...]:
    """What `mouth_arrays` made; other arrays are left aside."""
    parts = []
    for key, vertices in arrays.items():
        start, _, rest = key.partition(".")
        name, _, last = rest.partition(".")
        if start == "mouth" and last == "vertices":
            prefix = f"mouth.{name}.move."
            moves = {each.removeprefix(prefix): move for each, move in arrays.items() if each.startswith(prefix)}
            parts.append(MouthPart(name, vertices, moves))
    return tuple(parts)
