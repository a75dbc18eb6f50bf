"""Train a network, or its twin that sees no photo."""

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from pix2vertex_blender.errors import DataFileError, OptionError
from pix2vertex_blender.template import load_template

from .inputs import Batch, batches
from .losses import LOSSES, Sculpture, shape_loss
from .networks import FineShape, FineShapeConfiguration
from .pairs import list_pairs
from .plane import load_plane

CHECKPOINT = "fine_shape.pt"
#: Steps after which the checkpoint is written, and the loss is told.
SAVE_EVERY = 25

OTHER = "The checkpoint {path} is of another network or training: choose another run folder."
DAMAGED = "The checkpoint {path} is missing or damaged: train again, or choose another run folder."
MULTIPLE = "The size has to be a multiple of {stride}, not {size}."
UNKNOWN_LOSS = "There is no loss {name}: choose among {names}."
NOT_FINITE = "The loss is not finite at step {step}: {path} holds the last good state; try a lower rate."


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
        If there are no pairs, the checkpoint is of another training, or the loss is not finite any more.
    OptionError
        If there is no such loss, or the network cannot halve pictures of this size.
    """
    stride = 2 ** (len(configuration.widths) - 1)
    if configuration.size <= 0 or configuration.size % stride:
        raise OptionError(MULTIPLE.format(stride=stride, size=configuration.size))
    if settings.loss not in LOSSES:
        raise OptionError(UNKNOWN_LOSS.format(name=settings.loss, names=", ".join(LOSSES)))
    paths = list_pairs(folders)
    run.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(settings.seed)
    network = FineShape(configuration)
    optimiser = torch.optim.AdamW(network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay)
    step = _resume(run / CHECKPOINT, network, optimiser, settings)
    source = batches(paths, settings.batch_size, configuration, (settings.seed, step))
    sculpture, began, total = Sculpture(), time.monotonic(), 0.0
    while step < settings.steps and time.monotonic() - began < 60 * settings.minutes:
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * 0.5 * (1 + math.cos(math.pi * step / settings.steps))
        loss = _descend(network, optimiser, next(source), settings, sculpture)
        step += 1
        if not math.isfinite(loss):
            raise DataFileError(NOT_FINITE.format(step=step, path=run / CHECKPOINT))
        total += loss
        if step % SAVE_EVERY == 0 or step == settings.steps:
            print(f"step {step}  loss {total / ((step - 1) % SAVE_EVERY + 1):.3f}", flush=True)
            total = 0.0
            _save(run / CHECKPOINT, network, optimiser, step, settings)
    _save(run / CHECKPOINT, network, optimiser, step, settings)
    return step


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
    path = run / CHECKPOINT
    state = _read(path)
    try:
        network = FineShape(FineShapeConfiguration.from_json(state["configuration"]))
        network.load_state_dict(state["network"])
        settings = FineShapeSettings(**state["settings"])
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise DataFileError(OTHER.format(path=path)) from error
    return network.eval(), settings


def _descend(
    network: FineShape,
    optimiser: torch.optim.Optimizer,
    batch: Batch,
    settings: FineShapeSettings,
    sculpture: Sculpture,
) -> float:
    output = displaced(network, batch, settings.sees_photo)
    loss = shape_loss(settings.loss, output, batch.truth, _face(), sculpture)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
    if torch.isfinite(loss):
        optimiser.step()
    return float(loss.detach())


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
    beside = path.with_name(path.name + ".part")
    torch.save(state, beside)
    beside.replace(path)


def _resume(path: Path, network: FineShape, optimiser: torch.optim.Optimizer, settings: FineShapeSettings) -> int:
    if not path.exists():
        return 0
    state = _read(path)
    same = ("loss", "sees_photo", "batch_size", "learning_rate", "seed")
    try:
        if state["configuration"] != network.configuration.to_json() or any(
            state["settings"][name] != getattr(settings, name) for name in same
        ):
            raise DataFileError(OTHER.format(path=path))
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        return int(state["step"])
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise DataFileError(OTHER.format(path=path)) from error


def _read(path: Path) -> dict[str, Any]:
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise DataFileError(DAMAGED.format(path=path)) from error
    return state
