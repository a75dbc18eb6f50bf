"""The coarse-to-fine paper's table 2, with and without the module, and ours at a tiny scale."""

from dataclasses import replace
from pathlib import Path

from benchmarks.tables import Cell, Table

from .lessons import Lessons
from .measure import COLUMNS, fitted_light_error, mean_figures, network_figures
from .model import LinearFace
from .network import CoarseConfiguration, CoarseNetwork
from .train import CoarseSettings, trained

PUBLISHED = Table(
    "coarse_published",
    "Published: AFLW2000-3D, ResNet-50 at 224 px, CelebA for 50 epochs, self-supervised (table 2)",
    ("method", "NME"),
    (("basic 3DMM", 5.91), ("and the multi-scale module", 4.63)),
)
REMARK = (
    "Ours are tiny networks on a few hundred drawn people, a minute or so of one core each: only whether rows differ, "
    "and in which direction, can be compared, and one start of each tells no small difference."
)
#: The rows' names, whether the module is there, and the weight of what is known of drawn people.
ROWS = (
    ("self-supervised, without the module", False, 0.0),
    ("self-supervised, with the module", True, 0.0),
    ("with known truth, without the module", False, 1.0),
    ("with known truth, with the module", True, 1.0),
)


def table(
    folder: Path, lessons: Lessons, face: LinearFace, configuration: CoarseConfiguration, settings: CoarseSettings
) -> Table:
    """Train what is not yet in the folder, the same looks and steps each, and measure it on people held out."""
    without_light: list[Cell] = [None] * len(COLUMNS)
    without_light[COLUMNS.index("light, %")] = fitted_light_error(lessons)
    rows: list[tuple[Cell, ...]] = [
        ("the mean of all", 0, *mean_figures(lessons, face).row),
        ("the product's light fit, told the true head", None, *without_light),
    ]
    for number, (title, module, truth) in enumerate(ROWS):
        own = replace(settings, weights=replace(settings.weights, truth=truth))
        network = trained(folder / f"coarse_{number}", lessons, face, replace(configuration, module=module), own)
        rows.append((title, _thousands(network), *network_figures(network, lessons, face).row))
    learnt, unmet = int(lessons.bank.learnt_people.sum()), int((~lessons.bank.learnt_people).sum())
    seen = settings.steps * settings.batch_size
    title = f"Ours: {learnt} drawn people, {seen} looks seen at {configuration.size} px, measured on {unmet} others"
    return Table("coarse", title, ("method", "thousand weights", *COLUMNS), rows)


def _thousands(network: CoarseNetwork) -> int:
    return round(sum(each.numel() for each in network.parameters()) / 1000)
