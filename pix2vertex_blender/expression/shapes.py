"""The expressions of the head template, and what tells them from features, from the file that ships."""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..data_files import DAMAGED, check
from ..errors import DataFileError
from ..paths import EXPRESSIONS_FILE
from ..template import load_template
from .names import ARKIT_NAMES


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
        Vertices spread over the face, from which expressions are told from features.
    estimator : (52, k, 3) float32
        What a face's differences from the template there, in millimetres, say of each expression.
    information : (52, 52) float32
        What the expressions themselves say of each other.
    """

    names: tuple[str, ...]
    offsets: NDArray[np.float32]
    samples: NDArray[np.int64]
    estimator: NDArray[np.float32]
    information: NDArray[np.float32]

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
    check(EXPRESSIONS_FILE)
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
            arrays["estimator"].astype(np.float32),
            arrays["information"].astype(np.float32),
        )
    except (OSError, KeyError, ValueError) as error:
        raise DataFileError(DAMAGED.format(file=EXPRESSIONS_FILE.name)) from error
    for array in (expressions.offsets, expressions.samples, expressions.estimator, expressions.information):
        array.flags.writeable = False
    return expressions
