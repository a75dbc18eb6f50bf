"""Train a network: `python -m training.train RUN --data FOLDER... --minutes 60`.

RUN is a folder outside the repository. It gets `checkpoint.pt` (everything needed to go on: the same command resumes),
`log.csv` and `log.png`. Several processes or machines: `torchrun --nproc-per-node 2 -m training.train RUN ...`, where
each process has its own batches and the gradients are averaged. `training.export` turns a checkpoint into weights.
"""

import argparse
import dataclasses
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, get_args

import torch
import torch.distributed as distributed
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from pix2vertex_blender.errors import DataFileError, Pix2VertexError
from pix2vertex_blender.reconstruction.network.configuration import SHIPPED, NetworkConfiguration
from pix2vertex_blender.reconstruction.network.device import choose_device
from pix2vertex_blender.reconstruction.network.network import MapNetwork, build_network, load_network, to_device

from .computation import (
    LAYOUTS,
    ORDINARY_COMPUTATION,
    PRECISIONS,
    Asked,
    Computation,
    compute_gradients,
    fastest_computation,
)
from .data.augmentation import CROPS
from .data.backgrounds import background_bank
from .data.dataset import PortraitStream, held_out_batches, read_in_background
from .evaluate import evaluate
from .log import Log, Position
from .losses import SHIPPED_WEIGHTS, Batch, LossWeights, TrainingLoss
from .optimiser import OptimiserName
from .processes import is_first_process, process_count, reader_count, start_processes, stream_seed
from .schedule import Clock, Interval, Settings, learning_rate, progress_of, require_finite
from .state import CHECKPOINT, TrainingState, completed_steps


class Recipe(NamedTuple):
    """What is trained, for what and by what."""

    configuration: NetworkConfiguration
    weights: LossWeights
    optimiser: OptimiserName


#: What `--network` names.
NETWORKS = {
    "shipped": Recipe(SHIPPED, SHIPPED_WEIGHTS, "muon"),
    "paper": Recipe(NetworkConfiguration(), LossWeights(), "adamw"),
}


def train(
    run: Path,
    network: MapNetwork,
    recipe: Recipe,
    settings: Settings,
    batches: Iterator[Batch],
    held_out: Sequence[Batch],
    device: torch.device,
    computation: Computation = ORDINARY_COMPUTATION,
) -> Position:
    """Train `network` from the run's checkpoint, or from its own weights if there is none, to the end.

    Raises
    ------
    TrainingDivergedError
        If the loss is not finite: names the step; the last good checkpoint stays.
    """
    run.mkdir(parents=True, exist_ok=True)
    network = to_device(network, device, LAYOUTS[computation.layout])
    state = TrainingState.begin(run / CHECKPOINT, network, network.configuration.to_json(), recipe.optimiser, settings)
    records = Records(state, held_out, device)
    loss_of = _loss_of(network, recipe.weights, device, computation.compiled)
    position, clock = state.position, Clock(state.position.minutes)
    while (fraction := progress_of(position, settings)) < 1:
        rate = learning_rate(position.step, fraction, settings)
        batch = next(batches).to(device)
        terms = compute_gradients(loss_of, batch, PRECISIONS[computation.precision])
        norm = nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
        require_finite(position.step, norm, terms["total"].detach())
        state.move(rate, len(batch.images) * process_count())
        position.minutes = clock.minutes
        if is_first_process():
            records.step(rate, norm, terms)
    if is_first_process():
        records.end()
    return position


class Records:
    """What the first process writes of a training: its log, figures on held-out samples, and checkpoints.

    Parameters
    ----------
    state : TrainingState
    held_out : sequence of Batch
        Empty, if there is nothing to validate with.
    device : torch.device
    """

    def __init__(self, state: TrainingState[MapNetwork], held_out: Sequence[Batch], device: torch.device) -> None:
        self._state, self._held_out, self._device = state, held_out, device
        settings, minutes = state.settings, state.position.minutes
        self._log = Log(state.path.with_name("log.csv"), settings.log_every)
        self._validation = Interval(settings.validate_every_minutes, minutes)
        self._saving = Interval(settings.save_every_minutes, minutes)

    def step(self, rate: float, norm: Tensor, terms: dict[str, Tensor]) -> None:
        """Take note of a step, at a learning rate, with its gradient's norm and the terms of its loss."""
        position = self._state.position
        self._log.add(position, rate, norm, terms)
        if self._held_out and self._validation.is_over(position.minutes):
            self._validate()
            self._log.plot()
        if self._saving.is_over(position.minutes):
            self._state.save()

    def end(self) -> None:
        """Keep the last state, and say how good it is."""
        self._state.save()
        if self._held_out:
            self._validate()
        self._log.plot()

    def _validate(self) -> None:
        self._log.write(self._state.position, evaluate(self._state.averaged, self._held_out, self._device))


def _loss_of(network: MapNetwork, weights: LossWeights, device: torch.device, compiled: bool) -> nn.Module:
    """The loss of a batch, whose gradients all processes share."""
    loss_of: nn.Module = TrainingLoss(network, weights).to(device)
    if distributed.is_initialized():
        loss_of = DistributedDataParallel(loss_of)
    if compiled:
        loss_of.compile()
    return loss_of


def initial_network(options: argparse.Namespace, configuration: NetworkConfiguration) -> MapNetwork:
    """Fresh weights, or those of a weights file of the same configuration whatever its resolution.

    Raises
    ------
    DataFileError
        If the weights are of another configuration.
    """
    torch.manual_seed(options.seed)
    network = build_network(configuration)
    if options.initial is not None:
        given = load_network(options.initial)
        if dataclasses.replace(given.configuration, resolution=configuration.resolution) != configuration:
            raise DataFileError(f"The weights {options.initial} are of another network than the one to train.")
        network.load_state_dict(given.state_dict())
    return network


def _asked(options: argparse.Namespace) -> Asked:
    return Asked(
        precision=None if options.precision == "auto" else options.precision,
        compiled={"yes": True, "no": False}.get(options.compile),
        batch_size=options.batch_size,
    )


def _settings(options: argparse.Namespace, computation: Computation) -> Settings:
    default = Settings()
    unlimited = math.inf if options.steps < default.steps else default.minutes
    return Settings(
        batch_size=computation.batch_size,
        minutes=unlimited if options.minutes is None else options.minutes,
        steps=options.steps,
        learning_rate=options.learning_rate,
        average_horizon=options.average_horizon,
        validate_every_minutes=options.validate_every,
        seed=options.seed,
    )


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    default = Settings()
    parser = argparse.ArgumentParser(prog="python -m training.train", description="Train a network.")
    parser.add_argument("run", type=Path, help="folder of the checkpoint and the log")
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders of samples")
    parser.add_argument("--held-out", type=Path, help="folder of held-out samples to validate with")
    parser.add_argument("--held-out-count", type=int, default=64)
    parser.add_argument("--backgrounds", type=Path, help="file to keep the background pictures in")
    parser.add_argument("--network", choices=tuple(NETWORKS), default="shipped")
    parser.add_argument("--optimiser", choices=get_args(OptimiserName), help="default: the network's own")
    parser.add_argument("--crop", choices=tuple(CROPS), default="ordinary", help="how faces are cut")
    parser.add_argument("--initial", type=Path, help="weights file to start from")
    parser.add_argument("--resolution", type=int, help="pixels of a side (default: the network's own)")
    parser.add_argument("--batch-size", type=int, help="samples in a step (default: the fastest, by measuring)")
    parser.add_argument("--minutes", type=float, help="of training in all (default: 60; no limit with --steps)")
    parser.add_argument("--steps", type=int, default=default.steps, help="end after so many at the latest")
    parser.add_argument("--learning-rate", type=float, default=default.learning_rate)
    parser.add_argument("--average-horizon", type=int, default=default.average_horizon)
    parser.add_argument("--validate-every", type=float, default=default.validate_every_minutes, help="minutes")
    parser.add_argument("--seed", type=int, default=default.seed, help="of weights, samples and their order")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", choices=("auto", *PRECISIONS), default="auto")
    parser.add_argument("--compile", choices=("auto", "yes", "no"), default="no", help="auto takes minutes to find out")
    parser.add_argument("--threads", type=int, help="of this process; 1 where others need the processor too")
    parser.add_argument("--readers", type=int, help="processes that read samples (default: one, or a GPU's free cores)")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    options = parse(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        device = choose_device(options.device)
        start_processes(device)
        recipe = NETWORKS[options.network]
        recipe = recipe._replace(optimiser=options.optimiser or recipe.optimiser)
        resolution = options.resolution or recipe.configuration.resolution
        network = initial_network(options, dataclasses.replace(recipe.configuration, resolution=resolution))
        computation = fastest_computation(network, recipe.weights, recipe.optimiser, _asked(options), device)
        print(f"training with {computation}", flush=True)
        settings = _settings(options, computation)
        backgrounds = background_bank(options.backgrounds)
        seed = stream_seed(settings.seed, completed_steps(options.run / CHECKPOINT))
        crops = CROPS[options.crop]
        stream = PortraitStream(options.data, resolution, settings.batch_size, backgrounds, seed, crops)
        batches = read_in_background(stream, options.readers or reader_count(device), device)
        held_out = []
        if options.held_out is not None and is_first_process():
            held_out = held_out_batches(
                options.held_out, resolution, options.held_out_count, 16, backgrounds, augmentation=crops
            )
        train(options.run, network, recipe, settings, batches, held_out, device, computation)
    except Pix2VertexError as error:
        sys.exit(f"{error}")
    finally:
        if distributed.is_initialized():
            distributed.destroy_process_group()


if __name__ == "__main__":
    main()
