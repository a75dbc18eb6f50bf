"""Many photos: which there are, and a table of what became of each."""

import csv
import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

from ...errors import OutputError, PhotoError
from ...exchange.photo_files import is_photo, left_out
from ...files import replace_file
from .names import encodable

TABLE_NAME = "results.csv"
DONE, FAILED = "done", "failed"
NO_PHOTOS = "There are no photos in {folder}: choose a folder with JPEG, HEIC, PNG, WebP, TIFF, AVIF or GIF files."
UNREADABLE_FOLDER = "{folder} cannot be read ({reason}): choose another folder."
UNWRITABLE_TABLE = "{path} cannot be written ({reason}): close it in other programs or choose another folder."
FOREIGN_TABLE = "{path} is not a table of pix2vertex: rename it or choose another output folder."

_COLUMNS = ("photo", "status", "sentence", "confidence", "seconds", "files", "options")
#: What tables of version 0.1 had.
_FIRST_COLUMNS = _COLUMNS[:6]
_SEPARATOR = ";"

#: What makes a spreadsheet take a text for a formula. Such a text, and one that begins with the mark itself, gets the
#: mark of texts in front.
_FORMULA_STARTS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
_TEXT_MARK = "'"
_URI = "file:"


@dataclass(frozen=True)
class Part:
    """A part of many photos, so that several computers can share them.

    Attributes
    ----------
    number, count : int
        Which of how many parts, counted from 1.
    """

    number: int = 1
    count: int = 1

    @property
    def table_name(self) -> str:
        """The name of the table of this part's photos."""
        return TABLE_NAME if self.count == 1 else f"results_{self.number}_of_{self.count}.csv"

    def of(self, photos: Sequence[Path]) -> list[Path]:
        """The photos of this part."""
        return list(photos[self.number - 1 :: self.count])


WHOLE = Part()


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
    options : str
        What the photo was reconstructed with, as `options_text` writes it.
    """

    photo: Path
    status: str
    sentence: str = ""
    confidence: float | None = None
    seconds: float = 0.0
    files: tuple[str, ...] = ()
    options: str = ""


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


def options_text(options: Mapping[str, Any]) -> str:
    """Options as they stand in the table; the same options give the same text."""
    return " ".join(f"{name}={_written(value)}" for name, value in sorted(options.items()) if value is not None)


def _written(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


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
        """The table of an earlier run; an empty one if there is none. Rows that are damaged are left out.

        Raises
        ------
        OutputError
            If the file is not such a table or cannot be read, so that nobody writes over it.
        """
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                columns, *rows = list(csv.reader(file)) or [[]]
        except (FileNotFoundError, NotADirectoryError):
            return cls(path)
        except OSError as error:
            raise OutputError(UNWRITABLE_TABLE.format(path=path, reason=error.strerror)) from error
        except (ValueError, csv.Error) as error:
            raise OutputError(FOREIGN_TABLE.format(path=path)) from error
        if tuple(columns) not in ((), _FIRST_COLUMNS, _COLUMNS):
            raise OutputError(FOREIGN_TABLE.format(path=path))
        table = cls(path)
        for row in rows:
            with suppress(ValueError, KeyError, csv.Error):
                outcome = _outcome(dict(zip(columns, row, strict=True)))
                table.outcomes[outcome.photo] = outcome
        return table

    def gather(self) -> None:
        """Take up what the tables of parts say of photos that are not done here; damaged and foreign ones say nothing.

        They lie in the same folder.
        """
        for path in sorted(self.path.parent.glob("results_*_of_*.csv")):
            with suppress(OutputError):
                for photo, outcome in ResultTable.read(path).outcomes.items():
                    if photo not in self.outcomes or self.outcomes[photo].status != DONE:
                        self.outcomes[photo] = outcome

    def is_finished(self, photo: Path, options: str) -> bool:
        """Whether the results of a photo are there, younger than the photo, and made with these options."""
        outcome = self.outcomes.get(photo)
        if outcome is None or outcome.status != DONE or not outcome.files or outcome.options != options:
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
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            replace_file(self.path, self.as_text().encode())
        except OSError as error:
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
    texts = [_photo_text(outcome.photo), outcome.status, encodable(outcome.sentence), confidence]
    texts += [f"{outcome.seconds:.1f}", _joined(map(_marked, outcome.files)), outcome.options]
    return [_marked(text) for text in texts]


def _outcome(row: dict[str, str]) -> Outcome:
    texts = {column: _unmarked(text) for column, text in row.items()}
    return Outcome(
        photo=_photo_of(texts["photo"]),
        status=texts["status"],
        sentence=texts["sentence"],
        confidence=float(texts["confidence"]) if texts["confidence"] else None,
        seconds=float(texts["seconds"]),
        files=tuple(_unmarked(name) for name in _split(texts["files"])),
        options=texts.get("options", ""),
    )


def _photo_text(photo: Path) -> str:
    """A photo's path; one that is no UTF-8 as a file URI."""
    return str(photo) if encodable(str(photo)) == str(photo) else photo.as_uri()


def _photo_of(text: str) -> Path:
    if not text.startswith(_URI):
        return Path(text)
    path = os.fsdecode(unquote_to_bytes(text.removeprefix(f"{_URI}//")))
    return Path(path.removeprefix("/") if os.name == "nt" else path)


def _marked(text: str) -> str:
    """A text that no spreadsheet evaluates."""
    return _TEXT_MARK + text if text.startswith((*_FORMULA_STARTS, _TEXT_MARK)) else text


def _unmarked(text: str) -> str:
    return text.removeprefix(_TEXT_MARK)


def _joined(names: Iterable[str]) -> str:
    """Names in one field; one that has the separator in it stands in quotation marks."""
    text = StringIO()
    csv.writer(text, delimiter=_SEPARATOR, lineterminator="").writerow(names)
    return text.getvalue()


def _split(text: str) -> list[str]:
    return next(csv.reader([text], delimiter=_SEPARATOR), [])
