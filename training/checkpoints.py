"""Files that a training goes on from: whole or not there, and one sentence where one cannot be used."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from pix2vertex_blender.errors import DataFileError
from pix2vertex_blender.files import replacing

MISSING = "There is no checkpoint {path}: train first, or choose another run folder."
DAMAGED = "The checkpoint {path} is damaged: remove it, or choose another run folder."
OTHER = "The checkpoint {path} is of another network or training: choose another run folder."


def write_checkpoint(path: Path, state: Mapping[str, object]) -> None:
    """Write a checkpoint; the one before stays until the new one is whole."""
    with replacing(path) as partial:
        torch.save(dict(state), partial)


@contextmanager
def opened_checkpoint(path: Path) -> Iterator[dict[str, Any]]:
    """What `write_checkpoint` wrote, in the processor's memory, to load networks from within the context.

    Raises
    ------
    DataFileError
        If it is missing or damaged, or lacks what it is asked for within the context, or does not fit there.
    """
    try:
        kept = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise DataFileError(MISSING.format(path=path)) from error
    except Exception as error:  # whatever unpickling makes of bytes that are none of its own
        raise DataFileError(DAMAGED.format(path=path)) from error
    try:
        yield kept
    except KeyError as error:
        raise DataFileError(OTHER.format(path=path)) from error
    except (ValueError, TypeError, RuntimeError) as error:
        raise DataFileError(DAMAGED.format(path=path)) from error


def require_same(path: Path, said: Mapping[str, object], **expected: object) -> None:
    """Compare what a checkpoint says of itself with what is to go on from it.

    Raises
    ------
    DataFileError
        If they differ.
    """
    if any(said[name] != value for name, value in expected.items()):
        raise DataFileError(OTHER.format(path=path))
