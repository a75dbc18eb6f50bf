"""Train the identity network: `python -m training.identity.train RUN --data FOLDER=SEED ... --minutes N`.

FOLDER holds samples of `training.generate` with that seed, rendered at 384 pixels. The network begins with the close
network's way inwards and is taught the coefficients of the true heads in the basis that `likeness.npz` has, by squared
millimetres over the face. The same command goes on from `RUN/checkpoint.pt`; `--export FILE` writes the averaged
weights.
"""

import argparse
import copy
import dataclasses
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import nn

from pix2vertex_blender.data_files import write_checksum
from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.paths import CLOSE_NETWORK_WEIGHTS, LIKENESS_FILE
from pix2vertex_blender.reconstruction.network.identity import (
    IdentityNetwork,
    load_identity_network,
    save_identity_network,
)
from pix2vertex_blender.reconstruction.network.network import MapNetwork, load_network, to_device

from ..computation import PRECISIONS
from ..data.backgrounds import background_bank
from ..export import card_of
from ..generate import HELD_OUT_STREAM
from ..log import Position, append_row
from ..processes import stream_seed
from ..schedule import Clock, Interval, Settings, learning_rate, progress_of, require_finite
from ..state import CHECKPOINT, TrainingState, completed_steps
from .basis import read_basis
from .heads import people
from .looks import Looks, LookStream, held_out_looks, read_in_background
from .losses import CLIP, explained, leave_gradients, r2

#: Batches from whose coefficients the output's scale is taken.
SCALE_BATCHES = 10


def new_network(given: MapNetwork, coefficients: int) -> IdentityNetwork:
    """A network that says nothing yet, its way inwards that of a map network."""
    network = IdentityNetwork(given.configuration, coefficients)
    inward = {name: value for name, value in given.state_dict().items() if name.startswith(("entries.", "encoder."))}
    network.load_state_dict({**network.state_dict(), **inward})
    return network


def set_scale(network: IdentityNetwork, batches: Iterator[Looks]) -> None:
    """Have the output begin at the mean of the coefficients, in steps of their standard deviation."""
    drawn = torch.cat([next(batches).coefficients for _ in range(SCALE_BATCHES)])
    network.middle.copy_(drawn.mean(0))
    network.spread.copy_(drawn.std(0))


def train(
    run: Path,
    network: IdentityNetwork,
    settings: Settings,
    batches: Iterator[Looks],
    held_out: Sequence[Looks],
    precision: str,
) -> Position:
    """Train `network` from the run's checkpoint, or from its own weights if there is none, to the end.

    Raises
    ------
    TrainingDivergedError
        If the loss is not finite: names the step; the last good checkpoint stays.
    """
    run.mkdir(parents=True, exist_ok=True)
    network = to_device(network, torch.device("cpu"))
    state = TrainingState.begin(run / CHECKPOINT, network, network.configuration.to_json(), "muon", settings)
    position, clock = state.position, Clock(state.position.minutes)
    saving = Interval(settings.save_every_minutes, position.minutes)
    explained_lately: list[float] = []
    while (fraction := progress_of(position, settings)) < 1:
        rate = learning_rate(position.step, fraction, settings)
        batch = next(batches)
        explained_lately.append(float(r2(leave_gradients(network, batch, PRECISIONS[precision]), batch)))
        require_finite(position.step, explained_lately[-1])
        nn.utils.clip_grad_norm_(network.parameters(), CLIP)
        state.move(rate, settings.batch_size)
        position.minutes = clock.minutes
        if position.step % settings.log_every == 0:
            figures = {"r2": float(np.mean(explained_lately)), "rate": rate}
            if held_out:
                figures["held_out_r2"] = explained(state.averaged, held_out)
            append_row(run / "log.csv", dataclasses.asdict(position) | figures)
            explained_lately = []
        if saving.is_over(position.minutes):
            state.save()
    state.save()
    network.load_state_dict(state.averaged.state_dict())
    return position


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.identity.train", description="Train the network.")
    held_out = partial(people, stream=HELD_OUT_STREAM)
    parser.add_argument("run", type=Path, help="folder of the checkpoint and the log")
    parser.add_argument("--data", type=people, nargs="+", required=True, metavar="FOLDER=SEED", help="samples")
    parser.add_argument("--held-out", type=held_out, metavar="FOLDER=SEED", help="samples made with --held-out")
    parser.add_argument("--held-out-count", type=int, default=200)
    parser.add_argument("--basis", type=Path, default=LIKENESS_FILE, help="file with the basis of heads")
    parser.add_argument("--map-network", type=Path, default=CLOSE_NETWORK_WEIGHTS, help="whose way inwards it takes")
    parser.add_argument("--initial", type=Path, help="identity network to begin with instead")
    parser.add_argument("--backgrounds", type=Path, help="file to keep the background pictures in")
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--steps", type=int, default=Settings().steps)
    parser.add_argument("--batch-size", type=int, default=24)
    parser.add_argument("--learning-rate", type=float, default=5e-4)
    parser.add_argument("--precision", choices=tuple(PRECISIONS), default="float32")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--readers", type=int, default=1)
    parser.add_argument("--export", type=Path, metavar="FILE", help="write the averaged weights when it ends")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = parse(arguments)
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    try:
        basis = read_basis(options.basis)
        if options.initial is None:
            network = new_network(load_network(options.map_network), len(basis))
        else:
            network = copy.deepcopy(load_identity_network(options.initial))
        resolution = network.configuration.resolution
        backgrounds = background_bank(options.backgrounds)
        seed = stream_seed(options.seed, completed_steps(options.run / CHECKPOINT))
        stream = LookStream(options.data, basis, resolution, options.batch_size, backgrounds, seed)
        batches = read_in_background(stream, options.readers)
        if options.initial is None:
            set_scale(network, batches)
        held_out = []
        if options.held_out is not None:
            held_out = held_out_looks(options.held_out, basis, resolution, options.held_out_count, 20, backgrounds)
        settings = Settings(
            batch_size=options.batch_size,
            minutes=options.minutes,
            steps=options.steps,
            learning_rate=options.learning_rate,
            seed=options.seed,
        )
        position = train(options.run, network, settings, batches, held_out, options.precision)
    except Pix2VertexError as error:
        print(error, file=sys.stderr)
        return 1
    if options.export is not None:
        save_identity_network(network, options.export, card_of(position))
        write_checksum(options.export)
    return 0


if __name__ == "__main__":
    sys.exit(main())
