"""How a machine computes training steps fastest: precision, memory layout, batch and compiler, found by trying."""

import copy
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.distributed as distributed
from torch import Tensor, nn

from pix2vertex_blender.reconstruction.network.architectures import MapNetwork
from pix2vertex_blender.reconstruction.network.network import to_device

from .losses import Batch, LossWeights, TrainingLoss
from .optimiser import OptimiserName, make_optimiser

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
LAYOUTS = {"channels_last": torch.channels_last, "contiguous": torch.contiguous_format}
#: Tried where no batch size is asked for; a smaller one that is nearly as fast makes more steps of the same samples.
BATCH_SIZES = (8, 16, 32)
#: Of two choices the simpler one stands unless the other is faster by this factor.
WORTHWHILE = 1.05
#: A choice whose first step takes so many times as long as the best one is not tried any further.
HOPELESS = 4.0
#: Steps after the first, which chooses kernels or compiles; the fastest counts, since others may use the machine too.
TIMED_STEPS = 2


@dataclass(frozen=True)
class Computation:
    """How training steps are computed.

    Attributes
    ----------
    precision : str
        Of the network, a name of `PRECISIONS`; losses and optimiser are in single precision always.
    layout : str
        Of images and kernels in memory, a name of `LAYOUTS`.
    compiled : bool
        Whether network and losses are compiled together.
    batch_size : int
        Samples in a step.
    """

    precision: str = "float32"
    layout: str = "channels_last"
    compiled: bool = False
    batch_size: int = 16

    def __str__(self) -> str:
        """All of it in words."""
        compiler = "compiled" if self.compiled else "not compiled"
        return f"{self.precision}, {self.layout}, {compiler}, batch {self.batch_size}"


#: What every machine can do.
ORDINARY_COMPUTATION = Computation()


@dataclass(frozen=True)
class Asked:
    """What the caller has decided; None is left to measuring, and so is the layout, unless all else is decided."""

    precision: str | None = None
    compiled: bool | None = None
    batch_size: int | None = None


def compute_gradients(loss_of: nn.Module, batch: Batch, precision: torch.dtype) -> dict[str, Tensor]:
    """Leave the gradients of the batch's loss in the parameters, and return the terms of `TrainingLoss`."""
    loss_of.zero_grad(set_to_none=True)
    with torch.autocast(batch.images.device.type, torch.bfloat16, enabled=precision == torch.bfloat16):
        terms: dict[str, Tensor] = loss_of(batch)
    terms["total"].backward()
    return terms


def made_up_batch(batch_size: int, resolution: int) -> Batch:
    """Noise as images, with maps all over them: as much work as portraits are."""
    generator = torch.Generator().manual_seed(0)
    square = (batch_size, 3, resolution, resolution)
    return Batch(
        images=torch.randint(0, 256, square, generator=generator, dtype=torch.uint8),
        masks=torch.ones(batch_size, resolution, resolution, dtype=torch.uint8),
        correspondence=torch.randn(square, generator=generator),
        geometry=torch.randn(square, generator=generator),
        poses=torch.zeros(batch_size, 3),
        landmarks=torch.rand(batch_size, 68, 2, generator=generator) * resolution,
    )


def faster_precision(network: MapNetwork, resolution: int, device: torch.device) -> torch.dtype:
    """bfloat16 if the device computes a forward pass faster with it, else float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    images = torch.zeros(1, 3, resolution, resolution)
    seconds = {}
    with torch.inference_mode():
        for precision in (torch.float32, torch.bfloat16):
            for _ in range(2):  # the first pass chooses kernels and does not count
                start = time.monotonic()
                with torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16):
                    network.eval()(images)
                seconds[precision] = time.monotonic() - start
    return min(seconds, key=lambda precision: seconds[precision])


def step_seconds(
    network: MapNetwork, weights: LossWeights, optimiser: OptimiserName, device: torch.device, best: Callable[[], float]
) -> Callable[[Computation], float]:
    """A function that times a training step, of a copy of the network, per sample.

    Parameters
    ----------
    network : MapNetwork
        Of the resolution that is trained at; it stays as it is.
    weights : LossWeights
    optimiser : str
    device : torch.device
    best : callable
        Seconds a sample of the best choice so far, beside which others may be hopeless.
    """

    def measure(computation: Computation) -> float:
        tried = to_device(copy.deepcopy(network).train(), device, LAYOUTS[computation.layout])
        moves = make_optimiser(tried, optimiser, 1e-6, 0.0)
        loss_of: nn.Module = TrainingLoss(tried, weights).to(device)
        if computation.compiled:
            loss_of.compile()
        batch = made_up_batch(computation.batch_size, network.configuration.resolution).to(device)
        seconds = []
        for _ in range(1 + TIMED_STEPS):
            started = time.perf_counter()
            terms = compute_gradients(loss_of, batch, PRECISIONS[computation.precision])
            moves.step()
            terms["total"].item()
            seconds.append((time.perf_counter() - started) / computation.batch_size)
            if not computation.compiled and seconds[0] > HOPELESS * best():
                return seconds[0]
        return min(seconds[1:])

    return measure


def choose(asked: Asked, device: torch.device, measure: Callable[[Computation], float]) -> dict[Computation, float]:
    """Seconds a sample of everything that was tried, one decision after the other; the last one is the choice.

    Parameters
    ----------
    asked : Asked
    device : torch.device
        Whether it is a graphics card says what is not worth trying.
    measure : callable
        Seconds a sample of a choice.
    """
    best = Computation(batch_size=asked.batch_size or BATCH_SIZES[0], precision=asked.precision or "float32")
    tried = {best: measure(best)}
    for change in _changes(asked, device):
        other = replace(best, **change)
        tried[other] = measure(other)
        if tried[other] * WORTHWHILE < tried[best] or (change.get("compiled") is True and asked.compiled):
            best = other
    tried[best] = tried.pop(best)
    return tried


def _changes(asked: Asked, device: torch.device) -> Iterator[dict[str, Any]]:
    """What is tried beside the best choice so far, in this order."""
    if asked.precision is None and (device.type != "cuda" or torch.cuda.is_bf16_supported()):
        yield {"precision": "bfloat16"}
    yield {"layout": "contiguous"}
    if asked.compiled is not False:
        yield {"compiled": True}
    if asked.batch_size is None:
        yield from ({"batch_size": size} for size in BATCH_SIZES[1:])


def fastest_computation(
    network: MapNetwork,
    weights: LossWeights,
    optimiser: OptimiserName,
    asked: Asked,
    device: torch.device,
    say: Callable[[str], None] = print,
) -> Computation:
    """How steps are computed fastest here, of what may be chosen; what was measured is said line by line."""
    if asked.precision is not None and asked.compiled is not None and asked.batch_size is not None:
        return Computation(asked.precision, compiled=asked.compiled, batch_size=asked.batch_size)
    least = math.inf
    timed = step_seconds(network, weights, optimiser, device, lambda: least)

    def measure(computation: Computation) -> float:
        nonlocal least
        seconds = timed(computation)
        least = min(least, seconds)
        say(f"{computation}: {1 / seconds:.2f} samples/s")
        return seconds

    chosen = [list(choose(asked, device, measure))[-1]]
    if distributed.is_initialized():  # processes that train one network compute it alike
        distributed.broadcast_object_list(chosen, src=0)
    return chosen[0]
