"""Many photos on many computers: `build.py reconstruct --scheduler`, and what a worker's child does for it."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...farm import Message, connected, done_on, reconstruct_on_worker, serve_photos
from ..batch.names import printable, result_names
from ..batch.output_folder import check_writable, output_folder
from ..batch.table import DONE, FAILED, TABLE_NAME, WHOLE, Outcome, Part, ResultTable, options_text
from .batch_job import Summary, add_row, is_finished, summarise
from .fault_log import FaultLog, WorkerError
from .photo_job import RESULTS, write_photo_results

LOST = "The worker that had this photo ended every time, perhaps for lack of memory: give the workers more."


def run_farm(
    photos: Sequence[Path],
    choices: Mapping[str, Any],
    folder: Path,
    with_preview: bool,
    again: bool,
    faults: FaultLog,
    part: Part = WHOLE,
    *,
    address: str,
) -> Summary:
    """As `run_batch`, but on the workers of a scheduler, which see photos and folder under the same paths.

    Raises
    ------
    OutputError
        As `run_batch`.
    OptionError
        If there is no scheduler or no Dask.
    """
    with connected(address) as client:
        table = ResultTable.read(folder / part.table_name)
        if part == WHOLE:
            table.gather()
        check_writable(folder)
        names, options = result_names(photos, [TABLE_NAME]), options_text(choices)
        photos = part.of(photos)
        left = [photo for photo in photos if again or not is_finished(table, photo, options, with_preview)]
        if len(left) < len(photos):
            print(f"{len(photos) - len(left)} photos were finished before", flush=True)
        requests = [
            {
                "photo": str(photo),
                "folder": str((folder / names[photo]).absolute()),
                "choices": dict(choices),
                "with_preview": with_preview,
            }
            for photo in left
        ]
        for count, (index, reply, error) in enumerate(done_on(client, reconstruct_on_worker, requests), start=1):
            photo = left[index]
            if error is not None:
                reply = {"sentence": LOST, "fault": True}
            outcome = _outcome(photo, names[photo], reply, options, faults)
            add_row(table, outcome)
            said = outcome.sentence or f"done in {outcome.seconds:.1f} s, confidence {outcome.confidence:.2f}"
            print(f"[{count}/{len(left)}] {printable(photo.name)}: {said}", flush=True)
    table.write()
    return summarise(table, photos)


def serve() -> None:
    """Reconstruct the photos that a worker of Dask asks for, one after the other."""
    serve_photos(_reconstructed)


def _outcome(photo: Path, name: str, reply: Message, options: str, faults: FaultLog) -> Outcome:
    """The row of a photo for what a worker says of it."""
    if "sentence" in reply:
        sentence = faults.take(WorkerError(reply["sentence"])) if reply["fault"] else reply["sentence"]
        return Outcome(photo, FAILED, sentence, None, reply.get("seconds", 0.0), (), options)
    files = tuple(f"{name}/{file}" for file in reply["files"])
    return Outcome(photo, DONE, "", reply["confidence"], reply["seconds"], files, options)


class _Silence:
    """Shows nothing: the one who waits is on another computer."""

    def show(self, stage: str, fraction: float) -> None:
        """Show nothing."""

    def show_end(self, stage: str, seconds: float) -> None:
        """Show nothing."""


def _reconstructed(request: Message) -> Message:
    """Reconstruct one photo into its folder; never raises, so that a photo that fails is not tried again."""
    faults, started = FaultLog(Path()), time.perf_counter()
    try:
        with output_folder(Path(request["folder"]), RESULTS) as partial:
            report = write_photo_results(
                [Path(request["photo"])], request["choices"], partial, _Silence(), request["with_preview"]
            )
            files = sorted(path.name for path in partial.iterdir())
    except Exception as error:
        seconds = time.perf_counter() - started
        return {"sentence": faults.take(error), "fault": faults.count > 0, "seconds": seconds}
    return {"files": files, "confidence": report.confidence, "seconds": time.perf_counter() - started}
