"""The sharpest picture of a face that there is: its photo, or else the crop that was kept."""

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import PhotoError
from ...exchange.result import Reconstruction
from ..photo.photo import Photo, Square, cut_square, decode_image
from ..photo.reading import load_photo

#: Most pixels along each side of a crop that is cut anew.
LARGEST_CROP = 4096
#: A photo that differs from the crop by more than this mean of display values is another photo.
LARGEST_DIFFERENCE = 6.0
#: Pixels along each side at which they are compared.
COMPARED = 64

PHOTO_GONE = "The face's photo is no longer there: put it back or reconstruct the face again."


def sharpest_crop(face: Reconstruction, photo: Path, size: int) -> tuple[NDArray[np.uint8], bool]:
    """Pixels (S, S, 3) of the face's square of the photo, and whether they come from the photo's own file.

    Parameters
    ----------
    face : Reconstruction
    photo : Path
        Where the photo was.
    size : int
        Texels along each side of the texture, which the crop need not exceed by much.

    Raises
    ------
    PhotoError
        If neither the photo nor the crop can be read.
    """
    square = Square.of(face.view.crop_to_photo, len(face.view.maps.mask))
    kept = decode_image(face.view.crop_png) if face.view.crop_png else None
    resolution = int(min(square.side, 2 * size, LARGEST_CROP))
    if kept is not None and resolution <= len(kept):
        return kept, False
    whole = own_photo(face, photo)
    if whole is not None:
        return cut_square(whole, square, max(resolution, 256)).pixels, True
    if kept is None:
        raise PhotoError(PHOTO_GONE)
    return kept, False


def own_photo(face: Reconstruction, path: Path) -> Photo | None:
    """The photo of a face if it is still there and still the same."""
    try:
        whole = load_photo(path)
    except PhotoError:
        return None
    if whole.size != tuple(face.view.photo_size):
        return None
    if not face.view.crop_png:
        return whole
    kept = decode_image(face.view.crop_png)
    square = Square.of(face.view.crop_to_photo, len(face.view.maps.mask))
    same = _differ(cut_square(whole, square, len(kept)).pixels, kept) <= LARGEST_DIFFERENCE
    return whole if same else None


def _differ(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    small = [cv2.resize(image, (COMPARED, COMPARED), interpolation=cv2.INTER_AREA) for image in (one, other)]
    return float(np.abs(small[0].astype(np.float64) - small[1]).mean())
