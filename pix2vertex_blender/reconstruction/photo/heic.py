"""HEIC and HEIF, in which phones keep photos: what Pillow does not read and pillow-heif does."""

import io
import os
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import PhotoError

if TYPE_CHECKING:
    from pillow_heif import HeifImage

#: What the containers of pictures that are coded so say of themselves in bytes 8 to 12.
_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1", b"heif")
_AVIF = (b"avif", b"avis")
#: The boxes of pictures and of what is said of them.
_NEEDED = (b"ftyp", b"meta", b"mdat", b"moov")
#: How far the list of brands is looked at.
_HEAD = 64

NO_LIBRARY = (
    "{name} is HEIC, for which the library pillow-heif is missing: install the pix2vertex zip made for this version of"
    " Blender again, on the command line run pip install pillow-heif, or save the photo as JPEG."
)
FILM = "{name} is a film of HEIC pictures: save one of them as JPEG or PNG and choose the copy."
OTHER_CODE = "{name} holds no picture that is coded as HEIC codes them: save it as JPEG or PNG and choose the copy."


class CutError(ValueError):
    """A file lacks its end."""


def is_heic(path: Path) -> bool:
    """Whether a file's content, whatever its name, is HEIC or HEIF and not AVIF, which Pillow reads."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    return head[4:8] == b"ftyp" and head[8:12] in _BRANDS and not any(brand in head[8:] for brand in _AVIF)


def open_heic(path: Path) -> "HeifImage":
    """The picture that a phone shows of a file, which may hold several; not yet decoded.

    What the container says about turning and cropping is done when it is decoded. By the standard the orientation in
    EXIF says the same and does not count.

    Raises
    ------
    PhotoError
        If it is a film or another kind of picture, or the library is missing.
    CutError
        If its end is missing: of a picture in tiles, as phones write them, the library leaves out what is missing.
    Exception
        Nearly any, if the file is damaged in another way.
    """
    data = path.read_bytes()
    kinds = set(_outer_boxes(data))
    if b"moov" in kinds and b"meta" not in kinds:
        raise PhotoError(FILM.format(name=path.name))
    try:
        _let_windows_find_libraries()
        import pillow_heif

        pictures = pillow_heif.open_heif(io.BytesIO(data))
    except ImportError as error:  # of the package, or as soon as it is used, of what it is linked with
        raise PhotoError(NO_LIBRARY.format(name=path.name)) from error
    if len(pictures) == 0:
        raise PhotoError(OTHER_CODE.format(name=path.name))
    return pictures[pictures.primary_index]


def heic_depth(path: Path) -> tuple[NDArray[np.float64] | None, int]:
    """The upright depth picture (h, w), in [0, 1], of a file that is read, and the orientation that its EXIF names.

    The first is None if there is none that can be read.

    Raises
    ------
    PhotoError
        As `open_heic`.
    """
    picture = open_heic(path)
    from pillow_heif import set_orientation

    depths: Any = picture.info["depth_images"]
    try:
        steps = np.asarray(depths[0])
    except Exception:  # there is none, or nearly anything if it is damaged
        return None, 1
    grey = steps if steps.ndim == 2 else steps[..., 0]
    return grey / np.iinfo(grey.dtype).max, set_orientation(dict(picture.info)) or 1


def _let_windows_find_libraries() -> None:
    """Blender 4.2 leaves a wheel's libraries where the wheel has them: not beside the module that needs them."""
    if sys.platform == "win32":
        for folder in sys.path:
            for libraries in Path(folder).glob("pillow_heif-*.data/platlib"):
                os.add_dll_directory(str(libraries))


def _outer_boxes(data: bytes) -> Iterator[bytes]:
    """The kinds of a container's outer boxes (ISO/IEC 14496-12, 4.2).

    Raises
    ------
    CutError
        If one of those that are needed ends behind the file.
    """
    place = 0
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, place)
        if length == 1 and place + 16 <= len(data):
            length = struct.unpack_from(">Q", data, place + 8)[0]
        elif length == 0:  # as far as the file goes
            length = len(data) - place
        if kind in _NEEDED and place + length > len(data):
            raise CutError("its end is missing")
        if length < 8:  # something else than boxes, which some phones append
            return
        yield kind
        place += length
