"""What the identity network is taught by: squared millimetres over the face."""

from collections.abc import Sequence

import torch
from torch import Tensor

from pix2vertex_blender.reconstruction.network.identity import IdentityNetwork
from pix2vertex_blender.reconstruction.network.network import normalise

from .looks import Looks

#: Largest norm of the gradient.
CLIP = 1.0


def leave_gradients(
    network: IdentityNetwork, batch: Looks, precision: torch.dtype, counts: Tensor | float = 1.0
) -> Tensor:
    """Leave the gradients of the batch's loss in the parameters; returns by what coefficients are wrong, squared.

    How much each look `counts` (B,) is 1 for those that say whose head they show.
    """
    network.zero_grad(set_to_none=True)
    with torch.autocast(batch.images.device.type, torch.bfloat16, enabled=precision == torch.bfloat16):
        estimate = network(normalise(batch.images).contiguous(memory_format=network.layout))
    wrong = ((estimate.float() - batch.coefficients) ** 2).sum(1)
    ((wrong * counts).mean() / (network.spread**2).sum()).backward()
    return wrong.detach()


def r2(wrong: Tensor, batch: Looks, counts: Tensor | float = 1.0) -> Tensor:
    """Explained share of deviations whose coefficients are wrong by `wrong` (B,), squared; the basis leaves a rest.

    Each look counts as `counts` (B,) says.
    """
    rest = batch.sizes - (batch.coefficients**2).sum(1)
    share: Tensor = 1 - ((wrong + rest) * counts).sum() / (batch.sizes * counts).sum()
    return share


@torch.inference_mode()
def explained(network: IdentityNetwork, held_out: Sequence[Looks]) -> float:
    """R2 over the face of people whom the network has not met."""
    read = torch.cat([network(normalise(batch.images)).float() for batch in held_out])
    everyone = Looks(*(torch.cat(parts) for parts in zip(*held_out, strict=True)))
    return float(r2(((read - everyone.coefficients) ** 2).sum(1), everyone))
