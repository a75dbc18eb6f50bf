"""The many-to-one hourglass, and the simpler networks that it is compared with (Beyond 3DMM, sections 4.2 and 8.2)."""

import dataclasses
import json
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

#: Millimetres of an output of 1.
UNIT = 3.0
#: Channels of a picture by how the face is looked at: colours; and with the place on the mean face, or what is seen.
CAMERA, MODEL, VIRTUAL, PHOTO = "camera", "model", "virtual", "photo"


class Inputs(NamedTuple):
    """What a network is given.

    Attributes
    ----------
    pictures : (B, V, C, S, S)
        About -1 to 1.
    places : (B, V, U, U, 2)
        Where each picture shows the texels of the UV plane, as `grid_sample` has it.
    seen : (B, V, U, U)
        How well: 0 for what is turned away or beyond its edge.
    coarse : (B, 3, U, U)
        How the registered head differs from the mean one, in units of 10 mm.
    """

    pictures: Tensor
    places: Tensor
    seen: Tensor
    coarse: Tensor

    def without_photo(self) -> "Inputs":
        """The same for a twin that sees no picture."""
        return self._replace(pictures=torch.zeros_like(self.pictures))


@dataclass(frozen=True)
class FineShapeConfiguration:
    """What a network is built from.

    Attributes
    ----------
    look : str
        `virtual` sees the head from constant sides and `photo` as the photo does, and both warp their features to the
        UV plane. `camera` gets the photo with the places that it shows on the mean face, and finds the way to the UV
        plane by itself; `model` gets the photo warped to it.
    views : int
        How many sides `virtual` sees.
    size : int
        Pixels of the pictures' side, and texels of the UV plane's.
    widths : tuple of int
        Channels at each level, each of half the resolution.
    conditioned : bool
        Whether the decoder is told the registered head. The paper's is not.
    """

    look: str = VIRTUAL
    views: int = 5
    size: int = 256
    widths: tuple[int, ...] = (16, 32, 64, 128, 192)
    conditioned: bool = True

    @property
    def streams(self) -> int:
        """How many pictures are encoded."""
        return self.views if self.look == VIRTUAL else 1

    @property
    def channels(self) -> int:
        """Of a picture."""
        return {CAMERA: 6, MODEL: 4, VIRTUAL: 3, PHOTO: 3}[self.look]

    @property
    def warped(self) -> bool:
        """Whether features are warped to the UV plane."""
        return self.look in (VIRTUAL, PHOTO)

    def to_json(self) -> str:
        """As it is written into a checkpoint."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "FineShapeConfiguration":
        """Read what `to_json` gave."""
        values = json.loads(text)
        return cls(**values | {"widths": tuple(values["widths"])})


class FineShape(nn.Module):
    """Pictures become a displacement of the UV plane (B, 3, U, U) in millimetres of the rest frame.

    One encoder with shared weights reads every picture. At each level its features are warped to the UV plane, those of
    all views are mixed, and they are added to what the decoder has made of the level below. It begins with no
    displacement. The paper's decoder knows the registered head only by the views on it; ours may be told it.
    """

    def __init__(self, configuration: FineShapeConfiguration) -> None:
        super().__init__()
        self.configuration = configuration
        widths, streams = configuration.widths, configuration.streams
        self.stem = nn.Conv2d(configuration.channels, widths[0], 3, padding=1)
        steps = list(pairwise(widths))
        self.down = nn.ModuleList(nn.Conv2d(a, b, 3, stride=2, padding=1) for a, b in steps)
        self.encode = nn.ModuleList(_Block(width) for width in widths)
        told = 3 if configuration.conditioned else 0
        self.mix = nn.ModuleList(_Pointwise(streams * (width + 1) + told, width) for width in widths)
        self.decode = nn.ModuleList(_Block(width) for width in widths)
        self.up = nn.ModuleList(_Pointwise(b, a) for a, b in steps)
        self.head = nn.Conv2d(widths[0], 3, 3, padding=1)
        nn.init.zeros_(self.head.weight)
        assert self.head.bias is not None
        nn.init.zeros_(self.head.bias)

    def forward(self, inputs: Inputs) -> Tensor:
        """Displacement (B, 3, U, U)."""
        batch, streams = inputs.pictures.shape[:2]
        features = self.stem(inputs.pictures.flatten(0, 1))
        fused = []
        for level, block in enumerate(self.encode):
            features = block(features if level == 0 else self.down[level - 1](features))
            fused.append(self.mix[level](self._on_plane(features, inputs, level, batch, streams)))
        made = self.decode[-1](fused[-1])
        for level in reversed(range(len(self.up))):
            made = functional.interpolate(self.up[level](made), scale_factor=2.0, mode="nearest")
            made = self.decode[level](made + fused[level])
        displacement: Tensor = UNIT * self.head(functional.silu(made))
        return displacement

    def _on_plane(self, features: Tensor, inputs: Inputs, level: int, batch: int, streams: int) -> Tensor:
        """Features (B V, c, s, s) of all views in the UV plane (B, V (c + 1) + told, u, u)."""
        seen = _coarser(inputs.seen.flatten(0, 1)[:, None], level)
        if self.configuration.warped:
            places = _coarser(inputs.places.flatten(0, 1).movedim(-1, 1), level).movedim(1, -1)
            features = functional.grid_sample(features, places.to(features), align_corners=False) * seen
        parts = [torch.cat([features, seen], 1).unflatten(0, (batch, streams)).flatten(1, 2)]
        if self.configuration.conditioned:
            parts.append(_coarser(inputs.coarse, level))
        return torch.cat(parts, 1)


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(min(8, width), width)
        self.first, self.second = (nn.Conv2d(width, width, 3, padding=1) for _ in range(2))

    def forward(self, features: Tensor) -> Tensor:
        return features + self.second(functional.silu(self.first(functional.silu(self.norm(features)))))


class _Pointwise(nn.Module):
    """A 1x1 convolution as a linear map, which trains rightly when it is compiled; see training/README.md."""

    def __init__(self, width_in: int, width_out: int) -> None:
        super().__init__()
        self.linear = nn.Linear(width_in, width_out)

    def forward(self, features: Tensor) -> Tensor:
        mixed: Tensor = self.linear(features.movedim(1, -1)).movedim(-1, 1)
        return mixed


def _coarser(maps: Tensor, level: int) -> Tensor:
    return functional.avg_pool2d(maps, 2**level) if level else maps
