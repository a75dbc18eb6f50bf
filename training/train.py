"""Train a network: `python -m training.train RUN --data FOLDER... --minutes 60`.

RUN is a folder outside the repository. It gets `checkpoint.pt` (everything needed to go on: the same command resumes),
`log.csv` and `log.png`. Several processes or machines: `torchrun --nproc-per-node 2 -m training.train RUN ...`, where
each process has its own batches and the gradients are averaged. `training.export` turns a checkpoint into weights.
"""

import argparse
import dataclasses
import math
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, get_args

import torch
import torch.distributed as distributed
from torch import nn
from torch.nn.parallel import DistributedDataParallel

from pix2vertex_blender.errors import DataFileError, Pix2VertexError
from pix2vertex_blender.reconstruction.network.configuration import SHIPPED, NetworkConfiguration
from pix2vertex_blender.reconstruction.network.device import choose_device
from pix2vertex_blender.reconstruction.network.network import MapNetwork, build_network, load_network, to_device

from .checkpoints import resume, save
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
from .optimiser import OptimiserName, make_optimiser
from .processes import is_first_process, process_count, reader_count, start_processes


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


@dataclass(frozen=True)
class Settings:
    """How to train.

    Attributes
    ----------
    minutes : float
        Of training in all, earlier starts included; the learning rate's cosine ends there.
    steps : int
        Stop after so many steps, if the minutes have not passed; the cosine then ends there.
    learning_rate, final_fraction : float
        At the top of the cosine, and what fraction of it is left at the end.
    warm_up_steps : int
        Over which the learning rate rises.
    weight_decay : float
        On matrices and kernels, not on biases and norms.
    clip : float
        Largest norm of the gradient. Above what is usual: clipping every step would give hard batches less weight.
    average_horizon : int
        Steps that the exponential moving average of the weights looks back.
    """

    batch_size: int = 16
    minutes: float = 60
    steps: int = 10**9
    learning_rate: float = 5e-4
    final_fraction: float = 0.02
    warm_up_steps: int = 60
    weight_decay: float = 0.02
    clip: float = 100.0
    average_horizon: int = 200
    seed: int = 1
    log_every: int = 50
    validate_every_minutes: float = 5
    save_every_minutes: float = 2


class TrainingDivergedError(Pix2VertexError):
    """The loss or its gradient is not finite."""


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
    averaged = build_network(network.configuration)
    averaged.load_state_dict(network.state_dict())
    layout = LAYOUTS[computation.layout]
    network, averaged = to_device(network.train(), device, layout), to_device(averaged.eval(), device)
    optimiser = make_optimiser(network, recipe.optimiser, settings.learning_rate, settings.weight_decay)
    position = resume(run / "checkpoint.pt", network, averaged, optimiser, network.configuration.to_json())

    loss_of: nn.Module = TrainingLoss(network, recipe.weights).to(device)
    if distributed.is_initialized():
        loss_of = DistributedDataParallel(loss_of)
    if computation.compiled:
        loss_of.compile()
    log = Log(run / "log.csv", settings.log_every)
    saved = validated = position.minutes
    began = time.monotonic() - 60 * position.minutes

    while (fraction := progress_of(position, settings)) < 1:
        for group in optimiser.param_groups:
            group["lr"] = learning_rate(position.step, fraction, settings)
        batch = next(batches).to(device)
        terms = compute_gradients(loss_of, batch, PRECISIONS[computation.precision])
        norm = nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
        if not bool(torch.isfinite(norm) & torch.isfinite(terms["total"])):
            raise TrainingDivergedError(
                f"The loss is no longer finite at step {position.step}: {run / 'checkpoint.pt'} holds the last good "
                "state; go on from it with a smaller learning rate."
            )
        optimiser.step()
        position.step += 1
        position.samples += len(batch.images) * process_count()
        position.minutes = (time.monotonic() - began) / 60
        update_average(averaged, network, position.step, settings.average_horizon)

        if is_first_process():
            log.add(position, optimiser.param_groups[0]["lr"], norm, terms)
        if is_first_process() and held_out and position.minutes - validated > settings.validate_every_minutes:
            log.write(position, evaluate(averaged, held_out, device))
            log.plot()
            validated = position.minutes
        if is_first_process() and position.minutes - saved > settings.save_every_minutes:
            save(run / "checkpoint.pt", network, averaged, optimiser, position, network.configuration.to_json())
            saved = position.minutes

    if is_first_process():
        save(run / "checkpoint.pt", network, averaged, optimiser, position, network.configuration.to_json())
        if held_out:
            log.write(position, evaluate(averaged, held_out, device))
        log.plot()
    return position


def progress_of(position: Position, settings: Settings) -> float:
    """Completed fraction of the training, the same in all processes."""
    fraction = max(position.minutes / settings.minutes, position.step / settings.steps)
    if distributed.is_initialized():
        shared = torch.tensor(fraction, dtype=torch.float64)
        distributed.broadcast(shared, src=0)
        fraction = shared.item()
    return fraction


def learning_rate(step: int, fraction: float, settings: Settings) -> float:
    """A cosine over the completed fraction, with a linear rise over the first steps."""
    cosine = 0.5 * (1 + math.cos(math.pi * fraction))
    height = settings.final_fraction + (1 - settings.final_fraction) * cosine
    return settings.learning_rate * height * min(1.0, (step + 1) / settings.warm_up_steps)


@torch.no_grad()
def update_average(averaged: nn.Module, network: nn.Module, step: int, horizon: int) -> None:
    """Move the average towards the network's weights, faster while there are few steps to look back on."""
    rate = max(1 / horizon, 1 / (step + 1))
    torch._foreach_lerp_(list(averaged.parameters()), list(network.parameters()), rate)
    for kept, buffer in zip(averaged.buffers(), network.buffers(), strict=True):
        kept.copy_(buffer)


def initial_network(options: argparse.Namespace, configuration: NetworkConfiguration) -> MapNetwork:
    """Fresh weights, or those of a weights file of the same configuration whatever its resolution."""
    torch.manual_seed(options.seed)
    network = build_network(configuration)
    if options.initial is not None:
        given = load_network(options.initial)
        if dataclasses.replace(given.configuration, resolution=configuration.resolution) != configuration:
            raise DataFileError(f"The weights {options.initial} are of another network than the one to train.")
        network.load_state_dict(given.state_dict())
    return network


def stream_seed(seed: int, step: int) -> tuple[int, ...]:
    """Of the samples after a step: every process, and every start of a training, draws its own, the same each time."""
    return (seed, step, distributed.get_rank() if distributed.is_initialized() else 0)


def completed_steps(checkpoint: Path) -> int:
    """Steps that a run has behind it; 0 if there is no checkpoint, or none that can be read."""
    try:
        return int(torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)["position"]["step"])
    except Exception:  # `resume` says what is wrong with it
        return 0


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
        seed = stream_seed(settings.seed, completed_steps(options.run / "checkpoint.pt"))
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
