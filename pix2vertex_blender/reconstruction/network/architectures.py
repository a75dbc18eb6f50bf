"""The layers of the two architectures; `network.py` says which of them a configuration means."""

from abc import abstractmethod
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from .configuration import NetworkConfiguration

#: Channels of the output: the mask's logit, the correspondence's x, y, z, the geometry's x, y, z, and the logit of
#: what lies behind the parted lips.
MAP_CHANNELS = 8
#: What a network that knows nothing of mouths says about them: nowhere is one open.
CLOSED_MOUTH = -10.0


class ConfiguredNetwork(nn.Module):
    """A network that knows what it was built from.

    Attributes
    ----------
    configuration : NetworkConfiguration
        What the network was built from.
    stride : int
        Side lengths of the input must be multiples of it.
    layout : torch.memory_format
        Of images and features in memory.
    """

    def __init__(self, configuration: "NetworkConfiguration", stride: int) -> None:
        super().__init__()
        self.configuration = configuration
        self.stride = stride
        self.layout = torch.channels_last


class MapNetwork(ConfiguredNetwork):
    """A network from normalised crops to maps."""

    @abstractmethod
    def forward_with_pose(self, images: Tensor) -> tuple[Tensor, Tensor | None]:
        """Maps (B, 8, S, S) of normalised `images` (B, 3, S, S), and the sines of yaw, pitch and roll (B, 3).

        The pose is None for an architecture that does not estimate it.
        """

    def forward(self, images: Tensor) -> Tensor:
        """Maps (B, 8, S, S) of normalised `images` (B, 3, S, S)."""
        return self.forward_with_pose(images)[0]


class PaperNetwork(nn.Module):
    """The pix2pix U-Net with three 1x1 convolutions at its end (pix2vertex, supplement A): map x, y, z and mask.

    Ck is a 4x4 convolution with stride 2 (transposed in the decoder), batch normalisation and a rectifier that is leaky
    in the encoder, CDk the same with dropout, C*k a 1x1 convolution. As in pix2pix the first and the innermost layer
    are not normalised. The last layer is linear, because geometry is not bounded.
    """

    def __init__(self, configuration: "NetworkConfiguration") -> None:
        super().__init__()
        widths = configuration.encoder_channels
        depth = len(widths)
        self.encoder = nn.ModuleList(
            _encoder_layer(before, width, normalised=0 < level < depth - 1)
            for level, (before, width) in enumerate(pairwise((3, *widths)))
        )
        skips = (*reversed(widths[:-1]), 0)
        self.decoder = nn.ModuleList()
        before = widths[-1]
        for level, (width, skip) in enumerate(zip(configuration.decoder_channels, skips, strict=True)):
            self.decoder.append(_decoder_layer(before, width, dropout=level < configuration.dropout_levels))
            before = width + skip
        pointwise: list[nn.Module] = []
        for width in configuration.head_channels:
            pointwise += [nn.Conv2d(before, width, 1), nn.ReLU()]
            before = width
        self.head = nn.Sequential(*pointwise, nn.Conv2d(before, 4, 1))

    def forward(self, images: Tensor) -> Tensor:
        """Map x, y, z and the mask's logit (B, 4, S, S) of normalised `images` (B, 3, S, S)."""
        features = images
        skips = []
        for layer in self.encoder:
            features = layer(features)
            skips.append(features)
        skips.pop()
        for layer in self.decoder:
            features = layer(features)
            if skips:
                features = torch.cat([features, skips.pop()], 1)
        return self.head(features)


class PaperPair(MapNetwork):
    """Two networks of the same architecture, one for correspondence and one for geometry; the mask is their mean."""

    def __init__(self, configuration: "NetworkConfiguration") -> None:
        super().__init__(configuration, stride=2 ** len(configuration.encoder_channels))
        self.correspondence = PaperNetwork(configuration)
        self.geometry = PaperNetwork(configuration)

    def forward_with_pose(self, images: Tensor) -> tuple[Tensor, None]:
        """Maps (B, 8, S, S) of normalised `images` (B, 3, S, S); no pose."""
        correspondence = self.correspondence(images)
        geometry = self.geometry(images)
        mask = (correspondence[:, 3:] + geometry[:, 3:]) / 2
        closed = torch.full_like(mask, CLOSED_MOUTH)
        return torch.cat([mask, correspondence[:, :3], geometry[:, :3], closed], 1), None


class Pointwise(nn.Conv2d):
    """A 1x1 convolution without bias, computed as a linear map of each pixel's channels.

    Its weights have a convolution's name and shape.
    """

    def __init__(self, width_in: int, width: int) -> None:
        super().__init__(width_in, width, 1, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        """Features (B, width, H, W) of `features` (B, width_in, H, W)."""
        return functional.linear(features.permute(0, 2, 3, 1), self.weight.flatten(1)).permute(0, 3, 1, 2)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions, each after group normalisation and a rectifier, added to the input."""

    def __init__(self, width_in: int, width: int) -> None:
        super().__init__()
        self.norm_in = _group_norm(width_in)
        self.convolution_in = nn.Conv2d(width_in, width, 3, padding=1, bias=False)
        self.norm_out = _group_norm(width)
        self.convolution_out = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.shortcut = nn.Conv2d(width_in, width, 1, bias=False) if width_in != width else None
        nn.init.zeros_(self.convolution_out.weight)

    def forward(self, features: Tensor) -> Tensor:
        """Features (B, width, H, W) of `features` (B, width_in, H, W)."""
        active = functional.relu(self.norm_in(features))
        kept = features if self.shortcut is None else self.shortcut(active)
        return kept + self.convolution_out(functional.relu(self.norm_out(self.convolution_in(active))))


class ResidualNetwork(MapNetwork):
    """A residual U-Net at half the image's resolution, steered by a global context that also estimates the head's pose.

    A U-Net of this size learns yaw from local evidence but hardly any pitch. So the innermost features are pooled into
    one context vector, which scales and shifts the features of the decoder, and from which the pose is read: the
    training's loss on the pose makes the context carry it.
    """

    def __init__(self, configuration: "NetworkConfiguration") -> None:
        widths = configuration.encoder_channels
        super().__init__(configuration, stride=2 ** len(widths))
        self.entries, self.encoder = residual_encoder(configuration)
        context = configuration.context_channels
        self.context = nn.Sequential(
            nn.Linear(2 * widths[-1], context), nn.ReLU(), nn.Linear(context, context), nn.ReLU()
        )
        self.pose = nn.Linear(context, 3)

        decoder_widths = configuration.decoder_channels
        self.ascents = nn.ModuleList(Pointwise(a, b) for a, b in pairwise((widths[-1], *decoder_widths)))
        self.decoder = nn.ModuleList(
            nn.Sequential(ResidualBlock(width + skip, width), *(ResidualBlock(width, width) for _ in range(blocks - 1)))
            for width, skip, blocks in zip(
                decoder_widths, reversed(widths[:-1]), configuration.decoder_blocks, strict=True
            )
        )
        self.modulations = nn.ModuleList(_modulation(context, width) for width in (widths[-1], *decoder_widths[:-1]))
        self.head_norm = _group_norm(decoder_widths[-1])
        self.head = nn.Conv2d(decoder_widths[-1], MAP_CHANNELS, 3, padding=1)

    def forward_with_pose(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Maps (B, 8, S, S) of normalised `images` (B, 3, S, S), and the sines of yaw, pitch and roll (B, 3)."""
        *skips, features = encode(images, self.entries, self.encoder, self.layout)
        context = self.context(pooled(functional.relu(features)))
        features = _modulate(features, self.modulations[0](context))
        for level, (ascent, blocks) in enumerate(zip(self.ascents, self.decoder, strict=True), start=1):
            features = _double(ascent(features))
            if level < len(self.modulations):
                features = _modulate(features, self.modulations[level](context))
            features = blocks(torch.cat([features, skips.pop()], 1))

        return self.head(_double(functional.relu(self.head_norm(features)))), self.pose(context)


def residual_encoder(configuration: "NetworkConfiguration") -> tuple[nn.ModuleList, nn.ModuleList]:
    """The residual network's way inwards: what leads to each level, and the blocks of each level."""
    widths = configuration.encoder_channels
    entries = nn.ModuleList([nn.Conv2d(3 * 4, widths[0], 3, padding=1)])
    entries.extend(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in pairwise(widths))
    encoder = nn.ModuleList(
        nn.Sequential(*(ResidualBlock(width, width) for _ in range(blocks)))
        for width, blocks in zip(widths, configuration.encoder_blocks, strict=True)
    )
    return entries, encoder


def encode(images: Tensor, entries: nn.ModuleList, encoder: nn.ModuleList, layout: torch.memory_format) -> list[Tensor]:
    """Features of each level, the innermost last, of normalised `images` (B, 3, S, S)."""
    features = functional.pixel_unshuffle(images, 2).contiguous(memory_format=layout)
    levels: list[Tensor] = []
    for entry, blocks in zip(entries, encoder, strict=True):
        features = blocks(entry(functional.relu(features) if levels else features))
        levels.append(features)
    return levels


def pooled(active: Tensor) -> Tensor:
    """Mean and largest (B, 2 C) of each channel of rectified features (B, C, H, W)."""
    # Not `amax`: compiled in bfloat16 its gradient is NaN, as if it looked for the maximum among rounded values.
    return torch.cat([active.mean((2, 3)), active.flatten(2).max(2).values], 1)


def _double(features: Tensor) -> Tensor:
    """Features at twice the resolution. Bilinear: nearest neighbours or a pixel shuffle leave a grid in the normals."""
    return functional.interpolate(features, scale_factor=2, mode="bilinear", align_corners=False)


def _modulation(context: int, width: int) -> nn.Linear:
    """Scale and shift for `width` channels; the identity at first."""
    layer = nn.Linear(context, 2 * width)
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def _modulate(features: Tensor, scale_and_shift: Tensor) -> Tensor:
    scale, shift = scale_and_shift[:, :, None, None].chunk(2, 1)
    return features * (1 + scale) + shift


def _group_norm(width: int) -> nn.GroupNorm:
    return nn.GroupNorm(min(16, width // 4), width)


def _encoder_layer(width_in: int, width: int, normalised: bool) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(width_in, width, 4, stride=2, padding=1, bias=not normalised)]
    if normalised:
        layers.append(nn.BatchNorm2d(width))
    return nn.Sequential(*layers, nn.LeakyReLU(0.2))


def _decoder_layer(width_in: int, width: int, dropout: bool) -> nn.Sequential:
    layers: list[nn.Module] = [
        nn.ConvTranspose2d(width_in, width, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(width),
    ]
    if dropout:
        layers.append(nn.Dropout(0.5))
    return nn.Sequential(*layers, nn.ReLU())
