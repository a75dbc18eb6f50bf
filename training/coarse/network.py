"""The coarse stage's network: the identity network's way inwards, narrowed, the module, and a head for each part."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from pix2vertex_blender.reconstruction.network.architectures import encode, pooled, residual_encoder
from pix2vertex_blender.reconstruction.network.configuration import NetworkConfiguration
from pix2vertex_blender.reconstruction.network.network import normalise

from .model import Coefficients
from .module import MultiScaleModule

#: Channels of the innermost features that are read place by place, and width of the layer before the heads.
PLACED, HIDDEN = 16, 192


@dataclass(frozen=True)
class CoarseConfiguration:
    """What a network is built from.

    Attributes
    ----------
    size : int
        Pixels of a picture's side, a multiple of 2 to the number of widths.
    widths, blocks : tuple of int
        Channels and residual blocks of each level, each of half the resolution.
    module : bool
        Whether the multi-scale module stands between the encoder and the heads.
    """

    size: int = 64
    widths: tuple[int, ...] = (16, 32, 64)
    blocks: tuple[int, ...] = (0, 1, 1)
    module: bool = True


class CoarseNetwork(nn.Module):
    """Coefficients of the faces in pictures.

    Parameters
    ----------
    configuration : CoarseConfiguration
    middle, spread : Coefficients
        Of one face (1, ...): what it says at first, and the unit of what it learns to say.
    """

    def __init__(self, configuration: CoarseConfiguration, middle: Coefficients, spread: Coefficients) -> None:
        super().__init__()
        self.configuration = configuration
        self.entries, self.encoder = residual_encoder(
            NetworkConfiguration(
                architecture="residual",
                resolution=configuration.size,
                encoder_channels=configuration.widths,
                encoder_blocks=configuration.blocks,
            )
        )
        width = configuration.widths[-1]
        self.module = MultiScaleModule(width) if configuration.module else nn.Identity()
        places = (configuration.size // 2 ** len(configuration.widths)) ** 2
        self.squeeze = nn.Conv2d(width, PLACED, 1)
        self.hidden = nn.Linear(PLACED * places + 2 * width, HIDDEN)
        self.heads = nn.ModuleDict({name: _head(part.numel()) for name, part in middle._asdict().items()})
        for name in Coefficients._fields:
            self.register_buffer(f"{name}_middle", getattr(middle, name))
            self.register_buffer(f"{name}_spread", getattr(spread, name))

    def forward(self, images: Tensor) -> Coefficients:
        """Coefficients of the faces in images (B, 3, S, S) in 0 to 255."""
        features = encode(normalise(images), self.entries, self.encoder, torch.channels_last)[-1]
        active = self.module(functional.relu(features))
        placed = functional.relu(self.squeeze(active)).flatten(1)
        read = functional.relu(self.hidden(torch.cat([placed, pooled(active)], 1)))
        return Coefficients(**{name: self._said(name, head(read)) for name, head in self.heads.items()})

    @property
    def spread(self) -> Coefficients:
        """The units (1, ...) of what it says."""
        return Coefficients(*(getattr(self, f"{name}_spread") for name in Coefficients._fields))

    def _said(self, name: str, output: Tensor) -> Tensor:
        middle, spread = getattr(self, f"{name}_middle"), getattr(self, f"{name}_spread")
        scaled: Tensor = middle + spread * output.unflatten(1, middle.shape[1:])
        return scaled


def _head(count: int) -> nn.Linear:
    """A layer that says nothing yet."""
    layer = nn.Linear(HIDDEN, count)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer
