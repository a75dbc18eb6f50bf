"""What is learnt from people who are drawn meanwhile, for some minutes, by all cores."""

import argparse
import multiprocessing
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import TypeVar

import cv2
import torch

from pix2vertex_blender.errors import DataFileError
from pix2vertex_blender.paths import LIKENESS_FILE

from ..processes import core_count

Result = TypeVar("Result")


def add_options(parser: argparse.ArgumentParser, minutes: float, seed: int) -> None:
    """Who is drawn, for how long, and where what is learnt goes."""
    parser.add_argument("--backgrounds", type=Path, required=True, help="file to keep the background pictures in")
    parser.add_argument("--sample-size", type=int, default=288, help="pixels of the pictures that looks are cut from")
    parser.add_argument("--minutes", type=float, default=minutes, help="of drawing")
    parser.add_argument("--workers", type=int, default=core_count())
    parser.add_argument("--seed", type=int, default=seed, help="of the people")
    parser.add_argument("--output", type=Path, default=LIKENESS_FILE)


def drawn_meanwhile(job: Callable[[int], Result | None], options: argparse.Namespace) -> list[Result]:
    """What a job makes of one index after the other, in all processes, for the options' minutes.

    Raises
    ------
    DataFileError
        If it has made nothing.
    """
    ends, made = time.monotonic() + 60 * options.minutes, []
    with multiprocessing.get_context("spawn").Pool(options.workers, _prepare_process) as pool:
        for result in pool.imap_unordered(job, count(), chunksize=4):
            if result is not None:
                made.append(result)
            if time.monotonic() > ends:
                break
    if not made:
        raise DataFileError("Nobody was drawn in that time: give it more --minutes.")
    return made


def _prepare_process() -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
