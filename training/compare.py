"""Train variants of network and losses on the same data for the same time: `python -m training.compare FOLDER ...`.

Each variant gets the folder `FOLDER/<name>` of a training run, so that an interrupted comparison goes on where it was.
The figures of `training.evaluate` on the held-out samples are printed as the table of training/README.md.
"""

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from torch.utils.data import DataLoader

from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.reconstruction.device import choose_device
from pix2vertex_blender.reconstruction.network import SHIPPED, NetworkConfiguration, build_network

from .arrays import Bytes
from .backgrounds import background_bank
from .dataset import PortraitStream, held_out_batches
from .evaluate import FIGURES, evaluate
from .log import Position
from .losses import SHIPPED_WEIGHTS, LossWeights
from .optimiser import OptimiserName, make_optimiser
from .train import Settings, resume, train


class Variant(NamedTuple):
    """What is trained, and how the table calls it."""

    title: str
    configuration: NetworkConfiguration
    weights: LossWeights
    optimiser: OptimiserName = "muon"


_PAPER = NetworkConfiguration()
#: The paper's U-Net with fewer levels, for images that eight of them would shrink to nothing.
_PAPER_SIX_LEVELS = dataclasses.replace(
    _PAPER,
    resolution=64,
    encoder_channels=(64, 128, 256, 512, 512, 512),
    decoder_channels=(512, 512, 512, 256, 128, 64),
)
_SMALL = dataclasses.replace(SHIPPED, resolution=64)
VARIANTS = {
    "shipped": Variant("shipped architecture and losses, 64 px", _SMALL, SHIPPED_WEIGHTS),
    "without-normals": Variant(
        "without the normals loss (the paper's fig. 5)", _SMALL, dataclasses.replace(SHIPPED_WEIGHTS, normals=0)
    ),
    "correspondence-alone": Variant(
        "a network for the correspondence alone (the paper's supplement A)",
        _SMALL,
        dataclasses.replace(SHIPPED_WEIGHTS, geometry=0, normals=0),
    ),
    "geometry-alone": Variant(
        "a network for the geometry alone", _SMALL, dataclasses.replace(SHIPPED_WEIGHTS, correspondence=0)
    ),
    "without-landmarks": Variant(
        "without the loss on the landmarks", _SMALL, dataclasses.replace(SHIPPED_WEIGHTS, landmarks=0)
    ),
    "without-pose": Variant("without the loss on the pose", _SMALL, dataclasses.replace(SHIPPED_WEIGHTS, pose=0)),
    "adamw": Variant("AdamW instead of Muon", _SMALL, SHIPPED_WEIGHTS, "adamw"),
    "paper-six-levels": Variant(
        "the paper's pair and losses with six levels, 64 px", _PAPER_SIX_LEVELS, LossWeights(), "adamw"
    ),
    "paper": Variant("the paper's pair and losses, 512 px", _PAPER, LossWeights(), "adamw"),
}


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
        variant = VARIANTS[name]
        position = train_variant(folder / name, variant, data, settings, backgrounds, device)
        figures = measure(folder / name, variant, held_out, held_out_count, settings, backgrounds, device)
        values = " | ".join(f"{value:.2f}" if np.isfinite(value) else "none" for value in figures.values())
        rows.append(f"| {variant.title} | {position.samples} | {values} |")
        print(rows[-1], flush=True)
    return rows


def train_variant(
    run: Path,
    variant: Variant,
    data: Sequence[Path],
    settings: Settings,
    backgrounds: Bytes,
    device: torch.device,
) -> Position:
    """Train a variant to the end of its minutes, from the same seed as all others."""
    settings = dataclasses.replace(settings, optimiser=variant.optimiser)
    torch.manual_seed(settings.seed)
    network = build_network(variant.configuration)
    stream = PortraitStream(data, variant.configuration.resolution, settings.batch_size, backgrounds, settings.seed)
    loader = DataLoader(stream, batch_size=None, num_workers=1, prefetch_factor=4, multiprocessing_context="spawn")
    return train(run, network, variant.weights, settings, iter(loader), (), device)


def measure(
    run: Path,
    variant: Variant,
    held_out: Path,
    held_out_count: int,
    settings: Settings,
    backgrounds: Bytes,
    device: torch.device,
) -> dict[str, float]:
    """Figures of the averaged weights of a finished run."""
    network, averaged = (build_network(variant.configuration) for _ in range(2))
    optimiser = make_optimiser(network, variant.optimiser, settings.learning_rate, settings.weight_decay)
    resume(run / "checkpoint.pt", network, averaged, optimiser)
    resolution = variant.configuration.resolution
    batches = held_out_batches(held_out, resolution, held_out_count, settings.batch_size, backgrounds)
    return evaluate(averaged.to(device), batches, device)


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
