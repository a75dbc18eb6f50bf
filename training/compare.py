"""Train variants of network and losses on the same data for the same time: `python -m training.compare FOLDER ...`.

Each variant gets the folder `FOLDER/<name>` of a training run, so that an interrupted comparison goes on where it was.
The figures of `training.evaluate` on the held-out samples are printed as the table of training/README.md.
"""

import argparse
import dataclasses
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.reconstruction.network.configuration import SHIPPED
from pix2vertex_blender.reconstruction.network.device import choose_device
from pix2vertex_blender.reconstruction.network.network import build_network

from .arrays import Bytes
from .data.backgrounds import background_bank
from .data.dataset import PortraitStream, held_out_batches, read_in_background
from .evaluate import FIGURES, evaluate
from .export import network_from_json
from .log import Position
from .schedule import Settings
from .state import CHECKPOINT, read_averaged
from .train import NETWORKS, Recipe, train


class Variant(NamedTuple):
    """What is trained, and how the table calls it."""

    title: str
    recipe: Recipe


_PAPER = NETWORKS["paper"]
#: The paper's U-Net with fewer levels, for images that eight of them would shrink to nothing.
_PAPER_SIX_LEVELS = dataclasses.replace(
    _PAPER.configuration,
    resolution=64,
    encoder_channels=(64, 128, 256, 512, 512, 512),
    decoder_channels=(512, 512, 512, 256, 128, 64),
)
_SMALL = NETWORKS["shipped"]._replace(configuration=dataclasses.replace(SHIPPED, resolution=64))


def _small_without(title: str, *losses: str) -> Variant:
    """The shipped recipe at 64 px without some of its losses."""
    return Variant(title, _SMALL._replace(weights=dataclasses.replace(_SMALL.weights, **dict.fromkeys(losses, 0.0))))


VARIANTS = {
    "shipped": Variant("shipped architecture and losses, 64 px", _SMALL),
    "without-normals": _small_without("without the normals loss (the paper's fig. 5)", "normals"),
    "correspondence-alone": _small_without(
        "a network for the correspondence alone (the paper's supplement A)", "geometry", "normals", "shape"
    ),
    "geometry-alone": _small_without("a network for the geometry alone", "correspondence"),
    "without-landmarks": _small_without("without the loss on the landmarks", "landmarks"),
    "without-pose": _small_without("without the loss on the pose", "pose"),
    "without-shape": _small_without("without the loss on the shape", "shape"),
    "adamw": Variant("AdamW instead of Muon", _SMALL._replace(optimiser="adamw")),
    "paper-six-levels": Variant(
        "the paper's pair and losses with six levels, 64 px", _PAPER._replace(configuration=_PAPER_SIX_LEVELS)
    ),
    "paper": Variant("the paper's pair and losses, 512 px", _PAPER),
}


def as_it_is(images: Tensor) -> Tensor:
    """Images without any change."""
    return images


def compare(
    folder: Path,
    names: Sequence[str],
    data: Sequence[Path],
    held_out: Path,
    held_out_count: int,
    settings: Settings,
    backgrounds: Bytes,
    device: torch.device,
) -> list[str]:
    """Train the named variants one after the other; rows of a Markdown table."""
    rows = [
        "| variant | samples | " + " | ".join(text.split(",")[0] for text, _ in FIGURES.values()) + " |",
        "| --- |" + " --- |" * (1 + len(FIGURES)),
    ]
    for name in names:
        title, recipe = VARIANTS[name]
        position = train_recipe(folder / name, recipe, data, settings, backgrounds, device)
        figures = measure(folder / name, recipe, held_out, held_out_count, settings, backgrounds, device)
        values = " | ".join(f"{value:.2f}" if np.isfinite(value) else "none" for value in figures.values())
        rows.append(f"| {title} | {position.samples} | {values} |")
        print(rows[-1], flush=True)
    return rows


def train_recipe(
    run: Path,
    recipe: Recipe,
    data: Sequence[Path],
    settings: Settings,
    backgrounds: Bytes,
    device: torch.device,
) -> Position:
    """Train to the end of the minutes, from the same seed as all others."""
    torch.manual_seed(settings.seed)
    network = build_network(recipe.configuration)
    stream = PortraitStream(data, recipe.configuration.resolution, settings.batch_size, backgrounds, settings.seed)
    return train(run, network, recipe, settings, read_in_background(stream, 1, device), (), device)


def measure(
    run: Path,
    recipe: Recipe,
    held_out: Path,
    held_out_count: int,
    settings: Settings,
    backgrounds: Bytes,
    device: torch.device,
    shown: Callable[[Tensor], Tensor] = as_it_is,
) -> dict[str, float]:
    """Figures of the averaged weights of a finished run, on held-out images (B, 3, S, S) as `shown` shows them."""
    averaged, _position = read_averaged(run / CHECKPOINT, network_from_json)
    resolution = recipe.configuration.resolution
    batches = held_out_batches(held_out, resolution, held_out_count, settings.batch_size, backgrounds)
    batches = [batch._replace(images=shown(batch.images)) for batch in batches]
    return evaluate(averaged.eval().to(device), batches, device)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.compare", description=__doc__)
    parser.add_argument("folder", type=Path, help="where the runs are kept")
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders of samples")
    parser.add_argument("--held-out", type=Path, required=True, help="folder of held-out samples")
    parser.add_argument("--held-out-count", type=int, default=128)
    parser.add_argument("--variants", choices=tuple(VARIANTS), nargs="+", default=tuple(VARIANTS))
    parser.add_argument("--minutes", type=float, default=30, help="of each training")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--learning-rate", type=float, default=8e-4)
    parser.add_argument("--backgrounds", type=Path, help="file to keep the background pictures in")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--threads", type=int)
    options = parser.parse_args(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    settings = Settings(
        batch_size=options.batch_size, minutes=options.minutes, learning_rate=options.learning_rate, average_horizon=100
    )
    try:
        rows = compare(
            options.folder,
            options.variants,
            options.data,
            options.held_out,
            options.held_out_count,
            settings,
            background_bank(options.backgrounds),
            choose_device(options.device),
        )
    except Pix2VertexError as error:
        sys.exit(f"{error}")
    print("\n".join(rows))


if __name__ == "__main__":
    main()
