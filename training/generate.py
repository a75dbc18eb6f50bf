"""Write synthetic portraits: `python -m training.generate FOLDER --count 1000`.

A sample depends on the seed and its index alone, so that a folder can be extended, filled by several processes or
machines, and resumed: samples that exist are kept.
"""

import argparse
import multiprocessing
import time
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path

import cv2
import numpy as np

from pix2vertex_blender.errors import OptionError
from pix2vertex_blender.farm import connected, done_on

from .data.samples import Sample, sample_path, write_sample
from .renderer.synthesis import SynthesisParameters, synthesise

TRAINING_STREAM, HELD_OUT_STREAM = 0, 1
REPORT_EVERY = 500
#: Samples that a worker makes before it tells that they are there.
AT_ONCE = 8


def generate_sample(index: int, seed: int, stream: int, parameters: SynthesisParameters) -> Sample:
    """Draw the sample of an index; streams never share a head."""
    return synthesise(np.random.default_rng([seed, stream, index]), parameters)


def generate_file(index: int, folder: Path, seed: int, stream: int, parameters: SynthesisParameters) -> int:
    """Write the sample of an index and return the index."""
    write_sample(sample_path(folder, index), generate_sample(index, seed, stream, parameters))
    return index


def _prepare_process() -> None:
    cv2.setNumThreads(1)


def _run(job: partial[int], indices: Sequence[int], workers: int) -> Iterator[int]:
    if workers <= 1:
        _prepare_process()
        yield from map(job, indices)
        return
    with multiprocessing.get_context("spawn").Pool(workers, _prepare_process) as pool:
        yield from pool.imap_unordered(job, indices, chunksize=8)


def generate_files(indices: Sequence[int], job: partial[int]) -> list[int]:
    """Write the samples of some indices, those that are there apart; returns the indices."""
    _prepare_process()
    folder = job.keywords["folder"]
    return [index if sample_path(folder, index).exists() else job(index) for index in indices]


def _run_on(address: str, job: partial[int], indices: Sequence[int]) -> Iterator[int]:
    """The same on the workers of a Dask scheduler, which see the folder under the same path."""
    parts = [indices[first : first + AT_ONCE] for first in range(0, len(indices), AT_ONCE)]
    with connected(address) as client:
        for _, done, error in done_on(client, partial(generate_files, job=job), parts):
            if error is not None:
                raise error
            yield from done


def _report(done: Iterable[int], total: int) -> None:
    started = time.monotonic()
    for count, _ in enumerate(done, start=1):
        if count % REPORT_EVERY == 0 or count == total:
            rate = count / (time.monotonic() - started)
            print(f"{count} of {total} samples, {rate:.1f} per second", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.generate", description="Write synthetic portraits.")
    parser.add_argument("folder", type=Path, help="where the samples are written")
    parser.add_argument("--start", type=int, default=0, help="first index")
    parser.add_argument("--count", type=int, default=1000, help="number of indices")
    parser.add_argument("--workers", type=int, default=1, help="processes that render")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="have the workers of a Dask scheduler render instead")
    parser.add_argument("--seed", type=int, default=1, help="of the whole set")
    parser.add_argument("--size", type=int, default=256, help="pixels of a sample's side")
    parser.add_argument("--held-out", action="store_true", help="draw from the stream that is never trained on")
    options = parser.parse_args(arguments)
    if options.count < 0 or options.start < 0 or options.workers < 1 or not 32 <= options.size <= 1024:
        parser.error("start and count must not be negative, workers at least 1 and size between 32 and 1024")
    options.folder.mkdir(parents=True, exist_ok=True)
    indices = range(options.start, options.start + options.count)
    missing = [index for index in indices if not sample_path(options.folder, index).exists()]
    if len(missing) < options.count:
        print(f"{options.count - len(missing)} samples are there already", flush=True)
    job = partial(
        generate_file,
        folder=options.folder.absolute(),
        seed=options.seed,
        stream=HELD_OUT_STREAM if options.held_out else TRAINING_STREAM,
        parameters=SynthesisParameters(size=options.size),
    )
    try:
        done = _run_on(options.scheduler, job, missing) if options.scheduler else _run(job, missing, options.workers)
        _report(done, len(missing))
    except OptionError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
