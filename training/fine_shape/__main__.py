"""The fine shape of Beyond 3DMM on our own data: `python -m training.fine_shape COMMAND ...`.

bank SAMPLES FOLDER --seed N            register rendered people as the product does, and keep what is needed
train RUN --bank FOLDER                 learn to displace registered heads; the same command goes on where it was
measure RUN ... --held-out FOLDER       errors of displaced heads, each beside the twin without the photo if it is given
table NAME FOLDER --bank B --held-out H a paper's ablation, its figures and ours
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.tables import Cell, Table

from ..commands import Command, run_command
from .bank import BankSettings, write_bank
from .losses import LOSSES
from .measure import COLUMNS, network_figures, read_pairs, registered_figures
from .networks import CAMERA, MODEL, PHOTO, VIRTUAL, FineShapeConfiguration
from .tables import STUDIES, study
from .train import FineShapeSettings, load_fine_shape, train


def make_bank(options: argparse.Namespace) -> None:
    """Register people."""
    settings = BankSettings(options.seed, options.size, options.backgrounds)
    written = write_bank(options.samples, options.folder, options.start, options.count, settings, options.workers)
    print(f"{written} new pairs in {options.folder}")


def learn(options: argparse.Namespace) -> None:
    """Train a network."""
    train(options.run, options.bank, _configuration(options), _settings(options, options.loss, not options.no_photo))


def measure(options: argparse.Namespace) -> None:
    """Print the table of some runs."""
    pairs = read_pairs(options.held_out, options.count)
    mean, registered = (figures.row for figures in registered_figures(pairs))
    rows: list[tuple[Cell, ...]] = [("mean head", *mean), ("registered head", *registered)]
    for run in options.runs:
        network, settings = load_fine_shape(run)
        title = run.name if settings.sees_photo else f"{run.name}, which sees no photo"
        rows.append((title, *network_figures(network, pairs, settings.sees_photo).row))
    title = f"{len(pairs)} held-out rendered people"
    print(Table("fine_shape", title, ("heads", *COLUMNS), rows).markdown())


def compare(options: argparse.Namespace) -> None:
    """Print a paper's table and ours."""
    chosen = STUDIES[options.name]
    print(chosen.published.markdown())
    print(f"{chosen.remark}\n", flush=True)
    configuration, settings = _configuration(options), _settings(options, options.loss, True)
    folders = options.folder, options.bank, options.held_out
    print(study(options.name, *folders, options.count, configuration, settings).markdown())


def _configuration(options: argparse.Namespace) -> FineShapeConfiguration:
    widths = tuple(max(4, width // options.narrow) for width in FineShapeConfiguration().widths)
    return FineShapeConfiguration(options.look, options.views, options.size, widths, not options.unconditioned)


def _settings(options: argparse.Namespace, loss: str, sees_photo: bool) -> FineShapeSettings:
    return FineShapeSettings(
        loss=loss,
        sees_photo=sees_photo,
        batch_size=options.batch_size,
        steps=options.steps,
        minutes=options.minutes,
        learning_rate=options.learning_rate,
        seed=options.seed,
    )


def _add_bank(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("samples", type=Path, help="folder of training.generate")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, required=True, help="that the samples were generated with")
    parser.add_argument("--start", type=int, default=0, help="first sample, so that held-out pairs are other people")
    parser.add_argument("--count", type=int, default=15_000, help="samples to look at")
    parser.add_argument("--size", type=int, default=FineShapeConfiguration().size, help="pixels of the pictures' side")
    parser.add_argument("--backgrounds", type=Path, help="file to keep the background pictures in")
    parser.add_argument("--workers", type=int, default=1)


def _add_train(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", type=Path)
    parser.add_argument("--no-photo", action="store_true", help="the twin that sees no picture")
    _add_training(parser)


def _add_measure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("runs", type=Path, nargs="+")
    _add_held_out(parser)


def _add_table(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", choices=tuple(STUDIES))
    parser.add_argument("folder", type=Path, help="where the runs are kept")
    _add_training(parser)
    _add_held_out(parser)


def _add_training(parser: argparse.ArgumentParser) -> None:
    """What is trained, on what and how."""
    network, default = FineShapeConfiguration(), FineShapeSettings()
    parser.add_argument("--bank", type=Path, nargs="+", required=True, help="folders of pairs")
    parser.add_argument("--look", choices=(VIRTUAL, PHOTO, MODEL, CAMERA), default=VIRTUAL)
    parser.add_argument("--views", type=int, choices=range(1, 8), default=network.views)
    parser.add_argument("--size", type=int, default=network.size, help="pixels, a multiple of 16")
    parser.add_argument("--narrow", type=int, default=1, help="divide all channels by this, for trying it out")
    parser.add_argument("--unconditioned", action="store_true", help="do not tell the decoder the registered head")
    parser.add_argument("--loss", choices=LOSSES, default=default.loss)
    parser.add_argument("--batch-size", type=int, default=default.batch_size)
    parser.add_argument("--steps", type=int, default=default.steps, help="in all")
    parser.add_argument("--minutes", type=float, default=default.minutes, help="of this start at the most")
    parser.add_argument("--learning-rate", type=float, default=default.learning_rate)
    parser.add_argument("--seed", type=int, default=default.seed)


def _add_held_out(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--held-out", type=Path, nargs="+", required=True, help="folders of pairs of other people")
    parser.add_argument("--count", type=int, default=200, help="of them")


COMMANDS = {
    "bank": Command(make_bank, _add_bank, "register rendered people"),
    "train": Command(learn, _add_train, "learn to displace registered heads"),
    "measure": Command(measure, _add_measure, "errors of displaced heads"),
    "table": Command(compare, _add_table, "a paper's ablation"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    run_command("python -m training.fine_shape", __doc__, COMMANDS, arguments)


if __name__ == "__main__":
    main()
