"""Arrays in files. One that is read may be damaged or made to harm: nothing is allocated before its size is known."""

import io
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

if TYPE_CHECKING:
    import zipfile

#: The kinds of NumPy's types that may be read: numbers, truth values and text.
_KINDS = "biufU"

Arrays = dict[str, NDArray[Any]]


class DamagedArraysError(Exception):
    """The file is not an .npz, or not a sound one."""


def read_arrays(source: Path | bytes, largest: int) -> Arrays:
    """Read the arrays of an .npz.

    Parameters
    ----------
    source : Path or bytes
        The file or its contents.
    largest : int
        Bytes that all arrays may take together.

    Raises
    ------
    DamagedArraysError
        If it is damaged, larger, or holds something else than arrays of numbers and text.
    """
    import zipfile  # which Blender would load at every start

    try:
        with zipfile.ZipFile(io.BytesIO(source) if isinstance(source, bytes) else source) as file:
            if sum(entry.file_size for entry in file.infolist()) > largest:
                raise DamagedArraysError("the arrays are larger than they can be")
            return {entry.filename.removesuffix(".npy"): _read(file, entry) for entry in file.infolist()}
    except (OSError, ValueError, KeyError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        raise DamagedArraysError(str(error)) from error


def write_arrays(path: Path, **arrays: NDArray[Any]) -> None:
    """Write an .npz.

    It is made in memory first: on a full disk, NumPy's own way leaves an open archive behind that complains later.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    stream = io.BytesIO()
    np.savez(stream, **arrays)
    path.write_bytes(stream.getbuffer())


def _read(file: "zipfile.ZipFile", entry: "zipfile.ZipInfo") -> NDArray[Any]:
    """One array, if its bytes are as many as its header says."""
    with file.open(entry) as stream:
        read_header = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}[npy.read_magic(stream)]
        shape, by_columns, kind = read_header(stream)
        header = stream.tell()
        expected = int(np.prod([int(side) for side in shape], dtype=object)) * kind.itemsize
        if kind.kind not in _KINDS or expected != entry.file_size - header:
            raise DamagedArraysError(f"{entry.filename} is not what its header says")
        flat = np.frombuffer(stream.read(), dtype=kind)
    return flat.reshape(shape, order="F" if by_columns else "C").copy()
