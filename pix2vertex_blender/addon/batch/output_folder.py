"""A folder that appears whole or not at all."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ...errors import OutputError


@contextmanager
def output_folder(path: Path) -> Iterator[Path]:
    """Give a folder beside `path` to write to, whose files are moved to `path` when everything has gone well.

    An existing folder keeps its other files.

    Raises
    ------
    OutputError
        If `path` cannot be written.
    """
    path = path.absolute()
    if path.exists() and not path.is_dir():
        raise OutputError(f"{path} is a file: choose another output folder.")
    try:
        partial = _make_partial(path)
    except OSError as error:
        raise _cannot_write(path, error) from error
    try:
        yield partial
        try:
            _move(partial, path)
        except OSError as error:
            raise _cannot_write(path, error) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def check_writable(path: Path) -> None:
    """Make sure, by trying, that files can be written to a folder, which is made if necessary.

    Raises
    ------
    OutputError
        If `path` cannot be written.
    """
    path = path.absolute()
    if path.exists() and not path.is_dir():
        raise OutputError(f"{path} is a file: choose another output folder.")
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise _cannot_write(path, error) from error


def _make_partial(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        with tempfile.TemporaryFile(dir=path):  # raises early what would fail late
            pass
    return Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))


def _move(partial: Path, path: Path) -> None:
    if path.exists():
        for file in partial.iterdir():
            file.replace(path / file.name)
    else:
        partial.chmod(0o755)
        partial.rename(path)


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(f"{path} cannot be written ({error.strerror}): choose another output folder.")
