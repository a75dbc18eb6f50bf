"""The multi-scale module for what is particular to a person (coarse-to-fine, section 3.1 and figure 2)."""

import torch
from torch import Tensor, nn
from torch.nn import functional

#: Sides of the convolutions: the first keeps what is everywhere, the others look around further and further.
SCALES = (1, 3, 5, 7)
#: How far the spatial branch's two convolutions reach, and by how much both branches are narrower inside.
DILATION, NARROWER = 2, 4


class MultiScaleModule(nn.Module):
    """Four scales of convolutions side by side, and what of them counts: by channel and by place.

    Parameters
    ----------
    width : int
        Channels that come in and go out, a multiple of four.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        part = width // len(SCALES)
        self.scales = nn.ModuleList(nn.Conv2d(width, part, side, padding=side // 2) for side in SCALES)
        self.attention = Attention(width)

    def forward(self, features: Tensor) -> Tensor:
        """Features (B, width, H, W) of features (B, width, H, W)."""
        dense = functional.relu(torch.cat([scale(features) for scale in self.scales], 1))
        return dense * self.attention(dense)


class Attention(nn.Module):
    """Weights in (0, 1) for each channel at each place, from two branches side by side.

    The paper says that they are broadcast to one map; they are added before the sigmoid, as in the bottleneck attention
    that its figure resembles.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        inside = max(1, width // NARROWER)
        self.channels = nn.Sequential(nn.Linear(width, inside), nn.ReLU(), nn.Linear(inside, width))
        self.places = nn.Sequential(
            nn.Conv2d(width, inside, 1),
            nn.ReLU(),
            nn.Conv2d(inside, inside, 3, padding=DILATION, dilation=DILATION),
            nn.ReLU(),
            nn.Conv2d(inside, inside, 3, padding=DILATION, dilation=DILATION),
            nn.ReLU(),
            nn.Conv2d(inside, 1, 1),
        )

    def forward(self, features: Tensor) -> Tensor:
        """Weights (B, C, H, W) of features (B, C, H, W)."""
        by_channel = self.channels(features.mean((2, 3)))[:, :, None, None]
        return torch.sigmoid(by_channel + self.places(features))
