"""The image-to-image networks: a crop of a photo becomes a face mask, a correspondence map and a geometry map.

The eight output channels are the mask's logit, the correspondence (canonical coordinates, see
`pix2vertex_blender.template`), the geometry (camera-aligned x right, y up, z towards the camera, relative to the centre
of the face, in units of half the crop's side, so that the depth is in the same unit as the pixel grid), and the logit
of what is seen between parted lips, which belongs to the mask but to no point of the template.
"""

from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import numpy as np
import safetensors
import torch
from numpy.typing import NDArray
from torch import Tensor

from ...data_files import check
from ...errors import DataFileError
from ...paths import CLOSE_NETWORK_WEIGHTS, NETWORK_WEIGHTS
from .architectures import MAP_CHANNELS, ConfiguredNetwork, MapNetwork, PaperPair, ResidualNetwork
from .configuration import NetworkConfiguration
from .weights_file import read_weights, write_weights

__all__ = [
    "MAP_CHANNELS",
    "MapNetwork",
    "build_network",
    "load_network",
    "normalise",
    "predict",
    "save_network",
]

Network = TypeVar("Network", bound=ConfiguredNetwork)

_IMAGE_MEAN = 0.45
_IMAGE_DEVIATION = 0.27
#: Channels of the output that change their sign when the image is mirrored: the x of both maps.
_MIRRORED_CHANNELS = (1, 4)


def build_network(configuration: NetworkConfiguration) -> MapNetwork:
    """A network with fresh weights (seed them with `torch.manual_seed`), in training mode.

    Raises
    ------
    ValueError
        If the configuration names no known architecture or its levels do not fit together.
    """
    if configuration.architecture == "paper":
        return PaperPair(configuration)
    if configuration.architecture == "residual":
        return ResidualNetwork(configuration)
    raise ValueError(f"architecture must be 'paper' or 'residual', not {configuration.architecture!r}")


def save_network(network: MapNetwork, path: Path, card: dict[str, str] | None = None) -> None:
    """Write weights with the configuration and a model card."""
    write_weights(path, network, network.configuration.to_json(), card)


@lru_cache(maxsize=4)
def load_network(path: Path = NETWORK_WEIGHTS, device: torch.device | str = "cpu") -> MapNetwork:
    """The network of a weights file, in evaluation mode and single precision; read once and then kept.

    The product's own weights have to be those that it came with; others, given on purpose, may be any.

    Raises
    ------
    DataFileError
        If the file is missing, damaged or no weights file, or its weights do not belong to its configuration.
    """
    if path in (NETWORK_WEIGHTS, CLOSE_NETWORK_WEIGHTS):
        check(path)
    if not path.is_file():
        raise DataFileError(f"The network's weights {path.name} are missing: install the extension again.")
    try:
        metadata, weights = read_weights(path)
    except (safetensors.SafetensorError, OSError) as error:
        raise DataFileError(
            f"The network's weights {path.name} are damaged or no weights file: install the extension again."
        ) from error
    try:
        network = build_network(NetworkConfiguration.from_json(metadata["configuration"]))
        network.load_state_dict(weights)
    except (KeyError, ValueError, TypeError, RuntimeError) as error:
        raise DataFileError(
            f"The weights in {path.name} were made for another version of the network: "
            "install the extension again, or export them again with training/export.py."
        ) from error
    return to_device(network.eval(), torch.device(device))


def to_device(network: Network, device: torch.device, layout: torch.memory_format = torch.channels_last) -> Network:
    """`network` on `device`, its kernels and features laid out in memory as devices compute them fastest."""
    network.layout = layout
    for parameter in network.parameters():
        parameter_layout = layout if parameter.ndim == 4 else torch.contiguous_format
        parameter.data = parameter.data.to(device, memory_format=parameter_layout)
    return network.to(device)


def normalise(images: Tensor) -> Tensor:
    """Network input (B, 3, S, S) of `images` (B, 3, S, S) in 0 to 255."""
    return (images.float() / 255 - _IMAGE_MEAN) / _IMAGE_DEVIATION


def predict_views(
    network: MapNetwork, image: NDArray[np.uint8], precision: torch.dtype = torch.float32
) -> NDArray[np.float32]:
    """Maps of one crop, and those of its mirror image, mirrored back. Where the two differ, the network is unsure.

    Parameters
    ----------
    network : MapNetwork
        From `load_network`; it computes on the device that its weights are on.
    image : (S, S, 3) uint8
        RGB; S a multiple of `network.stride`, best the resolution of the network's configuration.
    precision : torch.dtype
        float32, or bfloat16 where the device is faster with it.

    Returns
    -------
    (2, 8, S, S) float32
        The channels of `MAP_CHANNELS`.

    Raises
    ------
    ValueError
        If the image is not (S, S, 3) with S a multiple of the network's stride.
    """
    return predict_views_together(network, image[None], precision)[0]


@torch.inference_mode()
def predict_views_together(
    network: MapNetwork, images: NDArray[np.uint8], precision: torch.dtype = torch.float32
) -> NDArray[np.float32]:
    """`predict_views` of several crops (n, S, S, 3) at once, (n, 2, 8, S, S), which takes less time than one by one.

    Raises
    ------
    ValueError
        If the images are not (S, S, 3) with S a multiple of the network's stride.
    """
    count, side = images.shape[:2]
    if images.shape != (count, side, side, 3) or side == 0 or side % network.stride:
        raise ValueError(f"image must be (S, S, 3) with S a multiple of {network.stride}, not {images.shape[1:]}")
    device = next(network.parameters()).device
    shown = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2))).to(device)
    shown = normalise(torch.cat([shown, shown.flip(3)])).contiguous(memory_format=torch.channels_last)
    with torch.autocast(device.type, torch.bfloat16, enabled=precision == torch.bfloat16):
        maps = network(shown).float()
    return torch.stack([maps[:count], mirror_maps(maps[count:])], dim=1).cpu().numpy()


def predict(
    network: MapNetwork, image: NDArray[np.uint8], precision: torch.dtype = torch.float32
) -> NDArray[np.float32]:
    """Mean (8, S, S) of the two views of `predict_views`."""
    return predict_views(network, image, precision).mean(axis=0)


def mirror_maps(maps: Tensor) -> Tensor:
    """Maps (..., 8, S, S) of the mirrored images: x has the opposite sign."""
    signs = torch.ones(MAP_CHANNELS, device=maps.device)
    signs[list(_MIRRORED_CHANNELS)] = -1
    return maps.flip(-1) * signs[:, None, None]


def average_with_flipped(maps: Tensor, flipped_maps: Tensor) -> Tensor:
    """Mean of `maps` (B, 8, S, S) and the maps of the mirrored images: mirrored back, x with the opposite sign."""
    return (maps + mirror_maps(flipped_maps)) / 2
