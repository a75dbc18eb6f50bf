"""Generator and discriminator."""

import dataclasses
import json
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from pix2vertex_blender.errors import OptionError

#: A generator halves the picture's resolution twice.
STRIDE = 4

MULTIPLE = "The resolution has to be a multiple of {stride}, not {resolution}."


def check_resolution(resolution: int, stride: int = STRIDE) -> None:
    """Refuse pictures that a network cannot halve as often as it does.

    Raises
    ------
    OptionError
    """
    if resolution <= 0 or resolution % stride:
        raise OptionError(MULTIPLE.format(stride=stride, resolution=resolution))


@dataclass(frozen=True)
class TranslationConfiguration:
    """What both networks are built from.

    Attributes
    ----------
    width : int
        Channels at the picture's resolution; twice and four times as many at half and a quarter of it.
    blocks : int
        Residual blocks of the generator.
    discriminator_width : int
        Channels of the discriminator's first level.
    """

    width: int = 24
    blocks: int = 3
    discriminator_width: int = 32

    def to_json(self) -> str:
        """As it is written into a checkpoint."""
        return json.dumps(dataclasses.asdict(self))


class Generator(nn.Module):
    """G: pictures (B, 3, S, S) in [-1, 1] become others, S a multiple of 4.

    It adds to the picture and begins with adding nothing, so that a short training starts from the same face.
    """

    def __init__(self, configuration: TranslationConfiguration) -> None:
        super().__init__()
        width = configuration.width
        self.down = nn.Sequential(
            _block(3, width, 7, 1), _block(width, 2 * width, 3, 2), _block(2 * width, 4 * width, 3, 2)
        )
        self.middle = nn.ModuleList(_Residual(4 * width) for _ in range(configuration.blocks))
        self.up = nn.Sequential(
            nn.Upsample(scale_factor=2, mode="bilinear"),
            _block(4 * width, 2 * width, 3, 1),
            nn.Upsample(scale_factor=2, mode="bilinear"),
            _block(2 * width, width, 3, 1),
        )
        self.last = nn.Conv2d(width + 3, 3, 7, padding=3)
        nn.init.zeros_(self.last.weight)
        assert self.last.bias is not None
        nn.init.zeros_(self.last.bias)

    def forward(self, pictures: Tensor) -> Tensor:
        """Translate pictures (B, 3, S, S)."""
        features = self.down(pictures)
        for block in self.middle:
            features = block(features)
        added: Tensor = self.last(torch.cat([self.up(features), pictures], 1))
        return (pictures + added).clamp(-1.2, 1.2)


class Discriminator(nn.Module):
    """D: how much each patch of pictures (B, 3, S, S) looks like the target domain, as logits (B, 1, s, s)."""

    def __init__(self, configuration: TranslationConfiguration) -> None:
        super().__init__()
        width = configuration.discriminator_width
        self.layers = nn.Sequential(
            nn.Conv2d(3, width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
            nn.InstanceNorm2d(2 * width, affine=True),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 4 * width, 4, stride=2, padding=1),
            nn.InstanceNorm2d(4 * width, affine=True),
            nn.LeakyReLU(0.2),
            nn.Conv2d(4 * width, 1, 3, padding=1),
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """Logits (B, 1, h, w) of how real parts of pictures (B, 3, S, S) look."""
        logits: Tensor = self.layers(pictures)
        return logits


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            _block(width, width, 3, 1), nn.Conv2d(width, width, 3, padding=1), nn.InstanceNorm2d(width, affine=True)
        )

    def forward(self, features: Tensor) -> Tensor:
        return functional.relu(features + self.layers(features))


def _block(width_in: int, width_out: int, size: int, stride: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(width_in, width_out, size, stride, padding=size // 2),
        nn.InstanceNorm2d(width_out, affine=True),
        nn.ReLU(),
    )
