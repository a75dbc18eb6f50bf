"""Which way up a photo's pixels are stored."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image

#: Orientations of EXIF under which rows of the stored picture are columns of the upright one.
_ON_ITS_SIDE = (5, 6, 7, 8)


def read_orientation(image: Image.Image) -> int:
    """The orientation (1 to 8) that a picture's metadata names; 1 if it names none that can be read."""
    try:
        value: Any = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # whatever is wrong with metadata is no reason to refuse the pixels
        value = getattr(image, "tag_v2", {}).get(ExifTags.Base.Orientation, 1)
    if isinstance(value, tuple | list):
        value = value[0] if value else 1
    try:
        orientation = int(value)
    except (TypeError, ValueError, ArithmeticError):
        return 1
    return orientation if 1 <= orientation <= 8 else 1


def upright_size(size: tuple[int, int], orientation: int) -> tuple[int, int]:
    """Width and height of the upright picture from those of the stored one."""
    return (size[1], size[0]) if orientation in _ON_ITS_SIDE else size


def as_stored(upright: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """A view of an upright picture (h, w, 3) whose rows and columns are those that the file stores."""
    if orientation in _ON_ITS_SIDE:
        upright = upright.transpose(1, 0, 2)
    # What remains after the transposition: from the right, from the bottom.
    if orientation in (2, 3, 7, 8):
        upright = upright[:, ::-1]
    if orientation in (3, 4, 6, 7):
        upright = upright[::-1]
    return upright
