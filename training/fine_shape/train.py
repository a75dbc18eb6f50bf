"""Train a network, or its twin that sees no photo."""

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from pix2vertex_blender.errors import OptionError
from pix2vertex_blender.template import load_template

from ..checkpoints import opened_checkpoint, require_same, write_checkpoint
from ..optimiser import descend, set_rate
from ..schedule import cosine, require_finite
from .inputs import Batch, batches
from .losses import LOSSES, Sculpture, shape_loss
from .networks import FineShape, FineShapeConfiguration
from .pairs import list_pairs
from .plane import load_plane

CHECKPOINT = "fine_shape.pt"
#: Steps after which the checkpoint is written, and the loss is told.
SAVE_EVERY = 25

MULTIPLE = "The size has to be a multiple of {stride}, not {size}."
UNKNOWN_LOSS = "There is no loss {name}: choose among {names}."


@dataclass(frozen=True)
class FineShapeSettings:
    """How to train.

    Attributes
    ----------
    loss : str
        One of `losses.LOSSES`.
    sees_photo : bool
        False for the twin.
    steps : int
        In all, at whose end the rate has fallen to nothing.
    minutes : float
        End this start after so many at the latest.
    """

    loss: str = "guided"
    sees_photo: bool = True
    batch_size: int = 8
    steps: int = 10_000
    minutes: float = 1e9
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    clip: float = 1.0
    seed: int = 1


def train(
    run: Path, folders: Sequence[Path], configuration: FineShapeConfiguration, settings: FineShapeSettings
) -> int:
    """Train to the end, or on from the run's checkpoint; returns the steps made in all.

    Raises
    ------
    DataFileError
        If there are no pairs, or the checkpoint is of another training.
    OptionError
        If there is no such loss, or the network cannot halve pictures of this size.
    TrainingDivergedError
        If the loss is not finite any more; the last good checkpoint stays.
    """
    _check(configuration, settings)
    paths = list_pairs(folders)
    run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(settings.seed)
    network = FineShape(configuration)
    optimiser = torch.optim.AdamW(network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    step = _resume(run / CHECKPOINT, network, optimiser, settings)
    source = batches(paths, settings.batch_size, configuration, (settings.seed, step))
    sculpture, began, total = Sculpture(), time.monotonic(), 0.0
    while step < settings.steps and time.monotonic() - began < 60 * settings.minutes:
        set_rate(optimiser, settings.learning_rate * cosine(step / settings.steps))
        batch = next(source)
        output = displaced(network, batch, settings.sees_photo)
        loss = shape_loss(settings.loss, output, batch.truth, _face(), sculpture)
        value = float(loss.detach())
        require_finite(step, value)
        descend(loss, network, optimiser, settings.clip)
        step += 1
        total += value
        if step % SAVE_EVERY == 0 or step == settings.steps:
            print(f"step {step}  loss {total / ((step - 1) % SAVE_EVERY + 1):.3f}", flush=True)
            total = 0.0
            _save(run / CHECKPOINT, network, optimiser, step, settings)
    _save(run / CHECKPOINT, network, optimiser, step, settings)
    return step


def _check(configuration: FineShapeConfiguration, settings: FineShapeSettings) -> None:
    stride = 2 ** (len(configuration.widths) - 1)
    if configuration.size <= 0 or configuration.size % stride:
        raise OptionError(MULTIPLE.format(stride=stride, size=configuration.size))
    if settings.loss not in LOSSES:
        raise OptionError(UNKNOWN_LOSS.format(name=settings.loss, names=", ".join(LOSSES)))


def displaced(network: FineShape, batch: Batch, sees_photo: bool = True) -> Tensor:
    """Registered heads with the displacement that the network adds (B, n, 3), in the rest frame."""
    inputs = batch.inputs if sees_photo else batch.inputs.without_photo()
    plane = load_plane(network.configuration.size)
    return batch.coarse + plane.at_vertices(network(inputs)) * _face()[:, None]


def _face() -> Tensor:
    """How much each vertex (n,) belongs to the face."""
    return torch.from_numpy(load_template().groups["face"].astype(np.float32))


def load_fine_shape(run: Path) -> tuple[FineShape, FineShapeSettings]:
    """The network of a run, and how it was trained.

    Raises
    ------
    DataFileError
        If there is none.
    """
    with opened_checkpoint(run / CHECKPOINT) as state:
        network = FineShape(FineShapeConfiguration.from_json(state["configuration"]))
        network.load_state_dict(state["network"])
        settings = FineShapeSettings(**state["settings"])
    return network.eval(), settings


def _save(
    path: Path, network: FineShape, optimiser: torch.optim.Optimizer, step: int, settings: FineShapeSettings
) -> None:
    state = {
        "configuration": network.configuration.to_json(),
        "settings": asdict(settings),
        "step": step,
        "network": network.state_dict(),
        "optimiser": optimiser.state_dict(),
    }
    write_checkpoint(path, state)


def _resume(path: Path, network: FineShape, optimiser: torch.optim.Optimizer, settings: FineShapeSettings) -> int:
    if not path.exists():
        return 0
    same = ("loss", "sees_photo", "batch_size", "learning_rate", "seed")
    with opened_checkpoint(path) as state:
        require_same(path, state, configuration=network.configuration.to_json())
        require_same(path, state["settings"], **{name: getattr(settings, name) for name in same})
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        return int(state["step"])
