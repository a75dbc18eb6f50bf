"""How long a training goes on, how fast it learns meanwhile, and when it has to be given up."""

import math
import time
from dataclasses import dataclass

import torch
import torch.distributed as distributed
from torch import Tensor

from pix2vertex_blender.errors import Pix2VertexError

from .log import Position

DIVERGED = (
    "The loss is no longer finite at step {step}: use a smaller learning rate; the last checkpoint, if there is one, "
    "can be gone on from."
)


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


def require_finite(step: int, *values: float | Tensor) -> None:
    """Look at a step's losses and norms before it is made.

    Raises
    ------
    TrainingDivergedError
        If one is not finite.
    """
    if not all(map(math.isfinite, values)):
        raise TrainingDivergedError(DIVERGED.format(step=step))


def progress_of(position: Position, settings: Settings) -> float:
    """Completed fraction of the training, the same in all processes."""
    fraction = max(position.minutes / settings.minutes, position.step / settings.steps)
    if distributed.is_initialized():
        shared = torch.tensor(fraction, dtype=torch.float64)
        distributed.broadcast(shared, src=0)
        fraction = shared.item()
    return fraction


def cosine(fraction: float) -> float:
    """From 1 to 0 over the completed fraction, along half a cosine."""
    return 0.5 * (1 + math.cos(math.pi * fraction))


def learning_rate(step: int, fraction: float, settings: Settings) -> float:
    """A cosine over the completed fraction, with a linear rise over the first steps."""
    height = settings.final_fraction + (1 - settings.final_fraction) * cosine(fraction)
    return settings.learning_rate * height * min(1.0, (step + 1) / settings.warm_up_steps)


class Clock:
    """Counts the minutes of a training, those of earlier starts included."""

    def __init__(self, minutes: float) -> None:
        self._began = time.monotonic() - 60 * minutes

    @property
    def minutes(self) -> float:
        """So far."""
        return (time.monotonic() - self._began) / 60


class Interval:
    """Says when so many minutes of a training have passed again."""

    def __init__(self, length: float, minutes: float) -> None:
        self._length, self._last = length, minutes

    def is_over(self, minutes: float) -> bool:
        """Whether it is time, so many minutes after the beginning; the next interval then begins."""
        over = minutes - self._last > self._length
        if over:
            self._last = minutes
        return over
