"""The papers' ablations at our scale, each in one command: `python -m training.ablations NAME FOLDER --data FOLDER`.

Every table stands below that of the paper. The two are never on the same data, so that only the order of the rows and
the size of their steps can be compared. Beyond 3DMM's other tables, and the coarse-to-fine paper's, are those of
`python -m training.fine_shape table`.

    networks       pix2vertex, figure 5 and supplement A: the normals loss, and a network for each map
    losses         Beyond 3DMM, table 4: what the shape's own loss brings
    augmentation   Beyond 3DMM, table 3: new views, and new views with other shapes, in the same minutes
"""

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import torch

from benchmarks import published
from benchmarks.tables import Table
from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.reconstruction.network.device import choose_device

from .arrays import Bytes
from .compare import VARIANTS, compare, measure, train_recipe
from .data.backgrounds import background_bank
from .data.new_views import ViewChanges, write_new_views
from .evaluate import FIGURES
from .train import Recipe, Settings

#: Figures of `training.evaluate` that the tables show.
SHOWN = ("correspondence_mm", "depth_percent", "normals_degrees", "mask_iou")


class Ablation(NamedTuple):
    """Variants of `training.compare`, beside what a paper says."""

    variants: tuple[str, ...]
    tables: tuple[Table, ...]
    remark: str


ABLATIONS = {
    "networks": Ablation(
        ("shipped", "without-normals", "correspondence-alone", "geometry-alone"),
        (),
        "Published without figures: the normals loss sharpens the depth (pix2vertex, figure 5), and each map has a "
        "network of its own (supplement A).",
    ),
    "losses": Ablation(
        ("shipped", "without-shape", "without-normals"),
        (published.LOSSES,),
        "Plaster sculpture and visual guide compare drawings of a mesh, which the network of maps does not make; what "
        "stands for them here is the loss on the shape after its best similarity. The losses themselves are compared "
        "by python -m training.fine_shape table losses.",
    ),
}
#: What the training data of each row of the table of augmentations is made of.
AUGMENTATIONS = {
    "rendered views alone": None,
    "and new views": ViewChanges(shape_share=0.0),
    "and new views and shapes": ViewChanges(shape_share=1.0),
}


def variants_table(options: argparse.Namespace, settings: Settings, backgrounds: Bytes, device: torch.device) -> None:
    """Print a paper's tables and ours."""
    ablation = ABLATIONS[options.ablation]
    for table in ablation.tables:
        print(table.markdown())
    print(f"{ablation.remark}\n\nOurs, measured now, {_length(settings)} each:\n", flush=True)
    compare(
        options.folder,
        ablation.variants,
        options.data,
        options.held_out,
        options.held_out_count,
        settings,
        backgrounds,
        device,
    )


def augmentation_table(
    options: argparse.Namespace, recipe: Recipe, settings: Settings, backgrounds: Bytes, device: torch.device
) -> Table:
    """Train the same network in the same time with each kind of data; new views are made where they are missing."""
    rows: list[tuple[str | float | int, ...]] = []
    for number, (title, changes) in enumerate(AUGMENTATIONS.items()):
        data = list(options.data)
        if changes is not None:
            made = options.folder / f"new_views_{number}"
            write_new_views(options.data[0], made, options.new_count, changes, settings.seed)
            data.append(made)
        run = options.folder / f"augmentation_{number}"
        position = train_recipe(run, recipe, data, settings, backgrounds, device)
        figures = measure(run, recipe, options.held_out, options.held_out_count, settings, backgrounds, device)
        rows.append((title, position.samples, *(figures[name] for name in SHOWN)))
        print(f"{title}: {position.samples} samples seen", flush=True)
    columns = ("training data", "samples seen", *(FIGURES[name][0].split(",")[0] for name in SHOWN))
    return Table("augmentation", f"Ours, measured now, {_length(settings)} each", columns, rows)


def _length(settings: Settings) -> str:
    minutes = f"{settings.minutes:g} minutes"
    return minutes if settings.steps == Settings().steps else f"{settings.steps} steps or {minutes}"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.ablations", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("ablation", choices=[*ABLATIONS, "augmentation"])
    parser.add_argument("folder", type=Path, help="where the runs are kept")
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders of samples")
    parser.add_argument("--held-out", type=Path, required=True, help="folder of held-out samples")
    parser.add_argument("--held-out-count", type=int, default=128)
    parser.add_argument("--new-count", type=int, default=1000, help="new views to make of the first folder")
    parser.add_argument("--minutes", type=float, default=10, help="of each training")
    parser.add_argument("--steps", type=int, help="of each training at the most, where others use the machine too")
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--backgrounds", type=Path, help="file to keep the background pictures in")
    parser.add_argument("--device", default="auto")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    options = parse(arguments)
    settings = Settings(batch_size=options.batch_size, minutes=options.minutes, learning_rate=8e-4, average_horizon=100)
    if options.steps is not None:
        settings = dataclasses.replace(settings, steps=options.steps)
    try:
        device, backgrounds = choose_device(options.device), background_bank(options.backgrounds)
        if options.ablation == "augmentation":
            print(published.AUGMENTATION.markdown(), flush=True)
            recipe = VARIANTS["shipped"].recipe
            print(augmentation_table(options, recipe, settings, backgrounds, device).markdown())
        else:
            variants_table(options, settings, backgrounds, device)
    except Pix2VertexError as error:
        sys.exit(f"{error}")


if __name__ == "__main__":
    main()
