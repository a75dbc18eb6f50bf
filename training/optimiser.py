"""What moves the weights: AdamW, or Muon for the kernels of the hidden layers."""

from collections.abc import Iterable, Sequence
from typing import Any, Literal

import torch
import torch.distributed as distributed
from torch import Tensor, nn
from torch.nn import Parameter
from torch.optim import AdamW, Optimizer

OptimiserName = Literal["adamw", "muon"]
BETAS = (0.9, 0.99)
MOMENTUM = 0.95
#: Root mean square of an update's entries before the learning rate, as of AdamW's: one learning rate serves both.
UPDATE_SIZE = 0.2
#: Coefficients of the odd polynomial of degree five that draws all singular values towards one (Jordan et al., Muon).
POLYNOMIAL = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5
#: The layers that read the image and that write maps and pose.
OUTER_LAYERS = ("entries.0.", "head.", "pose.")


class Optimisers:
    """Optimisers that share the parameters of one network, used as one."""

    def __init__(self, parts: Sequence[Optimizer]) -> None:
        self._parts = tuple(parts)

    @property
    def param_groups(self) -> list[dict[str, Any]]:
        """The groups of all of them, with their learning rates."""
        return [group for part in self._parts for group in part.param_groups]

    def step(self) -> None:
        """Move the weights."""
        for part in self._parts:
            part.step()

    def state_dict(self) -> dict[str, Any]:
        """Everything that `load_state_dict` needs to go on."""
        return {"parts": [part.state_dict() for part in self._parts]}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a `state_dict`; ValueError or KeyError if it is of other optimisers."""
        for part, part_state in zip(self._parts, state["parts"], strict=True):
            part.load_state_dict(part_state)


def set_rate(optimiser: Optimizer | Optimisers, rate: float) -> None:
    """Have the next step made at a learning rate."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def descend(loss: Tensor, network: nn.Module, optimiser: Optimizer, clip: float) -> None:
    """Move a network's weights along the gradient of a loss, whose norm is at most `clip`."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    nn.utils.clip_grad_norm_(network.parameters(), clip)
    optimiser.step()


def make_optimiser(network: nn.Module, name: OptimiserName, rate: float, weight_decay: float) -> Optimisers:
    """AdamW that decays matrices and kernels only, or Muon for those of the hidden layers and AdamW for the rest."""
    hidden = [
        parameter
        for key, parameter in network.named_parameters()
        if name == "muon" and parameter.ndim > 1 and not key.startswith(OUTER_LAYERS)
    ]
    in_hidden = {id(parameter) for parameter in hidden}
    others = [parameter for parameter in network.parameters() if id(parameter) not in in_hidden]
    groups = [
        {"params": [parameter for parameter in others if parameter.ndim > 1], "weight_decay": weight_decay},
        {"params": [parameter for parameter in others if parameter.ndim <= 1], "weight_decay": 0.0},
    ]
    parts: list[Optimizer] = [AdamW(groups, lr=rate, betas=BETAS, fused=True)]
    return Optimisers([*parts, Muon(hidden, rate, weight_decay)] if hidden else parts)


class Muon(Optimizer):
    """Moves a matrix by its orthogonalised momentum, so that every direction moves alike (Jordan et al., 2024).

    A convolution's kernel counts as a matrix with a row for each output channel. `torch.optim.Muon` has no kernels and
    computes in half precision, which many processors only emulate. Under `torchrun` each process orthogonalises its
    share of the matrices.

    Parameters
    ----------
    parameters : iterable of Parameter
        Each of two or more dimensions.
    rate, weight_decay : float
        As of AdamW.
    """

    def __init__(self, parameters: Iterable[Parameter], rate: float, weight_decay: float) -> None:
        super().__init__(parameters, {"lr": rate, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """Move the parameters that have a gradient."""
        for group in self.param_groups:
            moved = [parameter for parameter in group["params"] if parameter.grad is not None]
            updates = orthogonalise_all([self._direction(parameter) for parameter in moved])
            for parameter, update in zip(moved, updates, strict=True):
                size = UPDATE_SIZE * max(update.shape) ** 0.5
                parameter.mul_(1 - group["lr"] * group["weight_decay"])
                parameter.add_(update.view(parameter.shape), alpha=-group["lr"] * size)

    def _direction(self, parameter: Parameter) -> Tensor:
        """Nesterov's momentum (rows, columns) of a parameter."""
        gradient = parameter.grad
        assert gradient is not None
        state = self.state[parameter]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(parameter)
        state["momentum"].lerp_(gradient, 1 - MOMENTUM)
        return gradient.lerp(state["momentum"], MOMENTUM).reshape(len(parameter), -1)


def orthogonalise_all(matrices: Sequence[Tensor]) -> list[Tensor]:
    """`orthogonalise` of each matrix, the work shared by all processes, which have to hold the same matrices."""
    if not distributed.is_initialized():
        return orthogonalise_alike(matrices)
    rank, processes = distributed.get_rank(), distributed.get_world_size()
    # The most expensive first, in turns.
    order = sorted(range(len(matrices)), key=lambda index: -matrices[index].numel() * min(matrices[index].shape))
    results = list(matrices)
    for turn, index in enumerate(order):
        mine = turn % processes == rank
        results[index] = orthogonalise(matrices[index]) if mine else torch.empty_like(matrices[index])
    for turn, index in enumerate(order):
        distributed.broadcast(results[index], src=turn % processes)
    return results


def orthogonalise_alike(matrices: Sequence[Tensor]) -> list[Tensor]:
    """`orthogonalise` of each matrix, those of the same shape at once: a graphics card waits less for the next call."""
    places: dict[tuple[int, ...], list[int]] = {}
    for index, matrix in enumerate(matrices):
        places.setdefault(tuple(matrix.shape), []).append(index)
    results = list(matrices)
    for indices in places.values():
        for index, result in zip(indices, orthogonalise(torch.stack([matrices[i] for i in indices])), strict=True):
            results[index] = result
    return results


def orthogonalise(matrix: Tensor) -> Tensor:
    """Draw the singular values of matrices (..., m, n) towards one: they end between about 0.7 and 1.2.

    The Newton-Schulz iteration works on the Gram matrix of the shorter side, so that the longer side, of a kernel
    mostly nine times as long, takes part only at the beginning and at the end.
    """
    if matrix.shape[-2] > matrix.shape[-1]:
        return orthogonalise(matrix.mT).mT.contiguous()
    first, third, fifth = POLYNOMIAL
    normalised = matrix / (matrix.norm(dim=(-2, -1), keepdim=True) + 1e-12)
    gram = normalised @ normalised.mT
    identity = torch.eye(gram.shape[-1], dtype=gram.dtype, device=gram.device)
    product = identity
    for _ in range(ITERATIONS):
        polynomial = first * identity + third * gram + fifth * (gram @ gram)
        product = polynomial @ product
        gram = polynomial @ gram @ polynomial
    return product @ normalised
