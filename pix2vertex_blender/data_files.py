"""The files that the product ships, weights and template, are checked before they are used.

A flipped bit in the weights makes no error but a wrong face. So each file has its SHA-256 beside it, as `sha256sum`
writes it, made by what makes the file: `training.export`, and the modules of `training.template`.
"""

import hashlib
from pathlib import Path

from .errors import DataFileError

MISSING = "The file {file} of the extension is missing: install the extension again."
DAMAGED = (
    "The file {file} of the extension is damaged or another than the one it came with: install the extension again."
)


def write_checksum(path: Path) -> None:
    """Write the SHA-256 of a file beside it.

    Raises
    ------
    OSError
        If one cannot be read or the other not be written.
    """
    _checksum_file(path).write_text(f"{_digest(path)}  {path.name}\n", encoding="ascii")


def check(path: Path) -> None:
    """Compare a file with its SHA-256.

    Raises
    ------
    DataFileError
        If it is not the file that was shipped.
    """
    try:
        expected = _checksum_file(path).read_text(encoding="ascii").split()[:1]
        actual = _digest(path)
    except FileNotFoundError as error:
        raise DataFileError(MISSING.format(file=Path(error.filename).name)) from error
    except (OSError, ValueError) as error:
        raise DataFileError(DAMAGED.format(file=path.name)) from error
    if expected != [actual]:
        raise DataFileError(DAMAGED.format(file=path.name))


def _checksum_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.sha256")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
