"""The papers' ablations of the fine shape at our scale, each beside what its paper prints."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from benchmarks import published
from benchmarks.tables import Cell, Table

from .measure import COLUMNS, network_figures, read_pairs, registered_figures
from .networks import CAMERA, MODEL, PHOTO, VIRTUAL, FineShapeConfiguration
from .train import FineShapeSettings, load_fine_shape, train

Change = Callable[[FineShapeConfiguration, FineShapeSettings], tuple[FineShapeConfiguration, FineShapeSettings]]


@dataclass(frozen=True)
class Study:
    """What is trained for a table.

    Attributes
    ----------
    published : Table
    remark : str
        How the two can be compared.
    rows : dict of str to callable
        What each row changes.
    """

    published: Table
    remark: str
    rows: dict[str, Change]


def _configured(**values: Any) -> Change:
    return lambda configuration, settings: (replace(configuration, **values), settings)


def _set(**values: Any) -> Change:
    return lambda configuration, settings: (configuration, replace(settings, **values))


ON_OURS = (
    "The published figures are of scanned people, ours of rendered ones whose registered heads already have what a "
    "3DMM would find: only the order of the rows can be compared."
)
STUDIES = {
    "networks": Study(
        published.NETWORKS,
        ON_OURS,
        {
            "camera view": _configured(look=CAMERA),
            "model view": _configured(look=MODEL),
            "virtual multiview": _configured(look=VIRTUAL),
            "virtual multiview, no photo": _set(sees_photo=False),
        },
    ),
    "views": Study(
        published.VIEWS,
        ON_OURS,
        {
            "as the photo": _configured(look=PHOTO),
            "1, from the front": _configured(views=1),
            "3": _configured(views=3),
            "5": _configured(views=5),
            "7": _configured(views=7),
        },
    ),
    "losses": Study(
        published.LOSSES,
        ON_OURS,
        {
            "squared distance": _set(loss="squared"),
            "squared distance and plaster sculpture": _set(loss="squared+plaster"),
            "plaster sculpture and visual guide": _set(loss="plaster+guided"),
            "visual guide": _set(loss="guided"),
        },
    ),
    "stages": Study(
        published.COARSE_TO_FINE,
        "Published are landmarks on photos; ours are vertices of rendered people: the mean head, the head registered "
        "with what the networks say of the person, a displacement of it, and one that is told that head, which has "
        "identity and expression.",
        {
            "and a displacement": _configured(conditioned=False),
            "and its condition on the registered head": _configured(conditioned=True),
        },
    ),
}


def study(
    name: str,
    folder: Path,
    bank: Sequence[Path],
    held_out: Sequence[Path],
    held_out_count: int,
    configuration: FineShapeConfiguration,
    settings: FineShapeSettings,
) -> Table:
    """Train what a table needs, the same steps each, from where earlier runs in the folder were; returns our table.

    Raises
    ------
    DataFileError
        If there are no pairs.
    """
    pairs = read_pairs(held_out, held_out_count)
    mean, registered = (figures.row for figures in registered_figures(pairs))
    rows: list[tuple[Cell, ...]] = [("mean head", 0, *mean), ("registered head", 0, *registered)]
    for number, (title, change) in enumerate(STUDIES[name].rows.items()):
        run = folder / f"{name}_{number}"
        steps = train(run, bank, *change(configuration, settings))
        network, trained = load_fine_shape(run)
        rows.append((title, steps * trained.batch_size, *network_figures(network, pairs, trained.sees_photo).row))
    title = f"Ours, measured now on {len(pairs)} held-out rendered people at {configuration.size} px"
    return Table(f"fine_shape_{name}", title, (name, "samples", *COLUMNS), rows)
