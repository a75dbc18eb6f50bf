"""How far a training is, and the log of how it went."""

import csv
import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor


@dataclass
class Position:
    """How far a training is."""

    step: int = 0
    samples: int = 0
    minutes: float = 0.0


def append_row(path: Path, row: Mapping[str, float | str], columns: Sequence[str] | None = None) -> None:
    """Append a row to a CSV file, which begins with the names of its columns, and print it.

    Parameters
    ----------
    path : Path
    row : mapping
    columns : sequence of str, optional
        Of the file, where not every row has all of them.
    """
    fresh = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns or list(row))
        if fresh:
            writer.writeheader()
        writer.writerow({name: _text(value, 6) for name, value in row.items()})
    print("  ".join(f"{name} {_text(value, 4)}" for name, value in row.items() if value != ""), flush=True)


def _text(value: float | str, digits: int) -> str:
    return value if isinstance(value, str) else f"{value:.{digits}g}"


class Log:
    """Means of the loss terms, and validation figures, as rows of a CSV file with a plot beside it."""

    FIELDS = (
        *("minutes", "step", "samples", "samples_per_second", "learning_rate", "gradient_norm"),
        *("total", "correspondence", "geometry", "shape", "normals", "mask", "opening", "pose", "landmarks"),
        *("correspondence_mm", "depth_percent", "normals_degrees", "mask_iou"),
        *("yaw_slope", "pitch_slope", "roll_slope"),
    )

    def __init__(self, path: Path, every: int) -> None:
        self.path = path
        self.every = every
        self.sums: dict[str, float] = {}
        self.count = 0
        self.last: tuple[float, int] | None = None

    def add(self, position: Position, rate: float, norm: Tensor, terms: dict[str, Tensor]) -> None:
        """Take note of a step, and write a row when enough of them have come together."""
        self.last = self.last or (position.minutes, position.samples)
        for name, value in {"gradient_norm": norm, **terms}.items():
            self.sums[name] = self.sums.get(name, 0.0) + value.item()
        self.count += 1
        if position.step % self.every == 0:
            minutes, samples = self.last
            seconds = 60 * max(position.minutes - minutes, 1e-6)
            row = {name: total / self.count for name, total in self.sums.items()}
            row |= {"learning_rate": rate, "samples_per_second": (position.samples - samples) / seconds}
            self.write(position, row)
            self.sums, self.count, self.last = {}, 0, (position.minutes, position.samples)

    def write(self, position: Position, values: dict[str, float]) -> None:
        """Append a row and print it."""
        append_row(self.path, {**dataclasses.asdict(position), **values}, self.FIELDS)

    def plot(self) -> None:
        """Draw every column but the first three against the samples seen."""
        if not self.path.exists():
            return
        import matplotlib.figure

        with self.path.open(newline="") as file:
            rows = list(csv.DictReader(file))
        names = self.FIELDS[3:]
        figure = matplotlib.figure.Figure(figsize=(20, 10))
        figure.subplots_adjust(0.04, 0.04, 0.99, 0.96, hspace=0.35)
        columns = -(-len(names) // 4)
        for place, name in enumerate(names, start=1):
            axes = figure.add_subplot(4, columns, place)
            points = [(float(row["samples"]), float(row[name])) for row in rows if row[name]]
            axes.plot(*zip(*points, strict=True)) if points else None
            axes.set_title(name)
        figure.savefig(self.path.with_suffix(".png"))
