"""Pictures of one look become those of another: `python -m training.translation COMMAND ...`.

looks SAMPLES FOLDER --look plain|film      pictures of our renderer in a look
train RUN --source FOLDER --target FOLDER   learn to translate; the same command goes on where it was
apply RUN FOLDER OUTPUT                     translate all pictures of a folder
samples RUN SAMPLES FOLDER                  translate training samples, for training.train --data
measure RUN ... --held-out SAMPLES          what the network reads from translated pictures, beside the truth
"""

import argparse
import math
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import torch

from pix2vertex_blender.paths import NETWORK_WEIGHTS
from pix2vertex_blender.reconstruction.network.device import choose_device
from pix2vertex_blender.reconstruction.network.network import load_network

from ..commands import Command, run_command
from ..data.augmentation import CROPS
from ..data.backgrounds import background_bank
from ..data.dataset import held_out_batches
from .domains import ENDINGS, NOTHING, PLAIN, cut, picture_batches, read_domain, write_look
from .losses import GeometricConstraint
from .measure import BOUND, GEOMETRY, geometry_figures, load_generator, look_distance, translated, write_sheet
from .networks import STRIDE, TranslationConfiguration, check_resolution
from .samples import write_translated_samples
from .train import CHECKPOINT, Translation, TranslationSettings, train


def looks(options: argparse.Namespace) -> None:
    """Write the pictures of a look."""
    backgrounds = background_bank(options.backgrounds) if options.look == "film" else NOTHING
    numbers = options.count, options.resolution, backgrounds, options.start
    write_look(options.samples, options.folder, options.look, *numbers, options.crop)


def learn(options: argparse.Namespace) -> None:
    """Train on two folders."""
    check_resolution(options.resolution)
    domains = [read_domain(folder, options.resolution) for folder in (options.source, options.target)]
    constraint = None
    if options.geometric_weight > 0:
        network = load_network(options.weights)
        check_resolution(options.resolution, network.stride)
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
    check_resolution(options.resolution)
    generator = load_generator(options.run / CHECKPOINT)
    options.output.mkdir(parents=True, exist_ok=True)
    pictures = read_domain(options.folder, options.resolution)
    files = sorted(path for path in options.folder.glob("*") if path.suffix.lower() in ENDINGS)
    for path, picture in zip(files, pictures, strict=True):
        tensor = torch.from_numpy(np.ascontiguousarray(picture.transpose(2, 0, 1)))[None]
        made = translated(generator, tensor)[0].permute(1, 2, 0).numpy()
        cv2.imwrite(str(options.output / f"{path.stem}.png"), made[..., ::-1])


def samples(options: argparse.Namespace) -> None:
    """Translate training samples."""
    generator, backgrounds = load_generator(options.run / CHECKPOINT), background_bank(options.backgrounds)
    look = generator, options.resolution, backgrounds
    written = write_translated_samples(options.samples, options.folder, options.count, options.seed, *look)
    print(f"{written} new samples in {options.folder}")


def measure(options: argparse.Namespace) -> None:
    """Print the table, and write a picture if one is asked for."""
    device = choose_device(options.device)
    network = load_network(options.weights, device)
    check_resolution(options.resolution, math.lcm(STRIDE, network.stride))
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


def _add_resolution(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--resolution", type=int, default=128, help="pixels of a side that the generator is shown")


def _add_crop(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--crop", choices=tuple(CROPS), default="ordinary", help="as which network sees a face")


def _add_weights(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", type=Path, default=NETWORK_WEIGHTS, help="of the network that reads geometry")


def _add_backgrounds(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--backgrounds", type=Path, help="file to keep the background pictures in")


def _add_looks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("samples", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--look", choices=("plain", "film"), required=True)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--start", type=int, default=0, help="first sample, so that two looks show different people")
    _add_resolution(parser)
    _add_crop(parser)
    _add_backgrounds(parser)


def _add_train(parser: argparse.ArgumentParser) -> None:
    default = TranslationSettings()
    parser.add_argument("run", type=Path)
    parser.add_argument("--source", type=Path, required=True, help="folder of pictures")
    parser.add_argument("--target", type=Path, required=True, help="folder of pictures that have nothing to do with it")
    parser.add_argument("--steps", type=int, default=default.steps)
    parser.add_argument("--minutes", type=float, default=default.minutes, help="of this start at the most")
    parser.add_argument("--batch-size", type=int, default=default.batch_size)
    parser.add_argument("--geometric-weight", type=float, default=default.geometric_weight, help="0: without the term")
    parser.add_argument("--learning-rate", type=float, default=default.learning_rate)
    parser.add_argument("--width", type=int, default=TranslationConfiguration().width)
    parser.add_argument("--blocks", type=int, default=TranslationConfiguration().blocks)
    parser.add_argument("--seed", type=int, default=1)
    _add_resolution(parser)
    _add_weights(parser)


def _add_apply(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("output", type=Path)
    _add_resolution(parser)


def _add_samples(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path)
    parser.add_argument("samples", type=Path)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    _add_resolution(parser)
    _add_backgrounds(parser)


def _add_measure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", type=Path, nargs="+")
    parser.add_argument("--held-out", type=Path, required=True, help="folder of samples")
    parser.add_argument("--target", type=Path, help="folder of pictures whose look is to be reached")
    parser.add_argument("--count", type=int, default=48)
    parser.add_argument("--picture", type=Path, help="PNG file for some of them")
    parser.add_argument("--device", default="auto")
    _add_resolution(parser)
    _add_crop(parser)
    _add_weights(parser)


COMMANDS = {
    "looks": Command(looks, _add_looks, "pictures of our renderer in a look"),
    "train": Command(learn, _add_train, "learn to translate"),
    "apply": Command(apply, _add_apply, "translate a folder"),
    "samples": Command(samples, _add_samples, "translate training samples"),
    "measure": Command(measure, _add_measure, "what is read from translated pictures"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    run_command("python -m training.translation", __doc__, COMMANDS, arguments)


if __name__ == "__main__":
    main()
