"""A network while it is trained: with the average of its weights, what moves them and how far it is."""

import copy
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import nn

from .checkpoints import opened_checkpoint, require_same, write_checkpoint
from .log import Position
from .optimiser import OptimiserName, Optimisers, make_optimiser, set_rate
from .schedule import Settings

#: Of a run's folder.
CHECKPOINT = "checkpoint.pt"

Network = TypeVar("Network", bound=nn.Module)


@dataclass
class TrainingState(Generic[Network]):
    """Everything that a training goes on from.

    Attributes
    ----------
    path : Path
        Of the checkpoint.
    configuration : str
        What the network was built from, as JSON.
    settings : Settings
    network : Network
        What is trained.
    averaged : Network
        With the exponential moving average of its weights, in evaluation mode.
    optimiser : Optimisers
    position : Position
    """

    path: Path
    configuration: str
    settings: Settings
    network: Network
    averaged: Network
    optimiser: Optimisers
    position: Position

    @classmethod
    def begin(
        cls, path: Path, network: Network, configuration: str, optimiser: OptimiserName, settings: Settings
    ) -> "TrainingState[Network]":
        """Go on from the checkpoint, or begin with the network's own weights if there is none.

        Raises
        ------
        DataFileError
            If the checkpoint is damaged or of another network.
        """
        averaged = copy.deepcopy(network).eval()
        moved_by = make_optimiser(network.train(), optimiser, settings.learning_rate, settings.weight_decay)
        state = cls(path, configuration, settings, network, averaged, moved_by, Position())
        if path.exists():
            state._resume()
        return state

    def _resume(self) -> None:
        with opened_checkpoint(self.path) as kept:
            require_same(self.path, kept, configuration=self.configuration)
            self.network.load_state_dict(kept["network"])
            self.averaged.load_state_dict(kept["averaged"])
            self.optimiser.load_state_dict(kept["optimiser"])
            self.position = Position(**kept["position"])

    def move(self, rate: float, samples: int) -> None:
        """Make a step along the gradients that are there, which so many samples have left; the average follows."""
        set_rate(self.optimiser, rate)
        self.optimiser.step()
        self.position.step += 1
        self.position.samples += samples
        update_average(self.averaged, self.network, self.position.step, self.settings.average_horizon)

    def save(self) -> None:
        """Write the checkpoint."""
        state = {
            "configuration": self.configuration,
            "network": self.network.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "position": dataclasses.asdict(self.position),
        }
        write_checkpoint(self.path, state)


def read_averaged(path: Path, build: Callable[[str], Network]) -> tuple[Network, Position]:
    """The averaged network of a checkpoint, and how far its training was.

    Parameters
    ----------
    path : Path
    build : callable
        Builds the network from the configuration, which is JSON.

    Raises
    ------
    DataFileError
        If the checkpoint is missing or damaged.
    """
    with opened_checkpoint(path) as kept:
        network = build(kept["configuration"])
        network.load_state_dict(kept["averaged"])
        return network, Position(**kept["position"])


def completed_steps(path: Path) -> int:
    """Steps that a checkpoint has behind it; 0 if there is none, or none that can be read."""
    try:
        return int(torch.load(path, map_location="cpu", weights_only=True, mmap=True)["position"]["step"])
    except Exception:  # whoever goes on from it says what is wrong with it
        return 0


@torch.no_grad()
def update_average(averaged: nn.Module, network: nn.Module, step: int, horizon: int) -> None:
    """Move the average towards the network's weights, faster while there are few steps to look back on."""
    rate = max(1 / horizon, 1 / (step + 1))
    torch._foreach_lerp_(list(averaged.parameters()), list(network.parameters()), rate)
    for kept, buffer in zip(averaged.buffers(), network.buffers(), strict=True):
        kept.copy_(buffer)
