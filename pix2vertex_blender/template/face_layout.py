"""The template's second UV layout, which gives the face more of the texture."""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..data_files import DAMAGED, check
from ..errors import DataFileError
from ..paths import FACE_LAYOUT_FILE


@cache
def face_first_uvs(level: int) -> NDArray[np.float64]:
    """UVs (m, 4, 2) of the layout `FACE_FIRST` at a level of subdivision; shared and read-only.

    Raises
    ------
    DataFileError
        If the layout's file is missing or damaged.
    """
    from ..geometry.subdivision import split_corners

    uvs = _read() if level == 0 else split_corners(face_first_uvs(level - 1))
    uvs.flags.writeable = False
    return uvs


def _read() -> NDArray[np.float64]:
    check(FACE_LAYOUT_FILE)
    try:
        with np.load(FACE_LAYOUT_FILE, allow_pickle=False) as file:
            uvs: NDArray[np.float64] = file["uvs"].astype(np.float64)
    except (OSError, KeyError, ValueError) as error:
        raise DataFileError(DAMAGED.format(file=FACE_LAYOUT_FILE.name)) from error
    return uvs
