"""Where the faces of many photos go: into a collection of the scene, or into a file each."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import bpy

from ...errors import OutputError
from ..export.export import export_face
from ..scene.face_grid import add_collection, link_alone, place_in_grid, remove_face, selection_kept
from ..scene.face_object import build_face_object
from ..scene.reference import Reference
from .output_folder import check_writable
from .table import TABLE_NAME, Outcome, ResultTable

if TYPE_CHECKING:
    from ...exchange.result import Reconstruction

COLLECTION_NAME = "Faces of {folder}"


class Destination(Protocol):
    """Takes one face after the other, and the table of what became of each photo."""

    def is_finished(self, photo: Path) -> Outcome | None:
        """What an earlier run has done with a photo, if it need not be done again."""

    def take(self, reconstruction: "Reconstruction", photo: Path, name: str, position: int) -> tuple[str, ...]:
        """Put a face where it belongs; returns what to write into the table's column of files."""

    def record(self, outcome: Outcome) -> None:
        """Add a row to the table."""

    def end(self) -> None:
        """Make sure that the table is written; OutputError if it cannot be."""


class SceneDestination:
    """A new collection in the scene, with the heads side by side, and the table as a text of the Blender file.

    Parameters
    ----------
    folder : Path
        Where the photos are; names the collection.
    count : int
        How many photos there are.
    with_eyeballs : bool
        Whether to add the eyeballs.
    """

    def __init__(self, folder: Path, count: int, with_eyeballs: bool) -> None:
        self._name = COLLECTION_NAME.format(folder=folder.name)
        self._count = count
        self._with_eyeballs = with_eyeballs
        self._origin = bpy.context.scene.cursor.location.copy()
        self._scene = Reference.to(bpy.context.scene)
        self._collection: Reference | None = None
        self._text: Reference | None = None
        self._table = ResultTable(folder / TABLE_NAME)

    def is_finished(self, _photo: Path) -> Outcome | None:
        """Nothing is: each run makes its own collection."""
        return None

    def take(self, reconstruction: "Reconstruction", photo: Path, name: str, position: int) -> tuple[str, ...]:
        """Add the face to the collection, which is made for the first one."""
        collection = self._collection.find() if self._collection else None
        if collection is None:
            collection = add_collection(self._name, self._scene.find() or bpy.context.scene)
            self._collection = Reference("collections", collection.session_uid)
        with selection_kept(bpy.context):
            face = build_face_object(reconstruction, bpy.context, photo=photo, with_eyeballs=self._with_eyeballs)
            face.name = face.data.name = name
            link_alone(face, collection)
            place_in_grid(face, self._origin, position, self._count)
        return (face.name,)

    def record(self, outcome: Outcome) -> None:
        """Add a row to the text."""
        self._table.outcomes[outcome.photo] = outcome
        text = self._text.find() if self._text else None
        if text is None:
            text = bpy.data.texts.new(f"{self._name} {TABLE_NAME}")
            self._text = Reference("texts", text.session_uid)
        text.from_string(self._table.as_text())

    def end(self) -> None:
        """Nothing is left to do."""


class FilesDestination:
    """A file for each photo in one folder, with the table beside them; the scene stays as it is.

    Parameters
    ----------
    folder : Path
        Where the files go.
    suffix : str
        Their ending.
    write : callable
        As in `export_face`.
    with_eyeballs : bool
        Whether to write the eyeballs.
    again : bool
        Whether to do photos again that the table in the folder calls done.
    options : str
        What the faces are made and written with; photos that were done with others are done again.

    Raises
    ------
    OutputError
        If the folder cannot be written, or has a table of something else.
    """

    def __init__(
        self,
        folder: Path,
        suffix: str,
        write: Callable[[Path, Sequence[bpy.types.Object]], None],
        with_eyeballs: bool,
        again: bool,
        options: str,
    ) -> None:
        self._table = ResultTable.read(folder / TABLE_NAME)
        check_writable(folder)
        self._folder = folder
        self._suffix = suffix
        self._write = write
        self._with_eyeballs = with_eyeballs
        self._again = again
        self._options = options

    def is_finished(self, photo: Path) -> Outcome | None:
        """The row of a photo whose file of this format is there."""
        outcome = self._table.outcomes.get(photo)
        if self._again or outcome is None or not self._table.is_finished(photo, self._options):
            return None
        return outcome if all(name.endswith(self._suffix) for name in outcome.files) else None

    def take(self, reconstruction: "Reconstruction", photo: Path, name: str, _position: int) -> tuple[str, ...]:
        """Build the face, write it and remove it again."""
        path = self._folder / f"{name}{self._suffix}"
        with selection_kept(bpy.context):
            face = build_face_object(reconstruction, bpy.context, photo=photo, with_eyeballs=self._with_eyeballs)
            try:
                face.name = face.data.name = name
                link_alone(face, bpy.context.scene.collection)
                export_face(path, face, self._write, with_eyeballs=self._with_eyeballs)
            finally:
                remove_face(face)
        return (path.name,)

    def record(self, outcome: Outcome) -> None:
        """Add a row to the file; one that a spreadsheet has open now may be writable later."""
        with suppress(OutputError):
            self._table.add(replace(outcome, options=self._options))

    def end(self) -> None:
        """Write the table once more."""
        self._table.write()
