"""What generator and discriminator are trained for (pix2vertex, eqs. 6 and 7), and whether they still learn."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from pix2vertex_blender.reconstruction.network.network import MapNetwork, normalise

#: Of the pictures of a batch that all look alike: their differences are this share of those of their sources.
ALIKE = 0.2
#: What the discriminator says at most of translated, and at least of real pictures once it has won.
WON_FAKE, WON_REAL = 0.02, 0.98
#: The generator's loss from which there is no way back: ten thousand million times less likely than not.
HOPELESS = 23.0


def discriminator_loss(real: Tensor, translated: Tensor) -> Tensor:
    """What D minimises, by eq. 6, from its logits, of any shape."""
    return functional.softplus(-real).mean() + functional.softplus(translated).mean()


def adversarial_loss(translated: Tensor) -> Tensor:
    """What G minimises, from D's logits: -log D(G(x)), which has a slope also while D is right (Goodfellow 2014)."""
    return functional.softplus(-translated).mean()


class GeometricConstraint(nn.Module):
    """Eq. 7: how differently the frozen network reads a picture and its translation, |Net(x) - Net(G(x))|_1.

    The maps count where the source shows a face, because elsewhere they mean nothing; the mask counts everywhere.

    Parameters
    ----------
    network : MapNetwork
        Its weights are frozen.
    """

    def __init__(self, network: MapNetwork) -> None:
        super().__init__()
        self.network = network.eval().requires_grad_(False)

    def read(self, pictures: Tensor) -> Tensor:
        """Maps (B, 8, S, S) of pictures (B, 3, S, S) in [-1, 1]."""
        images = normalise(127.5 * (pictures.clamp(-1, 1) + 1)).contiguous(memory_format=torch.channels_last)
        maps: Tensor = self.network(images)
        return maps

    def forward(self, source: Tensor, translated: Tensor) -> Tensor:
        """The loss of maps of the source (B, 8, S, S) and those of its translation."""
        face = source[:, :1].sigmoid()
        maps = ((source[:, 1:7] - translated[:, 1:7]).abs() * face).sum((1, 2, 3)) / (face.sum((1, 2, 3)) + 1)
        masks = (face - translated[:, :1].sigmoid()).abs().mean((1, 2, 3))
        return (maps + masks).mean()


@dataclass(frozen=True)
class Health:
    """How the two networks get along.

    Attributes
    ----------
    real, translated : float
        The mean probability that D gives to real pictures of the target, and to translated ones.
    diversity : float
        How much translated pictures differ from each other, over how much their sources do.
    adversarial : float
        What the generator minimises.
    """

    real: float
    translated: float
    diversity: float
    adversarial: float = 0.0

    @property
    def trouble(self) -> str:
        """Why this is no training any more; empty if it is."""
        if not all(map(_is_finite, (self.real, self.translated, self.diversity, self.adversarial))):
            return "values are not finite"
        if self.adversarial > HOPELESS:
            return "the losses run away"
        if self.diversity < ALIKE:
            return "all pictures look alike"
        if self.translated < WON_FAKE and self.real > WON_REAL:
            return "the discriminator is never wrong any more"
        return ""


def diversity(pictures: Tensor) -> Tensor:
    """Mean L1 distance of the pictures (B, 3, S, S) of a batch from each other, at an eighth of their resolution."""
    small = functional.avg_pool2d(pictures, 8) if pictures.shape[-1] >= 16 else pictures
    return (small[:, None] - small[None]).abs().mean() * len(small) / max(len(small) - 1, 1)


def _is_finite(value: float) -> bool:
    return bool(torch.isfinite(torch.tensor(value)))
