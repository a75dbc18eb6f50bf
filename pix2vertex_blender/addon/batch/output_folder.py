"""A folder that appears whole or not at all."""

import os
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ...errors import OutputError
from ...files import hidden_folder, move_all, undone_if_ended

IS_FILE = "{path} is a file: choose another output folder."
IS_FOLDER = "{path} is a folder where a file belongs: rename it or choose another output folder."
UNWRITABLE = "{path} cannot be written ({reason}): choose another output folder."


@contextmanager
def output_folder(path: Path, names: Collection[str] = ()) -> Iterator[Path]:
    """Give a hidden folder to write to, whose files are in `path` when everything has gone well, and else nothing.

    What cannot be written is refused at once, before there has been any work. The hidden folder lies in `path`, so that
    it need only be writable itself, or beside it if there is no such folder yet.

    Parameters
    ----------
    path : Path
        An existing folder keeps its other files.
    names : collection of str
        The files that a result may have. Those of an earlier result go, whether or not they are written again.

    Raises
    ------
    OutputError
        If `path` cannot be written.
    """
    place = Path(os.path.realpath(path))
    with ExitStack() as stack:
        try:
            _refuse_what_is_in_the_way(place, path, names)
            stack.enter_context(_missing_folders(place.parent))
            partial = stack.enter_context(hidden_folder(place if place.is_dir() else place.parent))
        except OSError as error:
            raise _cannot_write(path, error) from error
        yield partial
        try:
            _refuse_what_is_in_the_way(place, path, names)
            if place.is_dir():
                move_all(partial, place, names)
            else:
                partial.rename(place)
        except OSError as error:
            raise _cannot_write(path, error) from error


def check_writable(path: Path) -> None:
    """Make sure, by trying, that files can be written to a folder, which is made if necessary.

    Raises
    ------
    OutputError
        If `path` cannot be written.
    """
    try:
        _refuse_what_is_in_the_way(path, path, ())
        path.mkdir(parents=True, exist_ok=True)
        import tempfile

        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise _cannot_write(path, error) from error


def _refuse_what_is_in_the_way(place: Path, shown: Path, names: Collection[str]) -> None:
    if os.path.lexists(place) and not place.is_dir():
        raise OutputError(IS_FILE.format(path=shown))
    for name in names:
        if (place / name).is_dir():
            raise OutputError(IS_FOLDER.format(path=shown / name))


@contextmanager
def _missing_folders(path: Path) -> Iterator[None]:
    """Make a folder and those above it; those that are empty at the end, because nothing came of it, go again."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]

    def remove_empty() -> None:
        for folder in missing:
            with suppress(OSError):
                folder.rmdir()

    with undone_if_ended(remove_empty):
        try:
            path.mkdir(parents=True, exist_ok=True)
            yield
        finally:
            remove_empty()


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(UNWRITABLE.format(path=path, reason=error.strerror))
