"""Train both networks of the face's square: `python -m training.live.train RUN --minutes 60`.

The other trainings read samples that were made before; a graphics card would learn from those faster than they can be
made, stored and read. Here all cores but one draw people while the card learns, and the card keeps the last looks at
them, from which it draws each batch for both networks. RUN gets the checkpoints of both, which the same command goes on
from with people whom they have not met, `log.jsonl` and `log.png`, and the averaged weights whenever a checkpoint is
saved.
"""

import argparse
import copy
import dataclasses
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from pix2vertex_blender.errors import DataFileError, Pix2VertexError
from pix2vertex_blender.paths import CLOSE_NETWORK_WEIGHTS, LIKENESS_FILE
from pix2vertex_blender.reconstruction.likeness.model import read_likeness
from pix2vertex_blender.reconstruction.network.device import choose_device
from pix2vertex_blender.reconstruction.network.identity import (
    IdentityNetwork,
    load_identity_network,
    save_identity_network,
)
from pix2vertex_blender.reconstruction.network.network import (
    MapNetwork,
    Network,
    build_network,
    load_network,
    save_network,
    to_device,
)

from ..computation import PRECISIONS, compute_gradients
from ..data.backgrounds import background_bank
from ..evaluate import evaluate
from ..export import card_of
from ..identity.looks import Looks
from ..identity.losses import CLIP, explained, leave_gradients, r2
from ..identity.train import new_network
from ..log import Position
from ..losses import SHIPPED_WEIGHTS, Batch, TrainingLoss
from ..processes import core_count
from ..schedule import Clock, Interval, Settings, learning_rate, progress_of, require_finite
from ..state import TrainingState
from .looks import DrawingParameters
from .painters import Task, painting
from .pool import Fetcher, JointBatch, Pool

#: Looks that are there before the training begins, so that the first batches do not show the same people again.
BEFORE_START = 2000
#: Held-out looks in a batch.
HELD_OUT_BATCH = 32
#: What is drawn of a run.
CURVES = {
    "held_out_correspondence_mm": "correspondence, mm",
    "held_out_depth_percent": "depth, %",
    "held_out_normals_degrees": "normals, degrees",
    "held_out_mask_iou": "mask, IoU",
    "held_out_r2": "heads explained, R2",
}
#: Both networks' files in a run's folder.
MAPS, IDENTITY = "close_network", "identity_network"


class JointTraining:
    """The training of both networks.

    Parameters
    ----------
    maps, identity : TrainingState
        With the same settings.
    precision : torch.dtype
    compiled : bool
    """

    def __init__(
        self,
        maps: TrainingState[MapNetwork],
        identity: TrainingState[IdentityNetwork],
        precision: torch.dtype,
        compiled: bool,
    ) -> None:
        self.maps, self.identity, self.settings, self.precision = maps, identity, maps.settings, precision
        device = next(maps.network.parameters()).device
        self.loss_of: nn.Module = TrainingLoss(maps.network, SHIPPED_WEIGHTS).to(device)
        if compiled:
            self.loss_of.compile()
            identity.network.compile()

    def step(self, batch: JointBatch, rate: float) -> dict[str, Tensor]:
        """Train both networks on a batch; returns the terms of the maps' loss and the share of heads explained (R2).

        Nothing is read from the device, so that it need not wait.
        """
        terms = compute_gradients(self.loss_of, batch.maps, self.precision)
        _move(self.maps, rate, self.settings.clip)
        wrong = leave_gradients(self.identity.network, batch.looks, self.precision, batch.says_enough)
        _move(self.identity, rate, CLIP)
        share = r2(wrong, batch.looks, batch.says_enough)
        return {name: term.detach() for name, term in terms.items()} | {"r2": share}

    @torch.inference_mode()
    def held_out_figures(self, held_out: Pool) -> dict[str, float]:
        """What both averages make of people whom they have not met."""
        batches: list[Batch] = []
        looks: list[Looks] = []
        for chosen in torch.arange(len(held_out), device=held_out.device).split(HELD_OUT_BATCH):
            batch = held_out.batch(chosen, torch.zeros(len(chosen), dtype=torch.bool, device=held_out.device))
            batches.append(batch.maps)
            told = batch.says_enough > 0
            looks.append(Looks(*(values[told] for values in batch.looks)))
        figures = evaluate(self.maps.averaged, batches, held_out.device)
        figures["r2"] = explained(self.identity.averaged, looks)
        return {f"held_out_{name}": value for name, value in figures.items()}

    def save(self, run: Path) -> None:
        """Checkpoints and averaged weights of both."""
        self.maps.save()
        self.identity.save()
        save_network(self.maps.averaged, run / f"{MAPS}.safetensors", card_of(self.maps.position))
        identity = self.identity
        save_identity_network(identity.averaged, run / f"{IDENTITY}.safetensors", card_of(identity.position))


def _move(state: TrainingState[Network], rate: float, clip: float) -> None:
    """One step along the gradients that are there, whose norm is at most `clip`."""
    nn.utils.clip_grad_norm_(state.network.parameters(), clip)
    state.move(rate, state.settings.batch_size)


def train(joint: JointTraining, run: Path, pool: Pool, held_out: Pool, fetcher: Fetcher) -> None:
    """Train both networks to the end of the settings' minutes."""
    settings, position = joint.settings, joint.maps.position
    clock = Clock(position.minutes)
    saving = Interval(settings.save_every_minutes, position.minutes)
    validation = Interval(settings.validate_every_minutes, position.minutes)
    lately: list[dict[str, Tensor]] = []
    while (fraction := progress_of(position, settings)) < 1:
        fetcher.deliver()
        rate = learning_rate(position.step, fraction, settings)
        lately.append(joint.step(pool.draw(settings.batch_size), rate))
        position.minutes = joint.identity.position.minutes = clock.minutes
        if position.step % settings.log_every == 0:
            figures = means(lately, position.step)
            figures |= {"rate": rate, "looks": float(pool.received)}
            if len(held_out) and validation.is_over(position.minutes):
                figures |= joint.held_out_figures(held_out)
            report(run, position, figures)
            lately = []
            if saving.is_over(position.minutes):  # what is saved has been seen to be finite
                joint.save(run)
    joint.save(run)
    if len(held_out):
        report(run, position, joint.held_out_figures(held_out))
        plot(run / "log.jsonl", run / "log.png")


def report(run: Path, position: Position, figures: dict[str, float]) -> None:
    """Append a line of JSON to the log, and print it."""
    row = {**dataclasses.asdict(position), **figures}
    with (run / "log.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\n")
    print("  ".join(f"{name} {value:.4g}" for name, value in row.items()), flush=True)


def plot(log: Path, picture: Path) -> None:
    """Draw what both averages made of people whom they had not met, against the minutes of training."""
    import matplotlib.figure

    rows = [row for row in map(json.loads, log.read_text().splitlines()) if "held_out_r2" in row]
    figure = matplotlib.figure.Figure(figsize=(15, 3.2), layout="constrained")
    for axes, (name, title) in zip(figure.subplots(1, len(CURVES)), CURVES.items(), strict=True):
        axes.plot([row["minutes"] for row in rows], [row[name] for row in rows], marker="o")
        axes.set_title(title)
        axes.set_xlabel("minutes")
        axes.grid(alpha=0.3)
    figure.savefig(picture)


def means(rows: Sequence[dict[str, Tensor]], step: int) -> dict[str, float]:
    """Of each term over some steps.

    Raises
    ------
    TrainingDivergedError
        If one is not finite: the last checkpoint stays.
    """
    figures = {name: float(torch.stack([row[name] for row in rows]).mean()) for name in rows[0]}
    require_finite(step, *figures.values())
    return figures


def wait_for_looks(fetcher: Fetcher, pool: Pool, count: int) -> None:
    """Until the training can begin; those who are never taught come first."""
    while len(pool) < count:
        time.sleep(0.2)
        fetcher.deliver()


def new_identity_network(
    weights: Path | None, map_network: MapNetwork, coefficients: int, pool: Pool
) -> IdentityNetwork:
    """That of a weights file, or one that says nothing yet, its way inwards that of the map network."""
    if weights is not None:
        return copy.deepcopy(load_identity_network(weights))
    network = new_network(map_network, coefficients)
    known = pool.fields["coefficients"][: len(pool)].cpu()
    network.middle.copy_(known.mean(0))
    network.spread.copy_(known.std(0))
    return network


def _memory() -> str:
    """Where files stay in memory, if there is such a place."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else tempfile.gettempdir()


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.live.train", description="Train both close networks.")
    parser.add_argument("run", type=Path, help="folder of the checkpoints and the log")
    parser.add_argument("--initial", type=Path, default=CLOSE_NETWORK_WEIGHTS, help="map network to begin with")
    parser.add_argument("--initial-identity", type=Path, help="identity network to begin with, of this resolution")
    parser.add_argument("--basis", type=Path, default=LIKENESS_FILE, help="file with the basis of heads")
    parser.add_argument("--backgrounds", type=Path, help="file to keep the background pictures in")
    parser.add_argument("--resolution", type=int, default=256, help="pixels of a side of the square")
    parser.add_argument("--sample-size", type=int, default=320, help="pixels of the pictures that it is cut from")
    parser.add_argument("--looks", type=int, default=4, help="at each person")
    parser.add_argument("--painters", type=int, help="processes that draw people (default: all cores but one)")
    parser.add_argument("--pool", type=int, default=40_000, help="looks that the device keeps")
    parser.add_argument("--held-out", type=int, default=512, help="people who are never taught")
    parser.add_argument("--before-start", type=int, default=BEFORE_START, help="looks that are there at the start")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--learning-rate", type=float, default=5e-4)
    parser.add_argument("--minutes", type=float, default=60, help="of training in all")
    parser.add_argument("--steps", type=int, default=Settings().steps, help="end after so many at the latest")
    parser.add_argument("--validate-every", type=float, default=2.0, help="minutes")
    parser.add_argument("--save-every", type=float, default=4.0, help="minutes")
    parser.add_argument("--precision", choices=tuple(PRECISIONS), default="bfloat16")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--seed", type=int, default=1, help="of the people")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    options = parse(arguments)
    torch.manual_seed(options.seed)
    torch.set_float32_matmul_precision("high")
    try:
        device = choose_device(options.device)
        _train(options, device)
    except Pix2VertexError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _train(options: argparse.Namespace, device: torch.device) -> None:
    mirror = read_likeness(options.basis).mirror
    options.run.mkdir(parents=True, exist_ok=True)
    backgrounds = options.backgrounds or options.run / "backgrounds.npy"
    background_bank(backgrounds)
    given = load_network(options.initial)
    if given.configuration.architecture != "residual":
        raise DataFileError(f"The weights {options.initial} are of a network that the identity network cannot share.")
    drawing = DrawingParameters(options.seed, options.resolution, options.sample_size, options.looks)
    settings = _settings(options)
    maps = build_network(dataclasses.replace(given.configuration, resolution=options.resolution))
    maps.load_state_dict(given.state_dict())
    maps_state = _begin(options.run / f"{MAPS}.pt", to_device(maps, device), settings)
    steps = maps_state.position.step
    torch.manual_seed(options.seed + steps)  # the batches, too, are others than before
    with tempfile.TemporaryDirectory(dir=_memory()) as ring:
        task = Task(drawing, options.basis, backgrounds, Path(ring), options.held_out, steps)
        count = options.painters or max(1, core_count() - 1)
        with painting(task, len(mirror), count) as painters:
            pool = Pool(options.pool, options.resolution, mirror, device)
            held_out = Pool(options.held_out, options.resolution, mirror, device)
            fetcher = Fetcher(painters, pool, held_out)
            fetcher.start()
            wait_for_looks(fetcher, pool, options.before_start)
            identity = new_identity_network(options.initial_identity, maps, len(mirror), pool)
            to_device(identity, device)
            identity_state = _begin(options.run / f"{IDENTITY}.pt", identity, settings)
            joint = JointTraining(maps_state, identity_state, PRECISIONS[options.precision], options.compile)
            train(joint, options.run, pool, held_out, fetcher)


def _begin(checkpoint: Path, network: Network, settings: Settings) -> TrainingState[Network]:
    return TrainingState.begin(checkpoint, network, network.configuration.to_json(), "muon", settings)


def _settings(options: argparse.Namespace) -> Settings:
    return Settings(
        batch_size=options.batch_size,
        minutes=options.minutes,
        steps=options.steps,
        learning_rate=options.learning_rate,
        log_every=20,
        validate_every_minutes=options.validate_every,
        save_every_minutes=options.save_every,
    )


if __name__ == "__main__":
    sys.exit(main())
