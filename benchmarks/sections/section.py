"""What a section of `RESULTS.md` is and may need."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from benchmarks import linear_span
from benchmarks.tables import Table
from pix2vertex_blender.errors import DataFileError
from training.paths import shared_folder

#: Peers that take longer count as absent.
PEER_SECONDS = 600


@dataclass
class Section:
    """One part of the results.

    Attributes
    ----------
    title : str
    tables : list of Table
    notes : list of str
        Sentences before the tables.
    pictures : dict of str to Path
        Pictures without any real person, by what they show.
    """

    title: str
    tables: list[Table] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pictures: dict[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class Context:
    """Where and on what the sections run."""

    output: Path
    device: str


class SectionAbsentError(Exception):
    """What a section needs is not on this machine; the text says what."""


def data_folder(name: str) -> Path:
    """A folder of the shared development data.

    Raises
    ------
    SectionAbsentError
    """
    folder = shared_folder() / name
    if not folder.is_dir():
        raise SectionAbsentError(f"the folder {name} of the development data is not here (PIX2VERTEX_SHARED)")
    return folder


def span_residuals(heads: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Residuals against the linear model; none if the model is not here."""
    try:
        return {name: linear_span.residuals_of(np.asarray(head, dtype=np.float64)) for name, head in heads.items()}
    except DataFileError:
        return {}
