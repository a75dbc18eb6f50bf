"""Files of weights: half precision, with what the network was built from and a model card in the metadata."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import safetensors
import safetensors.torch
from torch import Tensor, nn

from ...data_files import check
from ...errors import DataFileError

Weights = tuple[dict[str, str], dict[str, Tensor]]


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


def read_weights(path: Path) -> Weights:
    """Metadata and weights of a file, in single precision.

    Raises
    ------
    safetensors.SafetensorError, OSError
        If it is missing, damaged or no file of weights.
    """
    with safetensors.safe_open(path, framework="pt") as file:
        weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 - not a dict
        return file.metadata() or {}, weights


@contextmanager
def opened_weights(path: Path, shipped: Path, sentence: str) -> Iterator[Weights]:
    """Metadata and weights of a file, to build a network from within the context.

    Parameters
    ----------
    path : Path
    shipped : Path
        The product's own file, which has to be the one that it came with; another, given on purpose, may be any.
    sentence : str
        What is wrong, with ``{file}``, where the file cannot be read or the network not be built from it.

    Raises
    ------
    DataFileError
        With the sentence.
    """
    if path == shipped:
        check(path)
    try:
        yield read_weights(path)
    except (safetensors.SafetensorError, OSError, KeyError, ValueError, TypeError, RuntimeError) as error:
        raise DataFileError(sentence.format(file=path.name)) from error
