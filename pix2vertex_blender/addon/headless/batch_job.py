"""Many photos become a folder of files each, in a Blender without a window; a failure never stops the rest."""

import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import OutputError
from ..batch.names import printable, result_names
from ..batch.output_folder import check_writable, output_folder
from ..batch.table import DONE, FAILED, TABLE_NAME, WHOLE, Outcome, Part, ResultTable, options_text
from .fault_log import FaultLog
from .photo_job import PREVIEW, RESULTS, STAGE_WORDS, write_photo_results


@dataclass(frozen=True)
class Summary:
    """How many of the photos are done, and how many failed."""

    done: int
    failed: int


def run_batch(
    photos: Sequence[Path],
    choices: Mapping[str, Any],
    folder: Path,
    with_preview: bool,
    again: bool,
    faults: FaultLog,
    part: Part = WHOLE,
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
        Whether to do photos again that the table in `folder` calls done with the same choices.
    faults : FaultLog
        Takes what goes wrong through a fault of ours.
    part : Part, optional
        Which of the photos are done, into a table of the part's own. The whole takes up what tables of parts say.

    Raises
    ------
    OutputError
        If `folder` or, at the end, the table cannot be written, or the table is not one of ours.
    """
    table = ResultTable.read(folder / part.table_name)
    if part == WHOLE:
        table.gather()
    check_writable(folder)
    names = result_names(photos, [TABLE_NAME])
    photos = part.of(photos)
    options = options_text(choices)
    for number, photo in enumerate(photos, start=1):
        title = f"[{number}/{len(photos)}] {printable(photo.name)}"
        if not again and is_finished(table, photo, options, with_preview):
            print(f"{title}: finished before", flush=True)
            continue
        display = _PhotoLine(title)
        started = time.perf_counter()
        try:
            with output_folder(folder / names[photo], RESULTS) as partial:
                report = write_photo_results([photo], choices, partial, display, with_preview)
                files = tuple(sorted(f"{names[photo]}/{path.name}" for path in partial.iterdir()))
            seconds = time.perf_counter() - started
            outcome = Outcome(photo, DONE, "", report.confidence, seconds, files, options)
        except Exception as error:
            seconds = time.perf_counter() - started
            outcome = Outcome(photo, FAILED, faults.take(error), None, seconds, (), options)
        display.show_outcome(outcome)
        add_row(table, outcome)
    table.write()
    return summarise(table, photos)


def is_finished(table: ResultTable, photo: Path, options: str, with_preview: bool) -> bool:
    """Whether everything that is asked for is there; a preview that is not asked for does no harm."""
    if not table.is_finished(photo, options):
        return False
    return not with_preview or any(Path(file).name == PREVIEW for file in table.outcomes[photo].files)


def add_row(table: ResultTable, outcome: Outcome) -> None:
    """Add a row; a table that somebody has open now may be writable later, so it stops nothing."""
    try:
        table.add(outcome)
    except OutputError as error:
        print(error, file=sys.stderr, flush=True)


def summarise(table: ResultTable, photos: Iterable[Path]) -> Summary:
    """How many of the photos are done."""
    statuses = [table.outcomes[photo].status for photo in photos]
    return Summary(statuses.count(DONE), statuses.count(FAILED))


@dataclass(frozen=True)
class _PhotoLine:
    """One line for each photo: on a terminal what is being done, at the end what became of it."""

    title: str

    def show(self, stage: str, fraction: float) -> None:
        """Show how far a running stage is."""
        if sys.stdout.isatty():
            print(f"\r{self.title}: {STAGE_WORDS[stage]} {fraction:4.0%}\x1b[K", end="", flush=True)

    def show_end(self, stage: str, seconds: float) -> None:
        """Leave the stage's place on the line to the next one."""

    def show_outcome(self, outcome: Outcome) -> None:
        """Show what became of the photo."""
        start = "\r\x1b[K" if sys.stdout.isatty() else ""
        end = outcome.sentence or f"done in {outcome.seconds:.1f} s, confidence {outcome.confidence:.2f}"
        print(f"{start}{self.title}: {end}", flush=True)
