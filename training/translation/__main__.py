"""Pictures of one look become those of another: `python -m training.translation COMMAND ...`.

looks SAMPLES FOLDER --look plain|film      pictures of our renderer in a look
train RUN --source FOLDER --target FOLDER   learn to translate; the same command goes on where it was
apply RUN FOLDER OUTPUT                     translate all pictures of a folder
measure RUN ... --held-out SAMPLES          what the network reads from translated pictures, beside the truth
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from pix2vertex_blender.errors import OptionError, Pix2VertexError
from pix2vertex_blender.paths import NETWORK_WEIGHTS
from pix2vertex_blender.reconstruction.network.device import choose_device
from pix2vertex_blender.reconstruction.network.network import load_network

from ..data.augmentation import CROPS
from ..data.backgrounds import background_bank
from ..data.dataset import held_out_batches
from .domains import ENDINGS, NOTHING, PLAIN, cut, picture_batches, read_domain, write_look
from .losses import GeometricConstraint
from .measure import BOUND, GEOMETRY, geometry_figures, load_generator, look_distance, translated, write_sheet
from .networks import TranslationConfiguration
from .train import CHECKPOINT, Translation, TranslationSettings, train

MULTIPLE = "The resolution has to be a multiple of {stride}, not {resolution}."


def looks(options: argparse.Namespace) -> None:
    """Write the pictures of a look."""
    backgrounds = background_bank(options.backgrounds) if options.look == "film" else NOTHING
    numbers = options.count, options.resolution, backgrounds, options.start
    write_look(options.samples, options.folder, options.look, *numbers, options.crop)


def learn(options: argparse.Namespace) -> None:
    """Train on two folders."""
    domains = [read_domain(folder, options.resolution) for folder in (options.source, options.target)]
    constraint = None
    if options.geometric_weight > 0:
        network = load_network(options.weights)
        if options.resolution % network.stride:
            raise OptionError(MULTIPLE.format(stride=network.stride, resolution=options.resolution))
        constraint = GeometricConstraint(network)
    torch.manual_seed(options.seed)
    settings = TranslationSettings(
        batch_size=options.batch_size,
        steps=options.steps,
        minutes=options.minutes,
        geometric_weight=options.geometric_weight,
        learning_rate=options.learning_rate,
    )
    translation = Translation(TranslationConfiguration(options.width, options.blocks), settings)
    translation.resume(options.run / CHECKPOINT)
    generators = [np.random.default_rng([options.seed, translation.step, k]) for k in range(2)]
    batches = [
        picture_batches(domain, settings.batch_size, each) for domain, each in zip(domains, generators, strict=True)
    ]
    train(options.run, translation, (batches[0], batches[1]), constraint)


def apply(options: argparse.Namespace) -> None:
    """Translate a folder."""
    generator = load_generator(options.run / CHECKPOINT)
    options.output.mkdir(parents=True, exist_ok=True)
    pictures = read_domain(options.folder, options.resolution)
    files = sorted(path for path in options.folder.glob("*") if path.suffix.lower() in ENDINGS)
    for path, picture in zip(files, pictures, strict=True):
        tensor = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None]
        made = translated(generator, tensor)[0].permute(1, 2, 0).numpy()
        cv2.imwrite(str(options.output / f"{path.stem}.png"), made[..., ::-1])


def measure(options: argparse.Namespace) -> None:
    """Print the table, and write a picture if one is asked for."""
    device = choose_device(options.device)
    network = load_network(options.weights, device)
    look = cut(PLAIN, options.crop)
    batches = held_out_batches(options.held_out, options.resolution, options.count, 8, NOTHING, augmentation=look)
    generators = {run.name: load_generator(run / CHECKPOINT) for run in options.runs}
    own = geometry_figures(network, batches, None, device)
    sources = torch.cat([batch.images for batch in batches])
    target = read_domain(options.target, options.resolution) if options.target is not None else None
    print("| pictures | " + " | ".join(GEOMETRY) + " | worst over the network's own | look |")
    print("| --- |" + " --- |" * (len(GEOMETRY) + 2))
    for name, generator in [("as they are", None), *generators.items()]:
        figures = own if generator is None else geometry_figures(network, batches, generator, device)
        worst = max(figures[each] / own[each] for each in GEOMETRY)
        shown = sources if generator is None else translated(generator, sources)
        distance = f"{look_distance(shown.permute(0, 2, 3, 1).numpy(), target):.2f}" if target is not None else "-"
        values = " | ".join(f"{figures[each]:.2f}" for each in GEOMETRY)
        print(f"| {name} | {values} | {worst:.2f} | {distance} |", flush=True)
    print(f"Published: geometry is kept with the term and not without it; to stay within {BOUND} of the network's own.")
    if options.picture is not None and target is not None:
        first = sources[:6].permute(0, 2, 3, 1).numpy()
        write_sheet(options.picture, first, list(generators.values()), target)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.translation", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("looks", help="pictures of our renderer in a look")
    one.add_argument("samples", type=Path)
    one.add_argument("folder", type=Path)
    one.add_argument("--look", choices=("plain", "film"), required=True)
    one.add_argument("--count", type=int, default=500)
    one.add_argument("--start", type=int, default=0, help="first sample, so that two looks show different people")
    one.add_argument("--backgrounds", type=Path, help="file to keep the background pictures in")
    one.set_defaults(run_command=looks)
    two = commands.add_parser("train", help="learn to translate")
    two.add_argument("run", type=Path)
    two.add_argument("--source", type=Path, required=True, help="folder of pictures")
    two.add_argument("--target", type=Path, required=True, help="folder of pictures that have nothing to do with them")
    default = TranslationSettings()
    two.add_argument("--steps", type=int, default=default.steps)
    two.add_argument("--minutes", type=float, default=default.minutes, help="of this start at the most")
    two.add_argument("--batch-size", type=int, default=default.batch_size)
    two.add_argument("--geometric-weight", type=float, default=default.geometric_weight, help="0: without the term")
    two.add_argument("--learning-rate", type=float, default=default.learning_rate)
    two.add_argument("--width", type=int, default=TranslationConfiguration().width)
    two.add_argument("--blocks", type=int, default=TranslationConfiguration().blocks)
    two.add_argument("--seed", type=int, default=1)
    two.set_defaults(run_command=learn)
    three = commands.add_parser("apply", help="translate a folder")
    three.add_argument("run", type=Path)
    three.add_argument("folder", type=Path)
    three.add_argument("output", type=Path)
    three.set_defaults(run_command=apply)
    four = commands.add_parser("measure", help="what is read from translated pictures")
    four.add_argument("runs", type=Path, nargs="+")
    four.add_argument("--held-out", type=Path, required=True, help="folder of samples")
    four.add_argument("--target", type=Path, help="folder of pictures whose look is to be reached")
    four.add_argument("--count", type=int, default=48)
    four.add_argument("--picture", type=Path, help="PNG file for some of them")
    four.add_argument("--device", default="auto")
    four.set_defaults(run_command=measure)
    for each in (one, two, three, four):
        each.add_argument("--resolution", type=int, default=128)
    for each in (one, four):
        each.add_argument("--crop", choices=tuple(CROPS), default="ordinary", help="as which network sees a face")
    for each in (two, four):
        each.add_argument("--weights", type=Path, default=NETWORK_WEIGHTS, help="of the network that reads geometry")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    options = parse(arguments)
    try:
        options.run_command(options)
    except Pix2VertexError as error:
        sys.exit(f"{error}")


if __name__ == "__main__":
    main()
