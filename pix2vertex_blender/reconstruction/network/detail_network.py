"""The network that tells relief from paint (coarse-to-fine 3.2, figs. 3 and 4).

A U-Net over the unrolled face. Identity and expression enter each level of the decoder by cross-attention: the features
of a texel ask, some tokens made of the codes answer. Out comes the displacement along the normal in millimetres,
``RANGE tanh(.)`` instead of the paper's [-1, 1].
"""

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ...paths import DETAIL_NETWORK_WEIGHTS
from .weights_file import opened_weights, write_weights

#: Millimetres: the largest displacement, and a usual one.
RANGE, USUAL = 2.0, 0.1

DAMAGED = "The detail network's weights {file} are missing, damaged or of another version: install the extension again."


@dataclass(frozen=True)
class DetailConfiguration:
    """What a detail network is built from.

    Attributes
    ----------
    channels : int
        What is told of each texel.
    identity, expression : int
        Lengths of the codes.
    widths : tuple of int
        Of each level; each halves the resolution of the one before.
    tokens : int
        Into how many tokens each code is turned.
    depth : int
        Channels of tokens, and of what is asked of them.
    """

    channels: int
    identity: int
    expression: int
    widths: tuple[int, ...] = (16, 32, 48, 64, 96)
    tokens: int = 6
    depth: int = 16

    def to_json(self) -> str:
        """The configuration as it is written into the metadata of a weights file."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "DetailConfiguration":
        """Read what `to_json` wrote; KeyError, ValueError or TypeError for anything else."""
        fields = json.loads(text)
        return cls(**{**fields, "widths": tuple(fields["widths"])})


class Residual(nn.Module):
    """Two convolutions whose result is added to what goes in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(width, width, 3, padding=1)
        self.second = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.second.weight)

    def forward(self, features: Tensor) -> Tensor:
        """Features (B, C, h, w)."""
        changed: Tensor = self.second(functional.relu(self.first(features)))
        return functional.relu(features + changed)


class CrossAttention(nn.Module):
    """Texels ask, tokens answer; what they say is added to the texels' features."""

    def __init__(self, width: int, depth: int) -> None:
        super().__init__()
        self.ask = nn.Conv2d(width, depth, 1)
        self.keys = nn.Linear(depth, depth)
        self.values = nn.Linear(depth, depth)
        self.answer = nn.Conv2d(depth, width, 1)
        nn.init.zeros_(self.answer.weight)

    def forward(self, features: Tensor, tokens: Tensor) -> Tensor:
        """Features (B, C, h, w) with what tokens (B, t, d) say."""
        asked = self.ask(features).flatten(2)
        keys, values = self.keys(tokens), self.values(tokens)
        shares = torch.softmax(keys @ asked / keys.shape[-1] ** 0.5, dim=1)
        said = (values.transpose(1, 2) @ shares).unflatten(2, features.shape[2:])
        answered: Tensor = features + self.answer(said)
        return answered


class DetailNetwork(nn.Module):
    """Displacement (B, 1, S, S) in millimetres from maps (B, CHANNELS, S, S) and codes (B, identity + expression).

    Parameters
    ----------
    configuration : DetailConfiguration
    """

    def __init__(self, configuration: DetailConfiguration) -> None:
        super().__init__()
        self.configuration = configuration
        widths, depth, tokens = configuration.widths, configuration.depth, configuration.tokens
        before = (configuration.channels, *widths)
        self.entries = nn.ModuleList(
            nn.Conv2d(before[i], widths[i], 3, stride=1 if i == 0 else 2, padding=1) for i in range(len(widths))
        )
        self.encoders = nn.ModuleList(nn.Identity() if i == 0 else Residual(widths[i]) for i in range(len(widths)))
        self.identity_tokens = nn.Linear(configuration.identity, tokens * depth)
        self.expression_tokens = nn.Linear(configuration.expression, tokens * depth)
        upwards = range(len(widths) - 2, -1, -1)
        self.joins = nn.ModuleList(nn.Conv2d(widths[i] + widths[i + 1], widths[i], 3, padding=1) for i in upwards)
        self.attentions = nn.ModuleList(CrossAttention(widths[i], depth) for i in upwards)
        self.decoders = nn.ModuleList(nn.Identity() if i == 0 else Residual(widths[i]) for i in upwards)
        self.head = nn.Conv2d(widths[0], 1, 3, padding=1)
        nn.init.zeros_(self.head.weight)
        if self.head.bias is not None:
            nn.init.zeros_(self.head.bias)

    @property
    def stride(self) -> int:
        """Maps have sides that are multiples of this."""
        return 1 << (len(self.configuration.widths) - 1)

    def forward(self, maps: Tensor, codes: Tensor) -> Tensor:
        """Displacement in millimetres."""
        depth, identity = self.configuration.depth, self.configuration.identity
        told = self.identity_tokens(codes[:, :identity]), self.expression_tokens(codes[:, identity:])
        tokens = torch.cat([each.unflatten(1, (-1, depth)) for each in told], dim=1)
        features, levels = maps, []
        for entry, encoder in zip(self.entries, self.encoders, strict=True):
            features = encoder(functional.relu(entry(features)))
            levels.append(features)
        for number, (join, attention, decoder) in enumerate(
            zip(self.joins, self.attentions, self.decoders, strict=True)
        ):
            finer = levels[-2 - number]
            larger = functional.interpolate(features, size=finer.shape[2:], mode="bilinear", align_corners=False)
            features = functional.relu(join(torch.cat([larger, finer], dim=1)))
            features = decoder(attention(features, tokens))
        said: Tensor = self.head(features)
        return RANGE * torch.tanh(said * (USUAL / RANGE))


def save_detail_network(network: DetailNetwork, path: Path, card: dict[str, str] | None = None) -> None:
    """Write weights in half precision, with configuration and model card as metadata."""
    write_weights(path, network, network.configuration.to_json(), card)


@lru_cache(maxsize=2)
def load_detail_network(path: Path = DETAIL_NETWORK_WEIGHTS) -> DetailNetwork:
    """The network of a weights file, in evaluation mode and single precision; read once and then kept.

    Raises
    ------
    DataFileError
        If the file is missing, damaged or no weights file, or its weights do not belong to its configuration.
    """
    with opened_weights(path, DETAIL_NETWORK_WEIGHTS, DAMAGED) as (metadata, weights):
        network = DetailNetwork(DetailConfiguration.from_json(metadata["configuration"]))
        network.load_state_dict(weights)
    return network.eval()


@torch.inference_mode()
def predict_displacement(
    network: DetailNetwork, maps: NDArray[np.float32], codes: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Displacement (S, S) in millimetres from maps (CHANNELS, S, S), of any side, and codes."""
    side, stride = maps.shape[-1], network.stride
    missing = -side % stride
    padded = np.pad(maps, ((0, 0), (0, missing), (0, missing)), mode="edge")
    found = network(torch.from_numpy(padded)[None], torch.from_numpy(codes)[None])[0, 0, :side, :side]
    return np.asarray(found.numpy(), dtype=np.float32)
