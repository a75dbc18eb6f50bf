"""What a training is resumed from: networks, optimiser and how far it is."""

import dataclasses
from pathlib import Path

import torch
from torch import nn

from pix2vertex_blender.errors import DataFileError

from .log import Position
from .optimiser import Optimisers


def save(
    path: Path, network: nn.Module, averaged: nn.Module, optimiser: Optimisers, position: Position, configuration: str
) -> None:
    """Write a checkpoint; the one before stays until the new one is whole.

    Parameters
    ----------
    configuration : str
        What the network was built from, as JSON.
    """
    beside = path.with_name(path.name + ".part")
    state = {
        "configuration": configuration,
        "network": network.state_dict(),
        "averaged": averaged.state_dict(),
        "optimiser": optimiser.state_dict(),
        "position": dataclasses.asdict(position),
    }
    torch.save(state, beside)
    beside.replace(path)


def resume(path: Path, network: nn.Module, averaged: nn.Module, optimiser: Optimisers, configuration: str) -> Position:
    """Read a checkpoint into the network, its average and the optimiser; the start if there is none.

    Raises
    ------
    DataFileError
        If it is damaged or belongs to another configuration.
    """
    if not path.exists():
        return Position()
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        if state["configuration"] != configuration:
            raise DataFileError(f"The checkpoint {path} is of another network: choose another run folder.")
        network.load_state_dict(state["network"])
        averaged.load_state_dict(state["averaged"])
        optimiser.load_state_dict(state["optimiser"])
        return Position(**state["position"])
    except DataFileError:
        raise
    except Exception as error:
        raise DataFileError(f"The checkpoint {path} is damaged: remove it, or take another run folder.") from error
