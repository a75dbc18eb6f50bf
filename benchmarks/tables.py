"""Tables as Markdown and CSV."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

Cell = str | float | int | None


@dataclass(frozen=True)
class Table:
    """A table with a name for its file and a title.

    Attributes
    ----------
    name : str
        Of the CSV file, without its suffix.
    title : str
    columns : sequence of str
    rows : sequence of sequence
        None and NaN are empty cells.
    digits : int
        After the point of floating point numbers.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    digits: int = 2

    def markdown(self) -> str:
        """The table with its title, as Markdown."""
        lines = [f"**{self.title}**", "", f"| {' | '.join(self.columns)} |", f"|{' --- |' * len(self.columns)}"]
        lines += [f"| {' | '.join(self._text(cell) for cell in row)} |" for row in self.rows]
        return "\n".join(lines) + "\n"

    def write_csv(self, folder: Path) -> None:
        """Write `<name>.csv` with full precision."""
        with (folder / f"{self.name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(self.columns)
            writer.writerows(self.rows)

    def _text(self, cell: Cell) -> str:
        if cell is None or (isinstance(cell, float) and math.isnan(cell)):
            return "–"
        return f"{cell:.{self.digits}f}" if isinstance(cell, float) else str(cell)
