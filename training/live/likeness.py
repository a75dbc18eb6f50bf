"""Learn the likeliest head of people drawn meanwhile: `python -m training.live.likeness --weights FILE --minutes 3`.

As `training.identity.likeness`, without folders of samples: all cores draw people, look at each once with the map
network, and what its maps show becomes a pair with the true head.
"""

import argparse
import multiprocessing
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from pix2vertex_blender.errors import DataFileError, Pix2VertexError
from pix2vertex_blender.paths import CLOSE_NETWORK_WEIGHTS, LIKENESS_FILE
from pix2vertex_blender.reconstruction.network.device import quick_precision
from pix2vertex_blender.reconstruction.network.network import load_network

from ..data.augmentation import augment
from ..data.backgrounds import background_bank
from ..data.dataset import PORTRAIT_PITCH, PORTRAIT_YAW, is_portrait
from ..generate import TRAINING_STREAM
from ..identity.heads import mirrored
from ..identity.likeness import Pairs, learn_and_save, pair_of
from ..processes import core_count
from .looks import DrawingParameters, draw_person, posed

Pair = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float16]]
Result = TypeVar("Result")


def draw_pair(index: int, parameters: DrawingParameters, weights: Path, backgrounds: Path) -> Pair | None:
    """What the maps show of the person of an index, what of it is seen, and the true head; None for no portrait."""
    _, view = posed(index, TRAINING_STREAM, parameters)
    if abs(view.yaw) > PORTRAIT_YAW or abs(view.pitch) > PORTRAIT_PITCH:
        return None
    person = draw_person(index, TRAINING_STREAM, parameters)
    if person is None or not is_portrait(person.sample):
        return None
    generator = np.random.default_rng([parameters.seed, 9, index])
    bank = background_bank(backgrounds)
    image = augment(person.sample, parameters.resolution, generator, bank, [], parameters.augmentation).image
    flipped = generator.random() < 0.5
    head = mirrored(person.deviation) if flipped else person.deviation
    looked_at = np.ascontiguousarray(image[:, ::-1] if flipped else image)
    return pair_of(load_network(weights), looked_at, head, quick_precision(torch.device("cpu")))


def drawn_meanwhile(job: Callable[[int], Result | None], minutes: float, workers: int) -> Iterator[Result]:
    """What a job makes of one index after the other, in all processes, for some minutes."""
    ends = time.monotonic() + 60 * minutes
    with multiprocessing.get_context("spawn").Pool(workers, _prepare_process) as pool:
        for result in pool.imap_unordered(job, count(), chunksize=4):
            if result is not None:
                yield result
            if time.monotonic() > ends:
                return


def _prepare_process() -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.live.likeness", description="Learn heads.")
    parser.add_argument("--weights", type=Path, default=CLOSE_NETWORK_WEIGHTS, help="of the map network")
    parser.add_argument("--basis", type=Path, default=LIKENESS_FILE, help="file with the basis of heads")
    parser.add_argument("--backgrounds", type=Path, required=True, help="file to keep the background pictures in")
    parser.add_argument("--sample-size", type=int, default=288, help="pixels of the pictures that looks are cut from")
    parser.add_argument("--minutes", type=float, default=3.0, help="of drawing")
    parser.add_argument("--workers", type=int, default=core_count())
    parser.add_argument("--seed", type=int, default=31, help="of the people")
    parser.add_argument("--output", type=Path, default=LIKENESS_FILE)
    options = parser.parse_args(arguments)
    try:
        background_bank(options.backgrounds)
        resolution = load_network(options.weights).configuration.resolution
        drawing = DrawingParameters(options.seed, resolution, options.sample_size, 1)
        job = partial(draw_pair, parameters=drawing, weights=options.weights, backgrounds=options.backgrounds)
        made = list(drawn_meanwhile(job, options.minutes, options.workers))
        if not made:
            raise DataFileError("Nobody was drawn in that time: give it more --minutes.")
    except Pix2VertexError as error:
        print(error, file=sys.stderr)
        return 1
    learn_and_save(Pairs(*(np.array(each) for each in zip(*made, strict=True))), options.basis, options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
