"""The network that finds faces: one look at a picture tells where small upright squares around faces may be.

It was only ever shown faces whose square measures 29 to 64 pixels (`SMALLEST`, `LARGEST`); whoever uses it shows it
copies of a photo that are reduced by steps of less than the ratio of these.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

#: Pixels along each side of a cell, and sides of the squares that are found, in pixels.
STRIDE = 8
SMALLEST, LARGEST = 29.0, 64.0
#: Channels of what is said of each cell: logit of a face's centre, offset of the centre from the cell's in cells
#: (right, down), logarithm of the square's side over `MIDDLE`, cosine and sine of its turn clockwise.
HEADS = 6
MIDDLE = (SMALLEST * LARGEST) ** 0.5
#: Distances of the cells that each step of the trunk looks at: together they see more than a head and shoulders.
DILATIONS = (1, 2, 1, 3, 1, 4)


class FaceDetectorNetwork(nn.Module):
    """From pictures (B, 3, H, W), RGB in [-1, 1], to `HEADS` channels for each cell, (B, 6, H / 8, W / 8).

    Parameters
    ----------
    width : int
        Channels of the trunk.
    """

    def __init__(self, width: int = 64) -> None:
        super().__init__()
        self.width = width
        self.descent = nn.ModuleList(
            [_convolution(3, width // 4), _convolution(width // 4, width // 2), _convolution(width // 2, width)]
        )
        self.trunk = nn.ModuleList([_Step(width, dilation) for dilation in DILATIONS])
        self.head = nn.Sequential(nn.Conv2d(width, width, 1), nn.ReLU(), nn.Conv2d(width, HEADS, 1))

    def forward(self, pictures: Tensor) -> Tensor:
        """What is said of each cell, (B, HEADS, h, w), of pictures (B, 3, H, W)."""
        features = pictures
        for step in (*self.descent, *self.trunk):
            features = step(features)
        result: Tensor = self.head(features)
        return result


def _convolution(inputs: int, outputs: int) -> nn.Module:
    """A convolution that halves the picture."""
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()
    )


class _Step(nn.Module):
    """Look around in each channel, then mix them; added to what was there."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.around = nn.Conv2d(width, width, 3, padding=dilation, dilation=dilation, groups=width, bias=False)
        self.first_norm = nn.BatchNorm2d(width)
        self.mixed = nn.Conv2d(width, 2 * width, 1, bias=False)
        self.second_norm = nn.BatchNorm2d(2 * width)
        self.back = nn.Conv2d(2 * width, width, 1)

    def forward(self, features: Tensor) -> Tensor:
        around = self.first_norm(self.around(features))
        return features + self.back(functional.relu(self.second_norm(self.mixed(around))))


def fold_norms(network: FaceDetectorNetwork) -> FaceDetectorNetwork:
    """The network for use, in place: each normalisation becomes part of the convolution before it, which saves time."""
    for layers in list(network.eval().modules()):
        names = [name for name, _layer in layers.named_children()]
        for name, following in pairwise(names):
            convolution, norm = getattr(layers, name), getattr(layers, following)
            if isinstance(norm, nn.BatchNorm2d):
                setattr(layers, name, fuse_conv_bn_eval(convolution, norm))
                setattr(layers, following, nn.Identity())
    return network


def as_input(pictures: Tensor) -> Tensor:
    """From RGB bytes (B, H, W, 3) to what the network is shown, (B, 3, H, W)."""
    return pictures.permute(0, 3, 1, 2).to(torch.float32).div_(127.5).sub_(1)
