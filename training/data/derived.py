"""New samples made of those of a folder, each by random numbers of its own, so that a folder can be gone on with."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.random import Generator

from .samples import Sample, read_sample, sample_path, samples_in, write_sample


def write_derived(
    samples: Path, folder: Path, count: int, seed: int, derive: Callable[[Sample, Generator], Sample]
) -> int:
    """Write what becomes of the first samples of a folder; returns how many were written, without those that are there.

    Raises
    ------
    DataFileError
        If there are no samples.
    """
    paths = samples_in(samples, count=count)
    folder.mkdir(parents=True, exist_ok=True)
    missing = [(index, path) for index, path in enumerate(paths) if not sample_path(folder, index).exists()]
    for index, path in missing:
        write_sample(sample_path(folder, index), derive(read_sample(path), np.random.default_rng([seed, index])))
    return len(missing)
