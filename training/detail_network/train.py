"""Train the detail network: `python -m training.detail_network.train RUN --minutes 60 [--export WEIGHTS]`.

RUN is a folder outside the repository. It gets `checkpoint.pt`, from which the same command goes on, and `log.csv`.
Samples are drawn while training, and each is used some times before newer ones take its place.
"""

import argparse
import dataclasses
import datetime
import sys
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from pix2vertex_blender.data_files import write_checksum
from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.reconstruction.detail.codes import EXPRESSION, IDENTITY
from pix2vertex_blender.reconstruction.detail.unrolled import CHANNELS, SIZE
from pix2vertex_blender.reconstruction.network.detail_network import (
    DetailConfiguration,
    DetailNetwork,
    load_detail_network,
    save_detail_network,
)
from pix2vertex_blender.reconstruction.network.device import quick_precision
from pix2vertex_blender.reconstruction.network.weights_file import read_weights

from ..export import DATA, card_of
from ..generate import HELD_OUT_STREAM
from ..log import append_row
from ..schedule import Clock, Interval, Settings, learning_rate, progress_of, require_finite
from ..state import CHECKPOINT, TrainingState, read_averaged
from .data import DetailSample, sample_detail
from .losses import VISIBLE, DetailBatch, DetailWeights, detail_loss

CONFIGURATION = DetailConfiguration(CHANNELS, IDENTITY, EXPRESSION)
#: How many samples are kept to choose from, and how many are new in each step.
KEPT, NEW = 120, 1
#: Texels of a side of what is cut from a sample, what share of it is seen as a rule, and how often that is tried.
CROP, SEEN, TRIES = 128, 0.5, 4
#: Samples that are never trained on.
HELD_OUT = 8
#: The share of a texel's cover from where on it counts as painted, and up to which it is free.
PAINTED, FREE = 0.3, 0.02


@dataclass(frozen=True)
class DetailFigures:
    """How good a network is on held-out samples.

    Attributes
    ----------
    correlation : float
        With the true displacement where nothing is painted, the mean over the samples.
    paint : float
        Mean displacement in millimetres on what is painted.
    relief : float
        Mean displacement where nothing is painted.
    true_relief : float
        What that is in truth.
    """

    correlation: float
    paint: float
    relief: float
    true_relief: float


class SamplePool:
    """Samples to choose batches from, some of them new each time.

    Parameters
    ----------
    seed : int
    step : int
        After which step of a training: each start draws its own.
    """

    def __init__(self, seed: int, step: int) -> None:
        self._generator = np.random.default_rng([seed, step])
        self._samples: list[DetailSample] = []
        self._drawn = 0

    def batch(self, size: int) -> DetailBatch:
        """The newest samples and some of before."""
        for _ in range(max(NEW, size - len(self._samples))):
            sample = DetailSample(*(part.astype(np.float16) for part in sample_detail(self._generator)))
            if len(self._samples) < KEPT:
                self._samples.append(sample)
            else:
                self._samples[self._drawn % KEPT] = sample
            self._drawn += 1
        newest = [(self._drawn - 1 - back) % KEPT for back in range(min(NEW, size))]
        others = self._generator.choice(len(self._samples), size - len(newest), replace=False)
        return stack([self._cut(self._samples[number]) for number in (*newest, *others)])

    def _cut(self, sample: DetailSample) -> DetailSample:
        """A square of a sample, at multiples of what the network halves."""
        for _ in range(TRIES):
            top, left = (16 * self._generator.integers(0, (SIZE - CROP) // 16 + 1, 2)).tolist()
            square = (slice(top, top + CROP), slice(left, left + CROP))
            if sample.maps[VISIBLE][square].mean(dtype=np.float32) > SEEN:
                break
        maps, codes, displacement, painted, counted = sample
        return DetailSample(maps[:, *square], codes, displacement[square], painted[square], counted[square])


def stack(samples: Sequence[DetailSample]) -> DetailBatch:
    """Samples as a batch."""
    maps, codes, displacement, painted, counted = (
        torch.from_numpy(np.stack(part).astype(np.float32)) for part in zip(*samples, strict=True)
    )
    layout = torch.channels_last
    shown = maps.contiguous(memory_format=layout)
    return DetailBatch(shown, codes, displacement[:, None], painted[:, None], counted[:, None])


def held_out_samples(count: int = HELD_OUT) -> list[DetailSample]:
    """Samples of a stream that training never sees."""
    return [sample_detail(np.random.default_rng([HELD_OUT_STREAM, number])) for number in range(count)]


@torch.no_grad()
def evaluate(network: nn.Module, samples: Sequence[DetailSample]) -> DetailFigures:
    """Figures of a network."""
    correlations, paints, reliefs, truths = [], [], [], []
    for sample in samples:
        batch = stack([sample])
        found = network(batch.maps, batch.codes)[0, 0].numpy()
        seen = sample.counted > 0.8
        free, painted = seen & (sample.painted < FREE), seen & (sample.painted > PAINTED)
        if free.sum() > 1000:
            correlations.append(np.corrcoef(found[free], sample.displacement[free])[0, 1])
            reliefs.append(np.abs(found[free]).mean())
            truths.append(np.abs(sample.displacement[free]).mean())
        if painted.any():
            paints.append(np.abs(found[painted]).mean())
    means = (float(np.mean(each)) for each in (correlations, paints, reliefs, truths))
    return DetailFigures(*means)


def initial_network(path: Path) -> DetailNetwork:
    """The network of exported weights as it was trained: without the gain that they were exported with.

    Raises
    ------
    DataFileError
        If the file is missing or damaged.
    """
    network = deepcopy(load_detail_network(path))
    gain = float(read_weights(path)[0].get("gain", 1))
    with torch.no_grad():
        for parameter in network.head.parameters():
            parameter.div_(gain)
    return network


def train(run: Path, network: DetailNetwork, settings: Settings, weights: DetailWeights) -> DetailNetwork:
    """Train from the run's checkpoint, or from the network's own weights if there is none; gives the averaged network.

    Raises
    ------
    TrainingDivergedError
        If the loss is not finite; the last good checkpoint stays.
    """
    run.mkdir(parents=True, exist_ok=True)
    network = in_layout(network)
    state = TrainingState.begin(run / CHECKPOINT, network, CONFIGURATION.to_json(), "muon", settings)
    position, clock = state.position, Clock(state.position.minutes)
    saving = Interval(settings.save_every_minutes, position.minutes)
    pool, held_out = SamplePool(settings.seed, position.step), held_out_samples()
    losses: list[float] = []
    while (fraction := progress_of(position, settings)) < 1:
        rate = learning_rate(position.step, fraction, settings)
        losses.append(leave_gradients(network, pool.batch(settings.batch_size), weights))
        norm = nn.utils.clip_grad_norm_(network.parameters(), settings.clip)
        require_finite(position.step, norm, losses[-1])
        state.move(rate, settings.batch_size)
        position.minutes = clock.minutes
        if saving.is_over(position.minutes):
            state.save()
        if position.step % settings.log_every == 0:
            figures = dataclasses.asdict(evaluate(state.averaged, held_out))
            row = dataclasses.asdict(position) | {"loss": float(np.mean(losses))} | figures
            append_row(run / "log.csv", row)
            losses = []
    state.save()
    return state.averaged


def in_layout(network: DetailNetwork) -> DetailNetwork:
    """The network with its kernels laid out in memory as processors compute them fastest."""
    moved: DetailNetwork = network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    return moved


def leave_gradients(network: DetailNetwork, batch: DetailBatch, weights: DetailWeights) -> float:
    """Leave the gradients of the batch's loss in the parameters, and return the loss."""
    network.zero_grad(set_to_none=True)
    precision = quick_precision(torch.device("cpu"))
    with torch.autocast("cpu", torch.bfloat16, enabled=precision == torch.bfloat16):
        found = network(batch.maps, batch.codes)
    loss = detail_loss(found.float(), batch, weights)["total"]
    loss.backward()
    return float(loss.detach())


def export(run: Path, output: Path, gain: float = 1.0) -> None:
    """Write the averaged weights of a run's checkpoint in half precision, and their checksum beside them.

    The least error asks for reliefs that are flatter the less is known of them; `gain` multiplies what comes out.

    Raises
    ------
    DataFileError
        If the checkpoint is missing or damaged.
    """
    network, position = read_averaged(run / CHECKPOINT, lambda text: DetailNetwork(DetailConfiguration.from_json(text)))
    with torch.no_grad():
        for parameter in network.head.parameters():
            parameter.mul_(gain)
    card = card_of(position) | {
        "data": f"skin drawn and lit on heads, {DATA}",
        "gain": f"{gain:g}",
        "date": datetime.date.today().isoformat(),
    }
    save_detail_network(network, output, card)
    write_checksum(output)


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    default, losses = Settings(), DetailWeights()
    parser = argparse.ArgumentParser(prog="python -m training.detail_network.train", description=__doc__)
    parser.add_argument("run", type=Path, help="folder of the checkpoint and the log")
    parser.add_argument("--minutes", type=float, default=default.minutes, help="of training in all (default: 60)")
    parser.add_argument("--steps", type=int, default=default.steps, help="end after so many at the latest")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--learning-rate", type=float, default=5e-3)
    parser.add_argument("--seed", type=int, default=default.seed, help="of weights, samples and their order")
    parser.add_argument("--initial", type=Path, help="exported weights to begin with (default: new ones)")
    parser.add_argument("--log-every", type=int, default=default.log_every, help="steps")
    parser.add_argument("--threads", type=int, help="of this process; 1 where others need the processor too")
    parser.add_argument("--export", type=Path, help="write the weights to this file in the end")
    parser.add_argument("--gain", type=float, default=1.0, help="on the reliefs of the weights that are written")
    for name in ("photometric", "smoothness", "size"):
        parser.add_argument(f"--{name}", type=float, default=getattr(losses, name), help="weight of the paper's loss")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    options = parse(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    settings = Settings(
        batch_size=options.batch_size,
        minutes=options.minutes,
        steps=options.steps,
        learning_rate=options.learning_rate,
        average_horizon=60,
        warm_up_steps=20,
        seed=options.seed,
        log_every=options.log_every,
    )
    weights = DetailWeights(photometric=options.photometric, smoothness=options.smoothness, size=options.size)
    torch.manual_seed(settings.seed)
    try:
        network = initial_network(options.initial) if options.initial else DetailNetwork(CONFIGURATION)
        train(options.run, network, settings, weights)
        if options.export:
            export(options.run, options.export, options.gain)
    except Pix2VertexError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
