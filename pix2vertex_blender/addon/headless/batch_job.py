"""Many photos become a folder of files each, in a Blender without a window; a failure never stops the rest."""

import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import OutputError, Pix2VertexError, sentence_for
from ...exchange.progress import STAGE_LABELS
from ..batch.output_folder import check_writable, output_folder
from ..batch.table import DONE, FAILED, TABLE_NAME, Outcome, ResultTable, result_names
from .photo_job import WorkerError, write_photo_results


@dataclass(frozen=True)
class Summary:
    """How many of the photos are done, how many failed, and how many of those through a fault of ours."""

    done: int
    failed: int
    faults: int


def run_batch(
    photos: Sequence[Path], choices: Mapping[str, Any], folder: Path, with_preview: bool, again: bool
) -> Summary:
    """Reconstruct each photo into a folder of its own and keep `results.csv` up to date.

    Parameters
    ----------
    photos : sequence of Path
        Absolute paths.
    choices : mapping
        Fields of `reconstruction.pipeline.Options`.
    folder : Path
        Where the photos' folders and the table go.
    with_preview : bool
        As in `write_photo_results`.
    again : bool
        Whether to do photos again that the table in `folder` calls done.

    Raises
    ------
    OutputError
        If `folder` or, at the end, the table cannot be written.
    """
    check_writable(folder)
    table = ResultTable.read(folder / TABLE_NAME)
    names = result_names(photos)
    faults = 0
    for number, photo in enumerate(photos, start=1):
        title = f"[{number}/{len(photos)}] {photo.name}"
        if not again and table.is_finished(photo):
            print(f"{title}: finished before", flush=True)
            continue
        display = _PhotoLine(title)
        started = time.perf_counter()
        try:
            with output_folder(folder / names[photo]) as partial:
                report = write_photo_results(photo, choices, partial, display, with_preview)
                files = tuple(sorted(f"{names[photo]}/{path.name}" for path in partial.iterdir()))
            outcome = Outcome(photo, DONE, "", report.confidence, time.perf_counter() - started, files)
        except Exception as error:
            faults += not isinstance(error, Pix2VertexError)
            outcome = Outcome(photo, FAILED, _sentence(error), None, time.perf_counter() - started)
        display.show_outcome(outcome)
        _add(table, outcome)
    table.write()
    return _summarise(table, photos, faults)


def _sentence(error: Exception) -> str:
    return str(error) if isinstance(error, WorkerError) else sentence_for(error)


def _add(table: ResultTable, outcome: Outcome) -> None:
    """Add a row; a table that somebody has open now may be writable later, so it stops nothing."""
    try:
        table.add(outcome)
    except OutputError as error:
        print(error, file=sys.stderr, flush=True)


def _summarise(table: ResultTable, photos: Iterable[Path], faults: int) -> Summary:
    statuses = [table.outcomes[photo].status for photo in photos]
    return Summary(statuses.count(DONE), statuses.count(FAILED), faults)


@dataclass(frozen=True)
class _PhotoLine:
    """One line for each photo: on a terminal what is being done, at the end what became of it."""

    title: str

    def show(self, stage: str, fraction: float) -> None:
        """Show how far a running stage is."""
        if sys.stdout.isatty():
            print(f"\r{self.title}: {STAGE_LABELS[stage]} {fraction:4.0%}\x1b[K", end="", flush=True)

    def show_end(self, stage: str, seconds: float) -> None:
        """Leave the stage's place on the line to the next one."""

    def show_outcome(self, outcome: Outcome) -> None:
        """Show what became of the photo."""
        start = "\r\x1b[K" if sys.stdout.isatty() else ""
        end = outcome.sentence or f"done in {outcome.seconds:.1f} s, confidence {outcome.confidence:.2f}"
        print(f"{start}{self.title}: {end}", flush=True)
