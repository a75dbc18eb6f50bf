"""What networks are built from, and which of them ships."""

import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class NetworkConfiguration:
    """What a network is built from. The defaults are those of pix2vertex, supplement A.

    Attributes
    ----------
    architecture : "paper" or "residual"
        Two pix2pix U-Nets, one for each map, or one residual U-Net with global context for both.
    resolution : int
        Side of the square input and output in pixels that the network is trained at.
    encoder_channels : tuple of int
        Width of each level, the first level first. Each level of the paper's networks halves the resolution, and so
        does each of the residual network's.
    decoder_channels : tuple of int
        Width of each level of the decoder, the innermost first. The paper's decoder ends at the image's resolution,
        the residual one, which has a level less than its encoder, at half of it.
    head_channels : tuple of int
        Widths of the paper's 1x1 convolutions before the last, which has 4 channels.
    dropout_levels : int
        How many of the paper's decoder levels have dropout.
    encoder_blocks, decoder_blocks : tuple of int
        Number of residual blocks at each level of the residual network.
    context_channels : int
        Width of the residual network's global context.
    """

    architecture: Literal["paper", "residual"] = "paper"
    resolution: int = 512
    encoder_channels: tuple[int, ...] = (64, 128, 256, 512, 512, 512, 512, 512)
    decoder_channels: tuple[int, ...] = (512, 512, 512, 512, 512, 256, 128, 64)
    head_channels: tuple[int, ...] = (64, 32)
    dropout_levels: int = 3
    encoder_blocks: tuple[int, ...] = ()
    decoder_blocks: tuple[int, ...] = ()
    context_channels: int = 0

    def to_json(self) -> str:
        """The configuration as it is written into the metadata of a weights file."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "NetworkConfiguration":
        """Read what `to_json` wrote; ValueError or TypeError for anything else."""
        fields = json.loads(text)
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in fields.items()}
        return cls(**values)


#: The network that ships; training/README.md compares its cost with that of the paper's pair.
SHIPPED = NetworkConfiguration(
    architecture="residual",
    resolution=192,
    encoder_channels=(32, 64, 128, 256, 320),
    decoder_channels=(256, 128, 64, 32),
    encoder_blocks=(0, 2, 3, 4, 3),
    decoder_blocks=(2, 2, 1, 1),
    context_channels=256,
    head_channels=(),
    dropout_levels=0,
)
