"""Train a network of the coarse stage for some steps, and keep it."""

import dataclasses
import math
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from pix2vertex_blender.errors import DataFileError, OptionError

from .lessons import Lesson, Lessons
from .losses import Weights, coarse_loss
from .model import LinearFace
from .network import CoarseConfiguration, CoarseNetwork

CHECKPOINT = "coarse.pt"
#: Steps after which the loss is told.
TELL_EVERY = 25
#: Steps in which the rate rises.
WARM_UP = 15

OTHER = "{path} is of another network or training: choose another folder."
SMALL = "The bank has {people} people to learn from, a batch takes {needed}: draw more, or take a smaller batch."
OTHER_SIZE = "The bank's pictures have {size} pixels, the network takes {own}: give --size {size}."
NOT_FINITE = "The loss is not finite at step {step}: use a smaller rate."


@dataclass(frozen=True)
class CoarseSettings:
    """How to train."""

    steps: int = 150
    batch_size: int = 16
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    clip: float = 1.0
    seed: int = 1
    weights: Weights = dataclasses.field(default_factory=Weights)


def trained(
    run: Path, lessons: Lessons, face: LinearFace, configuration: CoarseConfiguration, settings: CoarseSettings
) -> CoarseNetwork:
    """The network of a run: read if it is there, else trained and written.

    Raises
    ------
    DataFileError
        If what is there is of another network or training, or the loss is not finite any more.
    OptionError
        If the bank is too small, or its pictures do not fit the network.
    """
    _check(lessons, configuration, settings)
    torch.manual_seed(settings.seed)
    network = CoarseNetwork(configuration, *lessons.spread())
    path = run / CHECKPOINT
    made_of = {"configuration": asdict(configuration), "settings": asdict(settings)}
    if path.exists():
        _read(path, network, made_of)
        return network.eval()
    run.mkdir(parents=True, exist_ok=True)
    _learn(network.train(), lessons, face, settings)
    beside = path.with_name(path.name + ".part")
    torch.save({**made_of, "network": network.state_dict()}, beside)
    beside.replace(path)
    return network.eval()


def _learn(network: CoarseNetwork, lessons: Lessons, face: LinearFace, settings: CoarseSettings) -> None:
    optimiser = torch.optim.AdamW(network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    source = lessons.batches(settings.batch_size, settings.seed)
    began, total = time.monotonic(), 0.0
    for step in range(settings.steps):
        for group in optimiser.param_groups:
            group["lr"] = rate(step, settings)
        loss = descend(network, optimiser, next(source), face, settings)
        if not math.isfinite(loss):
            raise DataFileError(NOT_FINITE.format(step=step))
        total += loss
        if (step + 1) % TELL_EVERY == 0:
            print(f"step {step + 1}  loss {total / TELL_EVERY:.3f}  {time.monotonic() - began:.0f} s", flush=True)
            total = 0.0


def rate(step: int, settings: CoarseSettings) -> float:
    """Of learning: it rises for a while, then falls to nothing."""
    falling = 0.5 * (1 + math.cos(math.pi * step / settings.steps))
    return settings.learning_rate * falling * min(1.0, (step + 1) / WARM_UP)


def descend(
    network: CoarseNetwork, optimiser: torch.optim.Optimizer, lesson: Lesson, face: LinearFace, settings: CoarseSettings
) -> float:
    """Move the weights once; returns the loss."""
    told = network(lesson.images)
    loss = coarse_loss(told, lesson, face, network.spread, settings.weights)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
    optimiser.step()
    return float(loss.detach())


def _check(lessons: Lessons, configuration: CoarseConfiguration, settings: CoarseSettings) -> None:
    size, people = lessons.bank.images.shape[-1], int(lessons.bank.learnt_people.sum())
    if size != configuration.size:
        raise OptionError(OTHER_SIZE.format(size=size, own=configuration.size))
    if people < settings.batch_size // 2:
        raise OptionError(SMALL.format(people=people, needed=settings.batch_size // 2))


def _read(path: Path, network: CoarseNetwork, made_of: Mapping[str, object]) -> None:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        if any(state[name] != made_of[name] for name in made_of):
            raise DataFileError(OTHER.format(path=path))
        network.load_state_dict(state["network"])
    except DataFileError:
        raise
    except Exception as error:
        raise DataFileError(OTHER.format(path=path)) from error
