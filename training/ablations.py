"""The papers' ablations at our scale, each in one command: `python -m training.ablations NAME FOLDER --data FOLDER`.

Every table stands below that of the paper. The two are never on the same data, so that only the order of the rows and
the size of their steps can be compared. Beyond 3DMM's other tables, and the coarse-to-fine paper's, are those of
`python -m training.fine_shape table`.

    networks       pix2vertex, figure 5 and supplement A: the normals loss, and a network for each map
    losses         Beyond 3DMM, table 4: what the shape's own loss brings
    augmentation   Beyond 3DMM, table 3: new views, and new views with other shapes, in the same minutes
    translation    pix2vertex, 5.3: whether samples translated to another look (--translation RUN) are worth anything
"""

import argparse
import dataclasses
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from benchmarks import published
from benchmarks.tables import Table
from pix2vertex_blender.errors import OptionError, Pix2VertexError
from pix2vertex_blender.reconstruction.network.device import choose_device

from .arrays import Bytes
from .compare import VARIANTS, as_it_is, compare, measure, train_recipe
from .data.backgrounds import background_bank
from .data.new_views import ViewChanges, write_new_views
from .evaluate import FIGURES
from .schedule import Settings
from .train import Recipe
from .translation.measure import load_generator, translated
from .translation.samples import write_translated_samples
from .translation.train import CHECKPOINT

#: Figures of `training.evaluate` that the tables show.
SHOWN = ("correspondence_mm", "depth_percent", "normals_degrees", "mask_iou")


#: What the tables of data train.
RECIPE = VARIANTS["shipped"].recipe

NO_GENERATOR = "Say with --translation which run of training.translation is to translate samples."


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
#: Makes a folder of new samples of those of another.
MakeSamples = Callable[[Path, Path], int]
#: What is first in the tables of data, and what all others have too.
ALONE = "rendered views alone"


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


@dataclass(frozen=True)
class DataStudy:
    """A table of data.

    Attributes
    ----------
    name : str
    kinds : dict of str to callable
        What the rows have beside the samples as they were rendered.
    looks : dict of str to callable
        What each network reads held-out images (B, 3, S, S) as, for a row each.
    """

    name: str
    kinds: Mapping[str, MakeSamples]
    looks: Mapping[str, Callable[[Tensor], Tensor]]


def augmentations(count: int, seed: int) -> DataStudy:
    """Beyond 3DMM's table 3."""
    kinds = {"and new views": ViewChanges(shape_share=0.0), "and new views and shapes": ViewChanges(shape_share=1.0)}
    makers = {
        title: partial(write_new_views, count=count, changes=changes, seed=seed) for title, changes in kinds.items()
    }
    return DataStudy("augmentation", makers, {"": as_it_is})


def translations(run: Path, resolution: int, count: int, seed: int, backgrounds: Bytes) -> DataStudy:
    """Samples in the look that a generator has learnt, read as they are and in that look.

    Raises
    ------
    DataFileError
        If the run has no generator.
    """
    look = load_generator(run / CHECKPOINT)
    shown = partial(write_translated_samples, count=count, seed=seed, generator=look, resolution=resolution)
    kinds = {"and translated samples": partial(shown, backgrounds=backgrounds)}
    return DataStudy("translation", kinds, {"": as_it_is, ", read in the look": partial(translated, look)})


def data_table(
    study: DataStudy,
    options: argparse.Namespace,
    recipe: Recipe,
    settings: Settings,
    backgrounds: Bytes,
    device: torch.device,
) -> Table:
    """Train the same network as long with each kind of data; new samples are made where they are missing."""
    rows: list[tuple[str | float | int, ...]] = []
    held_out = options.held_out, options.held_out_count
    for number, title in enumerate((ALONE, *study.kinds)):
        data = list(options.data)
        if title in study.kinds:
            made = options.folder / f"{study.name}_samples_{number}"
            study.kinds[title](options.data[0], made)
            data.append(made)
        run = options.folder / f"{study.name}_{number}"
        position = train_recipe(run, recipe, data, settings, backgrounds, device)
        for look, shown in study.looks.items():
            figures = measure(run, recipe, *held_out, settings, backgrounds, device, shown)
            rows.append((title + look, position.samples, *(figures[each] for each in SHOWN)))
        print(f"{title}: {position.samples} samples seen", flush=True)
    columns = ("training data", "samples seen", *(FIGURES[each][0].split(",")[0] for each in SHOWN))
    return Table(study.name, f"Ours, measured now, {_length(settings)} each", columns, rows)


def _length(settings: Settings) -> str:
    minutes = f"{settings.minutes:g} minutes"
    return minutes if settings.steps == Settings().steps else f"{settings.steps} steps or {minutes}"


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.ablations", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("ablation", choices=[*ABLATIONS, "augmentation", "translation"])
    parser.add_argument("folder", type=Path, help="where the runs are kept")
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders of samples")
    parser.add_argument("--held-out", type=Path, required=True, help="folder of held-out samples")
    parser.add_argument("--held-out-count", type=int, default=128)
    parser.add_argument("--new-count", type=int, default=1000, help="new samples to make of the first folder")
    parser.add_argument("--translation", type=Path, metavar="RUN", help="of training.translation, with its generator")
    parser.add_argument("--translation-resolution", type=int, default=128, help="pixels that it was trained at")
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
        if options.ablation in ABLATIONS:
            variants_table(options, settings, backgrounds, device)
            return
        study = _study(options, settings, backgrounds)
        print(data_table(study, options, RECIPE, settings, backgrounds, device).markdown())
    except Pix2VertexError as error:
        sys.exit(f"{error}")


def _study(options: argparse.Namespace, settings: Settings, backgrounds: Bytes) -> DataStudy:
    """The table of data that is asked for; the paper's, if it has one, is printed."""
    if options.ablation == "augmentation":
        print(published.AUGMENTATION.markdown(), flush=True)
        return augmentations(options.new_count, settings.seed)
    if options.translation is None:
        raise OptionError(NO_GENERATOR)
    resolution = options.translation_resolution
    return translations(options.translation, resolution, options.new_count, settings.seed, backgrounds)


if __name__ == "__main__":
    main()
