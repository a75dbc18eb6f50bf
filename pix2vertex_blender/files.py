"""Files are replaced, never written over: what is written lies beside its place and takes it when it is whole.

A full disk, an exporter that fails or a process that is ended then costs the new file, and never the old one.
"""

import errno
import os
import secrets
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

NOT_WRITABLE = "{path} cannot be written ({reason}): choose another folder."

#: How the names of the folders begin in which unfinished files lie.
HIDDEN_PREFIX = ".pix2vertex."

#: What to call, the last one first, if the process is ended in the middle of its work.
_UNFINISHED: list[Callable[[], None]] = []


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to, of the same name and on the same disk, whose file takes the place of `path` at the end.

    If the block raises, or writes nothing, `path` is as it was before.

    Parameters
    ----------
    path : Path
        A file, existing or not, in an existing folder. Of a link, what it leads to is replaced.

    Raises
    ------
    OSError
        If the file cannot be written or take its place.
    """
    path = Path(os.path.realpath(path))
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    with hidden_folder(path.parent) as folder:
        partial = folder / path.name
        yield partial
        if path.exists():
            import shutil

            _put_on_disk(partial)
            shutil.copymode(path, partial)
        partial.replace(path)


def replace_file(path: Path, content: bytes) -> None:
    """Write a file, whole or not at all.

    Raises
    ------
    OSError
        If it cannot be written; an earlier one is then as it was.
    """
    with replacing(path) as partial:
        partial.write_bytes(content)


@contextmanager
def hidden_folder(parent: Path) -> Iterator[Path]:
    """Make a folder for unfinished files that is deleted at the end, also if a signal ends the process.

    Raises
    ------
    OSError
        If it cannot be made.
    """
    import shutil

    folder = parent / f"{HIDDEN_PREFIX}{secrets.token_hex(4)}"
    with undone_if_ended(lambda: shutil.rmtree(folder, ignore_errors=True)):
        try:
            folder.mkdir()
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def undone_if_ended(undo: Callable[[], None]) -> Iterator[None]:
    """Have `undo` called if the process is ended within the block, as far as `undo_unfinished` is called then."""
    _UNFINISHED.append(undo)
    try:
        yield
    finally:
        _UNFINISHED.remove(undo)


def undo_unfinished() -> None:
    """Take back all that is unfinished, because the process is about to end."""
    for undo in reversed(_UNFINISHED.copy()):
        with suppress(Exception):  # one that fails must not keep the others
            undo()


def move_all(source: Path, target: Path, former: Collection[str] = ()) -> None:
    """Move the files of one folder into another on the same disk; all of them, or none.

    Parameters
    ----------
    source, target : Path
        Existing folders.
    former : collection of str
        Names of files that are removed from `target` unless `source` has them.

    Raises
    ------
    OSError
        If one cannot be moved; `target` then holds what it held before.
    """
    names = sorted(file.name for file in source.iterdir())
    for name in names:
        if (target / name).is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target / name))
        if (target / name).exists():
            _put_on_disk(source / name)
    with hidden_folder(target) as aside:

        def undo() -> None:
            for name in {*names, *former}:
                if os.path.lexists(aside / name):
                    (aside / name).replace(target / name)
                elif name in names and not os.path.lexists(source / name):
                    (target / name).unlink(missing_ok=True)

        with undone_if_ended(undo):
            try:
                for name in sorted({*names, *former}):
                    if os.path.lexists(target / name):
                        (target / name).rename(aside / name)
                for name in names:
                    (source / name).rename(target / name)
            except OSError:
                undo()
                raise


def _put_on_disk(path: Path) -> None:
    """Wait until a file's content is on the disk before it takes the place of an earlier one, which is then gone."""
    with path.open("r+b") as file:
        os.fsync(file.fileno())
