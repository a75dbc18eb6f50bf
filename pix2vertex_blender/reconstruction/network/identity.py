"""A network that reads from a face's square what makes its head differ from the mean one.

The maps say where each pixel lies, each nearly for itself. This network looks at all of the square at once, with the
map network's way inwards, and says the head's coefficients in the basis of the likeliest head
(`reconstruction.likeness`): it sees shading and proportions that no map carries.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ...paths import IDENTITY_NETWORK_WEIGHTS
from .architectures import ConfiguredNetwork, encode, pooled, residual_encoder
from .configuration import NetworkConfiguration
from .network import normalise, to_device
from .weights_file import opened_weights, write_weights

#: Channels of the innermost features that are read place by place, and width of the layer before the coefficients.
PLACED, HIDDEN = 64, 512

DAMAGED = "The weights {file} are missing, damaged or of another network: install the extension again."


class IdentityNetwork(ConfiguredNetwork):
    """The residual network's encoder, and two layers that read its innermost features.

    Attributes
    ----------
    configuration : NetworkConfiguration
        Of a residual network; what concerns its decoder does not matter.
    middle, spread : (k,) Tensor
        Mean of the coefficients and their standard deviation, by which the output is scaled.
    """

    middle: Tensor
    spread: Tensor

    def __init__(self, configuration: NetworkConfiguration, coefficients: int) -> None:
        super().__init__(configuration, stride=2 ** len(configuration.encoder_channels))
        self.entries, self.encoder = residual_encoder(configuration)
        width, places = configuration.encoder_channels[-1], (configuration.resolution // self.stride) ** 2
        self.squeeze = nn.Conv2d(width, PLACED, 1)
        self.hidden = nn.Linear(PLACED * places + 2 * width, HIDDEN)
        self.output = nn.Linear(HIDDEN, coefficients)
        self.register_buffer("middle", torch.zeros(coefficients))
        self.register_buffer("spread", torch.ones(coefficients))
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, images: Tensor) -> Tensor:
        """Coefficients (B, k) of the heads in normalised `images` (B, 3, S, S)."""
        active = functional.relu(encode(images, self.entries, self.encoder, self.layout)[-1])
        placed = functional.relu(self.squeeze(active)).flatten(1)
        read = self.output(functional.relu(self.hidden(torch.cat([placed, pooled(active)], 1))))
        return self.middle + self.spread * read.float()


def save_identity_network(network: IdentityNetwork, path: Path, card: dict[str, str] | None = None) -> None:
    """Write weights with the configuration and a model card."""
    write_weights(path, network, network.configuration.to_json(), card)


@lru_cache(maxsize=2)
def load_identity_network(path: Path = IDENTITY_NETWORK_WEIGHTS, device: torch.device | str = "cpu") -> IdentityNetwork:
    """The network of a weights file, in evaluation mode and single precision; read once and then kept.

    Raises
    ------
    DataFileError
        If the file is missing, damaged or of another network.
    """
    with opened_weights(path, IDENTITY_NETWORK_WEIGHTS, DAMAGED) as (metadata, weights):
        configuration = NetworkConfiguration.from_json(metadata["configuration"])
        network = IdentityNetwork(configuration, len(weights["middle"]))
        network.load_state_dict(weights)
    return to_device(network.eval(), torch.device(device))


@torch.inference_mode()
def read_identity(network: IdentityNetwork, image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Coefficients (2, k) of the heads in a square (S, S, 3) and in its mirror image, S the network's resolution."""
    device = next(network.parameters()).device
    images = torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1)))[None].to(device)
    images = normalise(torch.cat([images, images.flip(3)])).contiguous(memory_format=torch.channels_last)
    coefficients: NDArray[np.float64] = network(images).double().cpu().numpy()
    return coefficients
