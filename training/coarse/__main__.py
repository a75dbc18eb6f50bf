"""The coarse stage of coarse-to-fine on drawn people, at a tiny scale: `python -m training.coarse COMMAND ...`.

bank FILE --backgrounds PICTURES    draw people, look at each twice, and keep what is true of them
table FOLDER --bank FILE            table 2: with and without the module, without and with the truth, published and ours
sheet FOLDER --bank FILE --output P what the networks of that table tell of people whom they have not met
"""

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch

from pix2vertex_blender.errors import DataFileError

from ..commands import Command, run_command
from .bank import read_bank, write_bank
from .lessons import Lessons
from .model import CoarseModel, LinearFace
from .network import CoarseConfiguration
from .sheet import write_sheet
from .table import PUBLISHED, REMARK, ROWS, table
from .train import CHECKPOINT, CoarseSettings, trained

NOT_TRAINED = "There is no {path}: print the table with the same options first."


def draw_bank(options: argparse.Namespace) -> None:
    """Draw people."""
    drawing = options.people, options.seed, options.size, options.looks, options.backgrounds, options.minutes
    print(f"{write_bank(options.file, *drawing)} people in {options.file}")


def compare(options: argparse.Namespace) -> None:
    """Print the paper's table and ours."""
    lessons, face, configuration, settings = _asked(options)
    print(PUBLISHED.markdown())
    print(f"{REMARK}\n", flush=True)
    print(table(options.folder, lessons, face, configuration, settings).markdown())


def show(options: argparse.Namespace) -> None:
    """Draw what the networks tell.

    Raises
    ------
    DataFileError
        If one of them has not been trained.
    """
    lessons, face, configuration, settings = _asked(options)
    options.output.mkdir(parents=True, exist_ok=True)
    for number, (_, module, truth) in enumerate(ROWS):
        run = options.folder / f"coarse_{number}"
        if not (run / CHECKPOINT).exists():
            raise DataFileError(NOT_TRAINED.format(path=run / CHECKPOINT))
        own = replace(settings, weights=replace(settings.weights, truth=truth))
        network = trained(run, lessons, face, replace(configuration, module=module), own)
        write_sheet(options.output / f"coarse_{number}.png", network, face, lessons.unmet())


def _asked(options: argparse.Namespace) -> tuple[Lessons, LinearFace, CoarseConfiguration, CoarseSettings]:
    torch.set_num_threads(options.threads)
    bank = read_bank(options.bank)
    model = CoarseModel.of(bank)
    configuration = CoarseConfiguration(size=bank.images.shape[-1])
    settings = CoarseSettings(options.steps, options.batch_size, options.learning_rate, seed=options.seed)
    return Lessons(bank, model), LinearFace(model), configuration, settings


def _add_bank(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help="npz file")
    parser.add_argument("--people", type=int, default=750)
    parser.add_argument("--looks", type=int, default=2, help="at each")
    parser.add_argument("--size", type=int, default=CoarseConfiguration().size, help="pixels of a look's side")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--minutes", type=float, default=1e9, help="of drawing, at the most")
    parser.add_argument("--backgrounds", type=Path, required=True, help="file to keep the background pictures in")


def _add_training(parser: argparse.ArgumentParser) -> None:
    default = CoarseSettings()
    parser.add_argument("folder", type=Path, help="where the networks are kept")
    parser.add_argument("--bank", type=Path, required=True)
    parser.add_argument("--steps", type=int, default=default.steps)
    parser.add_argument("--batch-size", type=int, default=default.batch_size)
    parser.add_argument("--learning-rate", type=float, default=default.learning_rate)
    parser.add_argument("--seed", type=int, default=default.seed)
    parser.add_argument("--threads", type=int, default=1)


def _add_sheet(parser: argparse.ArgumentParser) -> None:
    _add_training(parser)
    parser.add_argument("--output", type=Path, required=True, help="folder for the pictures")


COMMANDS = {
    "bank": Command(draw_bank, _add_bank, "draw people with what is true of them"),
    "table": Command(compare, _add_training, "the paper's table 2 and ours"),
    "sheet": Command(show, _add_sheet, "draw what the table's networks tell"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    run_command("python -m training.coarse", __doc__, COMMANDS, arguments)


if __name__ == "__main__":
    main()
