"""The expressions of the head template, and how faces vary, from the file that ships."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..errors import DataFileError
from ..paths import EXPRESSIONS_FILE
from ..template import load_template
from .names import ARKIT_NAMES

BROKEN = "{name} is missing or damaged: install the extension again."


@dataclass(frozen=True)
class Expressions:
    """What is known of faces and their expressions, at level 0 of the template.

    Attributes
    ----------
    names : tuple of str
        ARKit's 52.
    offsets : (52, n, 3) float32
        What each expression at 1 adds to the template's vertices, in millimetres.
    samples : (k,) int
        Vertices spread over the face.
    identities : (100, k, 3) float32
        How faces differ there: principal components in millimetres, whose coefficients are distributed as N(0, 1).
    """

    names: tuple[str, ...]
    offsets: NDArray[np.float32]
    samples: NDArray[np.int64]
    identities: NDArray[np.float32]

    def of(self, name: str) -> NDArray[np.float32]:
        """The offsets (n, 3) of one expression."""
        return self.offsets[self.names.index(name)]


@cache
def load_expressions() -> Expressions:
    """Read the file; the arrays are shared and read-only.

    Raises
    ------
    DataFileError
        If it is missing, damaged or belongs to another template.
    """
    try:
        with np.load(EXPRESSIONS_FILE, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        names = tuple(arrays["names"].tolist())
        if names != ARKIT_NAMES or str(arrays["template_version"]) != load_template().version:
            raise ValueError("not the expressions of this template")
        expressions = Expressions(
            names,
            arrays["offsets"].astype(np.float32),
            arrays["samples"].astype(np.int64),
            arrays["identities"].astype(np.float32),
        )
    except (OSError, KeyError, ValueError) as error:
        raise DataFileError(BROKEN.format(name=EXPRESSIONS_FILE.name)) from error
    for array in (expressions.offsets, expressions.samples, expressions.identities):
        array.flags.writeable = False
    return expressions
