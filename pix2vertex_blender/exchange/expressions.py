"""The expressions of one face on their way from the worker to Blender."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import DataFileError
from .arrays import DamagedArraysError, read_arrays, write_arrays
from .mouth import MouthPart, mouth_arrays, mouth_from

#: Bytes that the arrays may take: several times those of the finest level.
_LARGEST = 1 << 30


@dataclass(frozen=True)
class ExpressionSet:
    """A face's expressions at its subdivision level, in millimetres in the head frame.

    Attributes
    ----------
    basis : (n, 3) float32
        The head that the expressions are added to: neutral, or as in the photo.
    registered : (n, 3) float32
        The head as in the photo.
    coefficients : (e,) float32
        How much of each expression the photo shows beyond the basis.
    names : tuple of str
        Of the expressions.
    moved : tuple of (k,) int32
        The vertices that each expression moves.
    offsets : tuple of (k, 3) float32
        By how much.
    wrinkles : (n,) float32
        How much of the photo's fine detail at each vertex comes with the expression that the basis lacks, 0 to 1.
    mouth : tuple of MouthPart
        Teeth, tongue, the mouth's inside and what is on the lids; may be empty.
    """

    basis: NDArray[np.float32]
    registered: NDArray[np.float32]
    coefficients: NDArray[np.float32]
    names: tuple[str, ...]
    moved: tuple[NDArray[np.int32], ...]
    offsets: tuple[NDArray[np.float32], ...]
    wrinkles: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    mouth: tuple[MouthPart, ...] = ()

    def offset(self, name: str) -> NDArray[np.float32]:
        """What an expression adds to all vertices (n, 3)."""
        index = self.names.index(name)
        whole = np.zeros_like(self.basis)
        whole[self.moved[index]] = self.offsets[index]
        return whole

    def save(self, path: Path) -> None:
        """Write everything into one .npz.

        Raises
        ------
        OSError
            If the file cannot be written.
        """
        write_arrays(
            Path(path),
            basis=self.basis,
            registered=self.registered,
            coefficients=self.coefficients,
            names=np.array(self.names),
            counts=np.array([len(moved) for moved in self.moved]),
            moved=np.concatenate(self.moved),
            offsets=np.concatenate(self.offsets),
            wrinkles=self.wrinkles,
            **mouth_arrays(self.mouth),
        )

    @classmethod
    def load(cls, path: Path) -> "ExpressionSet":
        """Read what `save` wrote.

        Raises
        ------
        DataFileError
            If the file is missing, damaged or something else.
        """
        try:
            arrays = read_arrays(Path(path), _LARGEST)
            ends = np.cumsum(arrays["counts"])[:-1]
            return cls(
                arrays["basis"],
                arrays["registered"],
                arrays["coefficients"],
                tuple(arrays["names"].tolist()),
                tuple(np.split(arrays["moved"], ends)),
                tuple(np.split(arrays["offsets"], ends)),
                arrays["wrinkles"],
                mouth_from(arrays),
            )
        except (DamagedArraysError, ValueError, KeyError) as error:
            raise DataFileError(f"{Path(path).name} does not hold expressions; add them again.") from error
