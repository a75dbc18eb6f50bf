"""Files of weights: half precision, with what the network was built from and a model card in the metadata."""

from pathlib import Path

import safetensors
import safetensors.torch
from torch import Tensor, nn


def write_weights(path: Path, network: nn.Module, configuration: str, card: dict[str, str] | None = None) -> None:
    """Write a network's weights beside `path` and rename them, so that a reader never sees half of the file.

    Parameters
    ----------
    configuration : str
        What the network was built from, as JSON.
    card : dict of str to str, optional
        The model card.
    """
    weights = {
        name: (value.half() if value.is_floating_point() else value).contiguous().cpu()
        for name, value in network.state_dict().items()
    }
    beside = path.with_name(path.name + ".part")
    safetensors.torch.save_file(weights, beside, metadata={"configuration": configuration, **(card or {})})
    beside.replace(path)


def read_weights(path: Path) -> tuple[dict[str, str], dict[str, Tensor]]:
    """Metadata and weights of a file, in single precision.

    Raises
    ------
    safetensors.SafetensorError, OSError
        If it is missing, damaged or no file of weights.
    """
    with safetensors.safe_open(path, framework="pt") as file:
        weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - not a dict
        return file.metadata() or {}, weights
