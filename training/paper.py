"""The published configuration of pix2vertex, two U-Nets at 512 pixels: `python -m training.paper RUN --data FOLDER`.

Before anything is trained it says what a sample costs, how many hours the samples take on the card, and what the first
losses should be; `--dry-run` makes a few steps and sets them beside that. Without it, the same command trains, and
goes on where it was, through `training.train`. Samples of `training.generate --size 512` have the detail for it.
"""

import argparse
import dataclasses
import math
import sys
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

import torch
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from pix2vertex_blender.errors import OptionError, Pix2VertexError
from pix2vertex_blender.reconstruction.network.architectures import MAP_CHANNELS, MapNetwork
from pix2vertex_blender.reconstruction.network.configuration import NetworkConfiguration
from pix2vertex_blender.reconstruction.network.device import choose_device
from pix2vertex_blender.reconstruction.network.network import build_network, to_device

from . import train
from .computation import compute_gradients
from .data.backgrounds import background_bank
from .data.dataset import PortraitStream
from .losses import Batch, LossWeights, TrainingLoss
from .optimiser import make_optimiser
from .schedule import Settings

#: The paper does not say how many samples it has seen; our own networks were still learning after so many.
SAMPLES = 400_000
#: A card's half-precision peak in teraflops (an NVIDIA A100's), and the share of it that such a network reaches.
PEAK, SHARE = 312.0, 0.25
#: A backward pass costs two forward ones.
PASSES = 3
#: The published losses: on both maps, on the normals and on the mask.
TERMS = ("correspondence", "geometry", "normals", "mask")
#: First losses further than this factor from those of a network that says nothing are told.
USUAL = 2.5

TOO_SMALL = "The paper's eight levels need a resolution that is a multiple of 256, not {resolution}."


class Silence(MapNetwork):
    """Says nothing: zero everywhere, as a network with fresh weights nearly does."""

    def __init__(self) -> None:
        super().__init__(NetworkConfiguration(), stride=1)

    def forward_with_pose(self, images: Tensor) -> tuple[Tensor, None]:
        """Zeros (B, 8, S, S)."""
        return images.new_zeros((len(images), MAP_CHANNELS, *images.shape[2:])), None


def configuration_of(resolution: int, narrow: int) -> NetworkConfiguration:
    """The published configuration, with channels divided by `narrow` for trying it out.

    Raises
    ------
    OptionError
        If eight levels do not fit into the resolution.
    """
    published = NetworkConfiguration()
    if resolution % 256 or resolution <= 0:
        raise OptionError(TOO_SMALL.format(resolution=resolution))
    encoder, decoder, head = (
        tuple(max(2, width // narrow) for width in widths)
        for widths in (published.encoder_channels, published.decoder_channels, published.head_channels)
    )
    return dataclasses.replace(
        published, resolution=resolution, encoder_channels=encoder, decoder_channels=decoder, head_channels=head
    )


def training_flops(configuration: NetworkConfiguration) -> float:
    """Floating-point operations of one training step, for each of its samples; nothing is computed."""
    with torch.device("meta"):
        network = build_network(configuration)
        images = torch.empty(1, 3, configuration.resolution, configuration.resolution)
    network.eval()
    with FlopCounterMode(display=False) as counter:
        network.forward_with_pose(images)
    return float(PASSES * counter.get_total_flops())


def training_hours(flops: float, samples: int, peak: float, share: float = SHARE) -> float:
    """Hours that samples take on a card with a peak in teraflops, of which a share is reached."""
    return flops * samples / (peak * 1e12 * share) / 3600


@torch.no_grad()
def expected_losses(batches: Sequence[Batch], weights: LossWeights) -> dict[str, float]:
    """The published terms, without their weights, for a network that says nothing."""
    loss_of = TrainingLoss(Silence(), weights)
    rows = [loss_of(batch) for batch in batches]
    return {name: float(sum(row[name] for row in rows)) / len(rows) for name in TERMS}


def first_steps(
    configuration: NetworkConfiguration, batches: Sequence[Batch], seed: int, device: torch.device
) -> tuple[list[dict[str, float]], float]:
    """The terms of the first steps of a training with fresh weights, one step for each batch, and seconds a sample.

    The first step chooses kernels, so that it does not count if there is another.
    """
    torch.manual_seed(seed)
    recipe = train.NETWORKS["paper"]
    network = to_device(build_network(configuration).train(), device)
    optimiser = make_optimiser(network, recipe.optimiser, Settings().learning_rate, 0.0)
    loss_of = TrainingLoss(network, recipe.weights).to(device)
    precision = torch.bfloat16 if device.type == "cuda" and torch.cuda.is_bf16_supported() else torch.float32
    rows, seconds = [], []
    for batch in batches:
        began = time.perf_counter()
        terms = compute_gradients(loss_of, batch.to(device), precision)
        optimiser.step()
        rows.append({name: float(terms[name].detach()) for name in TERMS})
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        seconds.append((time.perf_counter() - began) / len(batch.images))
    return rows, min(seconds[1:] or seconds)


def dry_run(options: argparse.Namespace, configuration: NetworkConfiguration) -> None:
    """Make the first steps on this machine; print their losses beside the expected ones, and how long they take."""
    device = choose_device(options.device)
    stream = PortraitStream(
        options.data, configuration.resolution, options.batch_size, background_bank(options.backgrounds), options.seed
    )
    began = time.perf_counter()
    batches = list(islice(stream, options.dry_steps))
    reading = (time.perf_counter() - began) / (options.dry_steps * options.batch_size)
    expected = expected_losses(batches, train.NETWORKS["paper"].weights)
    rows, seconds = first_steps(configuration, batches, options.seed, device)
    print("| step | " + " | ".join(TERMS) + " |")
    print("| --- |" + " --- |" * len(TERMS))
    for title, row in [("expected at first", expected), *((str(k + 1), row) for k, row in enumerate(rows))]:
        print(f"| {title} | " + " | ".join(f"{row[name]:.3f}" for name in TERMS) + " |")
    print(
        f"A sample takes {seconds:.3g} s on this device ({device}), {options.samples} samples "
        f"{options.samples * seconds / 3600:.3g} hours; reading one takes {reading:.2g} s of a core: --readers of "
        f"training.train has to be {max(1, math.ceil(reading / seconds))} or more."
    )
    odd = [name for name in TERMS if not 1 / USUAL < rows[0][name] / max(expected[name], 1e-9) < USUAL]
    print(f"Not as expected: {', '.join(odd)}." if odd else "The first losses are as expected.")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.paper", description="Train the published configuration.")
    parser.add_argument("run", type=Path, help="folder of the checkpoint and the log")
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders of samples")
    parser.add_argument("--held-out", type=Path, help="folder of held-out samples to validate with")
    parser.add_argument("--backgrounds", type=Path, help="file to keep the background pictures in")
    parser.add_argument("--samples", type=int, default=SAMPLES, help="to train on in all")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--peak", type=float, default=PEAK, help="of the card in half precision, teraflops")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dry-run", action="store_true", help="make a few steps and say whether all is as expected")
    parser.add_argument("--dry-steps", type=int, default=3)
    parser.add_argument("--resolution", type=int, default=512, help="for a dry run on a slow machine: 256")
    parser.add_argument("--narrow", type=int, default=1, help="for a dry run: divide all channels by this")
    return parser.parse_args(arguments)


def training_command(options: argparse.Namespace) -> list[str]:
    """The arguments of `training.train`."""
    words = [str(options.run), "--network", "paper", "--data", *map(str, options.data)]
    words += ["--batch-size", str(options.batch_size), "--steps", str(-(-options.samples // options.batch_size))]
    words += ["--resolution", str(options.resolution), "--device", options.device, "--seed", str(options.seed)]
    for name in ("held_out", "backgrounds"):
        if (value := getattr(options, name)) is not None:
            words += [f"--{name.replace('_', '-')}", str(value)]
    return words


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    options = parse(arguments)
    try:
        configuration = configuration_of(options.resolution, options.narrow if options.dry_run else 1)
        flops = training_flops(configuration)
        hours = training_hours(flops, options.samples, options.peak)
        print(
            f"{flops / 1e12:.3f} teraflops a sample; {options.samples} samples take {hours:.1f} hours on a card with "
            f"{options.peak:.0f} teraflops, of which {SHARE:.0%} are reached.",
            flush=True,
        )
        if options.dry_run:
            dry_run(options, configuration)
        else:
            train.main(training_command(options))
    except Pix2VertexError as error:
        sys.exit(f"{error}")


if __name__ == "__main__":
    main()
