"""Train a network of the coarse stage for some steps, and keep it."""

import dataclasses
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from pix2vertex_blender.errors import OptionError

from ..checkpoints import opened_checkpoint, require_same, write_checkpoint
from ..optimiser import descend, set_rate
from ..schedule import cosine, require_finite
from .lessons import Lessons
from .losses import Weights, coarse_loss
from .model import LinearFace
from .network import CoarseConfiguration, CoarseNetwork

CHECKPOINT = "coarse.pt"
#: Steps after which the loss is told.
TELL_EVERY = 25
#: Steps in which the rate rises.
WARM_UP = 15

SMALL = "The bank has {people} people to learn from, a batch takes {needed}: draw more, or take a smaller batch."
OTHER_SIZE = "The bank's pictures have {size} pixels, the network takes {own}: give --size {size}."


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
        If what is there is damaged, or of another network or training.
    OptionError
        If the bank is too small, or its pictures do not fit the network.
    TrainingDivergedError
        If the loss is not finite any more.
    """
    _check(lessons, configuration, settings)
    torch.manual_seed(settings.seed)
    network = CoarseNetwork(configuration, *lessons.spread())
    path = run / CHECKPOINT
    made_of = {"configuration": asdict(configuration), "settings": asdict(settings)}
    if path.exists():
        with opened_checkpoint(path) as state:
            require_same(path, state, **made_of)
            network.load_state_dict(state["network"])
        return network.eval()
    run.mkdir(parents=True, exist_ok=True)
    _learn(network.train(), lessons, face, settings)
    write_checkpoint(path, {**made_of, "network": network.state_dict()})
    return network.eval()


def _learn(network: CoarseNetwork, lessons: Lessons, face: LinearFace, settings: CoarseSettings) -> None:
    optimiser = torch.optim.AdamW(network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    source = lessons.batches(settings.batch_size, settings.seed)
    began, total = time.monotonic(), 0.0
    for step in range(settings.steps):
        set_rate(optimiser, rate(step, settings))
        lesson = next(source)
        loss = coarse_loss(network(lesson.images), lesson, face, network.spread, settings.weights)
        value = float(loss.detach())
        require_finite(step, value)
        descend(loss, network, optimiser, settings.clip)
        total += value
        if (step + 1) % TELL_EVERY == 0:
            print(f"step {step + 1}  loss {total / TELL_EVERY:.3f}  {time.monotonic() - began:.0f} s", flush=True)
            total = 0.0


def rate(step: int, settings: CoarseSettings) -> float:
    """Of learning: it rises for a while, then falls to nothing."""
    return settings.learning_rate * cosine(step / settings.steps) * min(1.0, (step + 1) / WARM_UP)


def _check(lessons: Lessons, configuration: CoarseConfiguration, settings: CoarseSettings) -> None:
    size, people = lessons.bank.images.shape[-1], int(lessons.bank.learnt_people.sum())
    if size != configuration.size:
        raise OptionError(OTHER_SIZE.format(size=size, own=configuration.size))
    if people < settings.batch_size // 2:
        raise OptionError(SMALL.format(people=people, needed=settings.batch_size // 2))
