"""Learn the likeliest head of people drawn meanwhile: `python -m training.live.likeness --weights FILE --minutes 3`.

As `training.identity.likeness`, without folders of samples: all cores draw people, look at each once with the map
network, and what its maps show becomes a pair with the true head.
"""

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.paths import CLOSE_NETWORK_WEIGHTS, LIKENESS_FILE
from pix2vertex_blender.reconstruction.network.device import quick_precision
from pix2vertex_blender.reconstruction.network.network import load_network

from ..data.augmentation import augment
from ..data.backgrounds import background_bank
from ..data.dataset import PORTRAIT_PITCH, PORTRAIT_YAW, is_portrait
from ..generate import TRAINING_STREAM
from ..identity.heads import mirrored
from ..identity.likeness import Pairs, learn_and_save, pair_of
from .looks import DrawingParameters, draw_person, posed
from .meanwhile import add_options, drawn_meanwhile

Pair = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float16]]


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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.live.likeness", description="Learn heads.")
    parser.add_argument("--weights", type=Path, default=CLOSE_NETWORK_WEIGHTS, help="of the map network")
    parser.add_argument("--basis", type=Path, default=LIKENESS_FILE, help="file with the basis of heads")
    add_options(parser, minutes=3.0, seed=31)
    options = parser.parse_args(arguments)
    try:
        background_bank(options.backgrounds)
        resolution = load_network(options.weights).configuration.resolution
        drawing = DrawingParameters(options.seed, resolution, options.sample_size, 1)
        job = partial(draw_pair, parameters=drawing, weights=options.weights, backgrounds=options.backgrounds)
        made = drawn_meanwhile(job, options)
    except Pix2VertexError as error:
        print(error, file=sys.stderr)
        return 1
    learn_and_save(Pairs(*(np.array(each) for each in zip(*made, strict=True))), options.basis, options.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
