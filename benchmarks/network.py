"""How fast the network computes and learns, and what share of the device's peak that is.

python benchmarks/network.py [--device DEVICE] [--peak TFLOPS] [--compile] [--data FOLDER]

A crop is computed as the product does, with its mirror image, one and many at once; a training step is one of
`training.train`, with the optimiser. The operations are counted, those of the convolutions and matrix products forward
and backward alone; the peak is what a product of two large matrices reaches on the device in the same precision, or,
with --peak, that of its data sheet. Where bfloat16 is faster, both precisions are measured. With --data it is also
measured how fast one process reads and augments samples, which says how many of them a training needs.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import torch
from torch import nn
from torch.utils.benchmark import Timer
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.tables import Cell, Table
from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.reconstruction.network.configuration import SHIPPED
from pix2vertex_blender.reconstruction.network.device import choose_device
from pix2vertex_blender.reconstruction.network.network import (
    MapNetwork,
    average_with_flipped,
    build_network,
    normalise,
    to_device,
)
from training.computation import compute_gradients, faster_precision, made_up_batch
from training.data.backgrounds import background_bank
from training.data.dataset import PortraitStream
from training.losses import TrainingLoss
from training.optimiser import make_optimiser
from training.schedule import Settings
from training.train import NETWORKS

#: How many crops are computed at once.
CROPS = (1, 16)
#: Samples in a training step; a graphics card is not filled by the first.
BATCHES = {"cpu": (16,), "accelerator": (16, 64, 256)}
#: Side of the matrices whose product is the peak.
MATRIX_SIDES = {"cpu": 2048, "accelerator": 8192}
#: Each figure is the median of the runs within this time.
LEAST_SECONDS = 2.0
PRECISIONS = {torch.float32: "float32", torch.bfloat16: "bfloat16"}
#: Samples that one process reads while it is timed, and pictures that it puts behind them.
SAMPLES_READ = 64
BACKGROUNDS = 64


class Speed(NamedTuple):
    """How long something took, and how many operations (multiplications and additions) it is."""

    seconds: float
    operations: float

    @property
    def teraflops(self) -> float:
        """Operations in a second, in millions of millions."""
        return self.operations / self.seconds / 1e12


def main() -> int:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--peak", type=float, help="of the device's data sheet, in TFLOP/s (default: measured)")
    parser.add_argument("--compile", action="store_true", help="compile network and losses for the training")
    parser.add_argument("--data", type=Path, help="folder of samples, to measure reading")
    options = parser.parse_args()
    try:
        for table in measure(choose_device(options.device), options.peak, options.compile):
            print(table.markdown())
        if options.data:
            print(f"One process reads {samples_read_per_second(options.data):.1f} samples a second.")
    except Pix2VertexError as error:
        sys.exit(str(error))
    return 0


def measure(device: torch.device, given_peak: float | None = None, compiled: bool = False) -> list[Table]:
    """The tables of crops and of training, in each precision that is worth using on the device."""
    fastest = faster_precision(build_network(SHIPPED), SHIPPED.resolution, device)
    crop_rows: list[Sequence[Cell]] = []
    training_rows: list[Sequence[Cell]] = []
    for precision in dict.fromkeys((torch.float32, fastest)):
        peak = given_peak or peak_of(device, precision, MATRIX_SIDES[_kind(device)]).teraflops
        for crops in CROPS:
            speed = crops_speed(to_device(build_network(SHIPPED).eval(), device), crops, precision)
            row = (PRECISIONS[precision], crops, 1e3 * speed.seconds / crops)
            crop_rows.append((*row, *_share(speed, peak)))
        for batch_size in BATCHES[_kind(device)]:
            speed = training_speed(to_device(build_network(SHIPPED), device), batch_size, precision, compiled)
            row = (PRECISIONS[precision], batch_size, batch_size / speed.seconds)
            training_rows.append((*row, *_share(speed, peak)))
    columns = ("TFLOP/s", "peak TFLOP/s", "share of the peak, %")
    crop_columns = ("precision", "crops at once", "ms a crop", *columns)
    training_columns = ("precision", "batch", "samples/s", *columns)
    name = device_name(device)
    return [
        Table(f"network_crops_{device.type}", f"Crops, {name}", crop_columns, crop_rows),
        Table(f"network_training_{device.type}", f"Training, {name}", training_columns, training_rows),
    ]


def crops_speed(network: MapNetwork, crops: int, precision: torch.dtype) -> Speed:
    """Maps of `crops` crops and of their mirror images."""
    device = next(network.parameters()).device
    images = made_up_batch(crops, network.configuration.resolution).images.to(device)

    @torch.inference_mode()
    def compute() -> None:
        views = normalise(torch.cat([images, images.flip(3)])).contiguous(memory_format=torch.channels_last)
        with torch.autocast(device.type, torch.bfloat16, enabled=precision == torch.bfloat16):
            maps = network(views).float()
        average_with_flipped(*maps.chunk(2)).cpu()

    return Speed(_median_seconds(compute), _operations(compute))


def training_speed(network: MapNetwork, batch_size: int, precision: torch.dtype, compiled: bool = False) -> Speed:
    """One training step, the optimiser's time counted, but not its operations."""
    device = next(network.parameters()).device
    recipe, settings = NETWORKS["shipped"], Settings()
    optimiser = make_optimiser(network, recipe.optimiser, settings.learning_rate, settings.weight_decay)
    loss_of: nn.Module = TrainingLoss(network, recipe.weights).to(device)
    batch = made_up_batch(batch_size, network.configuration.resolution).to(device)
    operations = _operations(lambda: compute_gradients(loss_of, batch, precision))
    if compiled:
        loss_of.compile()

    def step() -> None:
        compute_gradients(loss_of, batch, precision)
        nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
        optimiser.step()

    step()  # compiles
    return Speed(_median_seconds(step), operations)


def peak_of(device: torch.device, precision: torch.dtype, side: int) -> Speed:
    """A product of two matrices of `side` rows, with the precision that convolutions have on the device."""
    matrix = torch.randn(side, side, device=device, dtype=precision)
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32
    try:
        return Speed(_median_seconds(lambda: matrix @ matrix), 2.0 * side**3)
    finally:
        torch.backends.cuda.matmul.allow_tf32 = before


def samples_read_per_second(folder: Path) -> float:
    """Samples that one process reads and augments in a second."""
    batches = iter(PortraitStream([folder], SHIPPED.resolution, 1, background_bank(count=BACKGROUNDS), seed=0))
    next(batches)
    start = time.perf_counter()
    return sum(1 for _batch in islice(batches, SAMPLES_READ)) / (time.perf_counter() - start)


def device_name(device: torch.device) -> str:
    """The graphics card's name, or `cpu` with the number of threads."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"cpu, {torch.get_num_threads()} threads" if device.type == "cpu" else device.type


def _kind(device: torch.device) -> str:
    return "cpu" if device.type == "cpu" else "accelerator"


def _share(speed: Speed, peak: float) -> tuple[float, float, float]:
    return speed.teraflops, peak, 100 * speed.teraflops / peak


def _median_seconds(work: Callable[[], object]) -> float:
    """Of runs with all threads; the timer warms up, and waits for a graphics card."""
    timer = Timer("work()", globals={"work": work}, num_threads=torch.get_num_threads())
    return float(timer.blocked_autorange(min_run_time=LEAST_SECONDS).median)


def _operations(work: Callable[[], object]) -> float:
    with FlopCounterMode(display=False) as counter:
        work()
    return float(counter.get_total_flops())


if __name__ == "__main__":
    sys.exit(main())
