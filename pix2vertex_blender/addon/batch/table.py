"""Many photos: which there are, what their results are called, and a table of what became of each."""

import csv
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path

from ...errors import OutputError, PhotoError
from ...exchange.photo_files import is_photo, left_out

TABLE_NAME = "results.csv"
DONE, FAILED = "done", "failed"
NO_PHOTOS = "There are no photos in {folder}: choose a folder with JPEG, PNG, WebP, TIFF, AVIF or GIF files."
UNREADABLE_FOLDER = "{folder} cannot be read ({reason}): choose another folder."
UNWRITABLE_TABLE = "{path} cannot be written ({reason}): close it in other programs or choose another folder."

_COLUMNS = ("photo", "status", "sentence", "confidence", "seconds", "files")
_SEPARATOR = ";"


@dataclass(frozen=True)
class Outcome:
    """What became of one photo: a row of the table.

    Attributes
    ----------
    photo : Path
        Absolute.
    status : str
        `DONE` or `FAILED`.
    sentence : str
        Why it failed; empty if it did not.
    confidence : float, optional
        The network's, as in the report.
    seconds : float
        From the photo to its files.
    files : tuple of str
        What was written, relative to the table's folder; for heads in a Blender scene, the object's name.
    """

    photo: Path
    status: str
    sentence: str = ""
    confidence: float | None = None
    seconds: float = 0.0
    files: tuple[str, ...] = ()


@dataclass
class BatchProgress:
    """What the last or running batch in Blender's window has done, for the panel.

    Attributes
    ----------
    outcomes : list of Outcome
        In the order of the photos; finished ones of earlier runs are among them.
    left_out : str
        A sentence about the folder's files that are no photos; empty if there are none.
    """

    outcomes: list[Outcome] = field(default_factory=list)
    left_out: str = ""

    @property
    def failures(self) -> list[Outcome]:
        """The photos that failed."""
        return [outcome for outcome in self.outcomes if outcome.status == FAILED]


BATCH = BatchProgress()


def photos_in(folder: Path) -> list[Path]:
    """The photos that lie in a folder itself, sorted by name; hidden files are no photos.

    Raises
    ------
    PhotoError
        If there are none or the folder cannot be read.
    """
    try:
        files = [path for path in folder.iterdir() if path.is_file()]
    except OSError as error:
        raise PhotoError(UNREADABLE_FOLDER.format(folder=folder, reason=error.strerror)) from error
    photos = [path for path in files if is_photo(path)]
    if not photos:
        raise PhotoError(NO_PHOTOS.format(folder=folder))
    return sorted(path.absolute() for path in photos)


def left_out_in(places: Iterable[Path]) -> str:
    """A sentence about the files in folders that are no photos; empty if there are none."""
    return left_out(path for place in places if place.is_dir() for path in place.iterdir())


def collect_photos(places: Iterable[Path]) -> list[Path]:
    """The photos that folders and files stand for, absolute and each once, in the order given.

    Raises
    ------
    PhotoError
        If one of the folders has no photos.
    """
    photos: dict[Path, None] = {}
    for place in places:
        photos |= dict.fromkeys(photos_in(place) if place.is_dir() else [place.absolute()])
    return list(photos)


def result_names(photos: Sequence[Path]) -> dict[Path, str]:
    """A different name for the results of each photo: its own, with the extension where several share it.

    Which name a photo gets does not depend on the order, so that a photo that is added later overwrites nothing.
    """
    shared = Counter(photo.stem.casefold() for photo in photos)
    names: dict[Path, str] = {}
    taken: set[str] = set()
    for photo in photos:
        own = photo.stem if shared[photo.stem.casefold()] == 1 else photo.name
        candidates = [own, *(f"{photo.name}_{number}" for number in range(2, len(photos) + 2))]
        name = next(each for each in candidates if each.casefold() not in taken)
        taken.add(name.casefold())
        names[photo] = name
    return names


@dataclass
class ResultTable:
    """The CSV file with one row for each photo, brought up to date after each.

    Attributes
    ----------
    path : Path
        The file; its folder is made when the first row is written.
    outcomes : dict of Path to Outcome
        The rows by photo.
    """

    path: Path
    outcomes: dict[Path, Outcome] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> "ResultTable":
        """The table of an earlier run; an empty one if there is none or it is no such table."""
        try:
            with path.open(encoding="utf-8", newline="") as file:
                rows = [_outcome(row) for row in csv.DictReader(file)]
        except (OSError, ValueError, KeyError, TypeError, AttributeError, csv.Error):
            rows = []
        return cls(path, {outcome.photo: outcome for outcome in rows})

    def is_finished(self, photo: Path) -> bool:
        """Whether the results of a photo are there and younger than the photo."""
        outcome = self.outcomes.get(photo)
        if outcome is None or outcome.status != DONE or not outcome.files:
            return False
        try:
            oldest = min((self.path.parent / name).stat().st_mtime for name in outcome.files)
            return oldest >= photo.stat().st_mtime
        except OSError:
            return False

    def add(self, outcome: Outcome) -> None:
        """Put a row into the table and the table into its file.

        Raises
        ------
        OutputError
            If the file cannot be written, for instance because a spreadsheet has it open; the row is kept.
        """
        self.outcomes[outcome.photo] = outcome
        self.write()

    def write(self) -> None:
        """Write the file, whole or not at all.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        partial = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(self.as_text(), encoding="utf-8", newline="")
            partial.replace(self.path)
        except OSError as error:
            partial.unlink(missing_ok=True)
            raise OutputError(UNWRITABLE_TABLE.format(path=self.path, reason=error.strerror)) from error

    def as_text(self) -> str:
        """What the file holds."""
        text = StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(_COLUMNS)
        writer.writerows(_row(outcome) for outcome in self.outcomes.values())
        return text.getvalue()


def _row(outcome: Outcome) -> list[str]:
    confidence = "" if outcome.confidence is None else f"{outcome.confidence:.3f}"
    files = _SEPARATOR.join(outcome.files)
    return [str(outcome.photo), outcome.status, outcome.sentence, confidence, f"{outcome.seconds:.1f}", files]


def _outcome(row: dict[str, str]) -> Outcome:
    return Outcome(
        photo=Path(row["photo"]),
        status=row["status"],
        sentence=row["sentence"],
        confidence=float(row["confidence"]) if row["confidence"] else None,
        seconds=float(row["seconds"]),
        files=tuple(filter(None, row["files"].split(_SEPARATOR))),
    )
