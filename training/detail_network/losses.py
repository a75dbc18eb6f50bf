"""What the detail network is trained for: the true displacement, and on request what the paper had instead of it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pix2vertex_blender.reconstruction.detail.unrolled import CONTRAST

#: Millimetres below which differences between the samples' reliefs do not count: noise is as high.
LEAST_RELIEF = 0.03
#: Channels of `unrolled.describe`.
BRIGHTNESS, RIGHT, DOWN, VISIBLE = 0, 3, 4, 5


@dataclass(frozen=True)
class DetailWeights:
    """Weights of the losses.

    Attributes
    ----------
    height : float
        Squared error of the displacement, over its variance in each sample.
    slope : float
        The same of its differences from texel to texel.
    paint : float
        How much more a texel counts that is painted.
    photometric, smoothness, size : float
        The paper's eqs. 15, 16 and 17, which need no truth.
    """

    height: float = 1.0
    slope: float = 0.5
    paint: float = 3.0
    photometric: float = 0.0
    smoothness: float = 0.0
    size: float = 0.0


@dataclass(frozen=True)
class DetailBatch:
    """Samples, stacked.

    Attributes
    ----------
    maps : (B, CHANNELS, S, S)
    codes : (B, k)
    displacement, painted, counted : (B, 1, S, S)
    """

    maps: Tensor
    codes: Tensor
    displacement: Tensor
    painted: Tensor
    counted: Tensor


def detail_loss(found: Tensor, batch: DetailBatch, weights: DetailWeights) -> dict[str, Tensor]:
    """The parts of the loss of a displacement (B, 1, S, S) in millimetres, and their weighted sum `total`."""
    visible = batch.counted
    counted = visible * (1 + weights.paint * batch.painted)
    parts = {
        "height": _relative(found, batch.displacement, counted),
        "slope": (
            _relative(_steps(found, 3), _steps(batch.displacement, 3), counted[..., 1:])
            + _relative(_steps(found, 2), _steps(batch.displacement, 2), counted[..., 1:, :])
        )
        / 2,
    }
    if weights.photometric:
        parts["photometric"] = _photometric(found, batch.maps)
    if weights.smoothness:
        parts["smoothness"] = _mean(_steps(_steps(found, 3), 3) ** 2, visible[..., 2:]) + _mean(
            _steps(_steps(found, 2), 2) ** 2, visible[..., 2:, :]
        )
    if weights.size:
        parts["size"] = _mean(found**2, visible)
    total = sum((getattr(weights, name) * part for name, part in parts.items()), torch.zeros(()))
    return {**parts, "total": total}


def _photometric(found: Tensor, maps: Tensor) -> Tensor:
    """Eq. 15: the brightness that the relief has under the photo's light, to first order, against the photo's."""
    across, along = torch.gradient(found, dim=(3, 2))
    shaded = maps[:, RIGHT : RIGHT + 1] * across + maps[:, DOWN : DOWN + 1] * along
    return _mean((shaded - maps[:, BRIGHTNESS : BRIGHTNESS + 1] / CONTRAST).abs(), maps[:, VISIBLE : VISIBLE + 1])


def _relative(found: Tensor, true: Tensor, weight: Tensor) -> Tensor:
    """Squared error over the truth's mean square, each in its sample."""
    over = (1, 2, 3)
    error, power = (weight * (found - true) ** 2).sum(over), (weight * true**2).sum(over)
    return (error / (power + LEAST_RELIEF**2 * weight.sum(over) + 1e-6)).mean()


def _steps(values: Tensor, dim: int) -> Tensor:
    return values.diff(dim=dim)


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / weight.sum().clamp_min(1e-6)
