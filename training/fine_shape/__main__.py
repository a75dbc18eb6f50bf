"""The fine shape of Beyond 3DMM on our own data: `python -m training.fine_shape COMMAND ...`.

bank SAMPLES FOLDER --seed N            register rendered people as the product does, and keep what is needed
train RUN --bank FOLDER                 learn to displace registered heads; the same command goes on where it was
measure RUN ... --held-out FOLDER       errors of displaced heads, each beside the twin without the photo if it is given
table NAME FOLDER --bank B --held-out H a paper's ablation, its figures and ours
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.tables import Cell, Table
from pix2vertex_blender.errors import Pix2VertexError

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


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.fine_shape", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    commands = parser.add_subparsers(required=True)
    one = commands.add_parser("bank", help="register rendered people")
    one.add_argument("samples", type=Path, help="folder of training.generate")
    one.add_argument("folder", type=Path)
    one.add_argument("--seed", type=int, required=True, help="that the samples were generated with")
    one.add_argument("--start", type=int, default=0, help="first sample, so that held-out pairs are other people")
    one.add_argument("--count", type=int, default=15_000, help="samples to look at")
    one.add_argument("--size", type=int, default=FineShapeConfiguration().size, help="pixels of the pictures' side")
    one.add_argument("--backgrounds", type=Path, help="file to keep the background pictures in")
    one.add_argument("--workers", type=int, default=1)
    one.set_defaults(run_command=make_bank)
    two = commands.add_parser("train", help="learn to displace registered heads")
    two.add_argument("run", type=Path)
    two.add_argument("--no-photo", action="store_true", help="the twin that sees no picture")
    two.set_defaults(run_command=learn)
    three = commands.add_parser("measure", help="errors of displaced heads")
    three.add_argument("runs", type=Path, nargs="+")
    three.set_defaults(run_command=measure)
    four = commands.add_parser("table", help="a paper's ablation")
    four.add_argument("name", choices=tuple(STUDIES))
    four.add_argument("folder", type=Path, help="where the runs are kept")
    four.set_defaults(run_command=compare)
    default = FineShapeSettings()
    for each in (two, four):
        each.add_argument("--bank", type=Path, nargs="+", required=True, help="folders of pairs")
        each.add_argument("--look", choices=(VIRTUAL, PHOTO, MODEL, CAMERA), default=VIRTUAL)
        each.add_argument("--views", type=int, choices=range(1, 8), default=FineShapeConfiguration().views)
        each.add_argument("--size", type=int, default=FineShapeConfiguration().size, help="pixels, a multiple of 16")
        each.add_argument("--narrow", type=int, default=1, help="divide all channels by this, for trying it out")
        each.add_argument("--unconditioned", action="store_true", help="do not tell the decoder the registered head")
        each.add_argument("--loss", choices=LOSSES, default=default.loss)
        each.add_argument("--batch-size", type=int, default=default.batch_size)
        each.add_argument("--steps", type=int, default=default.steps, help="in all")
        each.add_argument("--minutes", type=float, default=default.minutes, help="of this start at the most")
        each.add_argument("--learning-rate", type=float, default=default.learning_rate)
        each.add_argument("--seed", type=int, default=default.seed)
    for each in (three, four):
        each.add_argument("--held-out", type=Path, nargs="+", required=True, help="folders of pairs of other people")
        each.add_argument("--count", type=int, default=200, help="of them")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    options = parse(arguments)
    try:
        options.run_command(options)
    except Pix2VertexError as error:
        sys.exit(f"{error}")


if __name__ == "__main__":
    main()
