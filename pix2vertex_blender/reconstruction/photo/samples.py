"""Pictures with more than 8 bits per channel, as numbers whose white has to be found out."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin

from ...errors import PhotoError

#: The numbers (bits, sample format) that OpenCV reads rightly: integers without and with a sign, and floating point.
_READABLE = {(16, 1), (16, 2), (32, 3), (64, 3)}
_UNSIGNED, _SIGNED, _FLOATING = 1, 2, 3
#: What white may be in integers: cameras and scanners write 10, 12 and 14 bits into words of 16.
_WHITES = [float(2**bits - 1) for bits in (8, 10, 12, 14, 16, 24, 31, 32)]
#: A floating-point picture whose largest value is below this has 1 as white, and highlights beyond it.
_BRIGHTEST = 8.0
_MOST_BYTES = 1_600_000_000
_MAX_SAMPLE, _BITS, _PHOTOMETRIC, _CHANNELS, _PLANES, _EXTRA, _FORMAT = 281, 258, 262, 277, 284, 338, 339
_STRIPS, _TILES = 273, 324
_WHITE_IS_ZERO, _SEPARATE, _PREMULTIPLIED = 0, 2, 1


@dataclass(frozen=True)
class TiffTags:
    """What a TIFF says about its numbers.

    Attributes
    ----------
    bits, channels : int
    sample_format : int
        1 unsigned, 2 signed, 3 floating point.
    white_is_zero, separate_planes : bool
    premultiplied : bool
        Whether the colours are already multiplied with the transparency.
    largest : float or None
        The largest value, if it is named.
    """

    bits: int
    channels: int
    sample_format: int
    white_is_zero: bool
    separate_planes: bool
    premultiplied: bool
    largest: float | None

    @property
    def can_be_read(self) -> bool:
        """Whether OpenCV reads such numbers rightly."""
        planes = self.separate_planes and self.channels > 1
        return (self.bits, self.sample_format) in _READABLE and self.channels <= 4 and not planes

    @property
    def words(self) -> str:
        """For an artist."""
        kind = "floating-point numbers" if self.sample_format == _FLOATING else "numbers"
        return f"{kind} of {self.bits} bits{' in separate planes' if self.separate_planes else ''}"


def read_tiff_tags(path: Path) -> TiffTags | None:
    """What a file says about its numbers; None if it is no TIFF or says nothing that can be read."""
    with path.open("rb") as file:
        header = file.read(8)
        if header[:4] not in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            return None
        if b"+" in header[:4]:
            header += file.read(8)
        try:
            tags = _read_directory(file, header)
            if _STRIPS not in tags and _TILES not in tags:  # cut off: what tags are by default would be a fax
                return None
            largest = _first(tags.get(_MAX_SAMPLE))
            return TiffTags(
                bits=int(max(tags.get(_BITS, (1,)))),
                channels=int(tags.get(_CHANNELS, 1)),
                sample_format=int(_first(tags.get(_FORMAT)) or _UNSIGNED),
                white_is_zero=tags.get(_PHOTOMETRIC) == _WHITE_IS_ZERO,
                separate_planes=tags.get(_PLANES, 1) == _SEPARATE,
                premultiplied=_first(tags.get(_EXTRA)) == _PREMULTIPLIED,
                largest=float(largest) if largest else None,
            )
        except Exception:  # a directory that cannot be read is Pillow's to judge
            return None


def _read_directory(file: BinaryIO, header: bytes) -> TiffImagePlugin.ImageFileDirectory_v2:
    """The first directory of a TIFF, as far as the file goes."""
    tags = TiffImagePlugin.ImageFileDirectory_v2(header)
    file.seek(tags.next)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Pillow about what is cut off
        tags.load(file)
    return tags


def _first(value: object) -> float | None:
    if isinstance(value, tuple | list):
        value = value[0] if value else None
    return value if isinstance(value, int | float) else None


@dataclass(frozen=True)
class Samples:
    """A picture as numbers.

    Attributes
    ----------
    values : (h, w) or (h, w, 3 or 4)
        Blue first, as OpenCV reads them.
    white : float
        The value of white.
    white_is_zero, premultiplied : bool
        As in `TiffTags`.
    turned : bool
        Whether the picture is already upright.
    """

    values: NDArray[np.generic]
    white: float
    white_is_zero: bool = False
    premultiplied: bool = False
    turned: bool = False

    @property
    def size(self) -> tuple[int, int]:
        """Width and height."""
        return self.values.shape[1], self.values.shape[0]

    def strip(
        self, top: int, bottom: int, curve: Callable[[NDArray[np.floating]], NDArray[np.floating]]
    ) -> Image.Image:
        """Some rows as a picture of 8 bits per channel, after a curve in [0, 1] for the colours."""
        values = np.nan_to_num(self.values[top:bottom].astype(np.float32), nan=0.0) / np.float32(self.white)
        colours = np.clip(values[..., 2::-1] if values.ndim == 3 else values, 0, 1)
        alpha = np.clip(values[..., 3:], 0, 1) if values.ndim == 3 and values.shape[2] == 4 else None
        if alpha is not None and self.premultiplied:
            colours = np.clip(colours / np.maximum(alpha, 1e-6), 0, 1)
        colours = curve(np.asarray(1 - colours if self.white_is_zero else colours, dtype=np.float32))
        if alpha is not None:
            colours = np.concatenate([colours, alpha], axis=-1)
        return Image.fromarray(np.rint(colours * 255).astype(np.uint8))


def samples_of_grey(image: Image.Image, tags: TiffTags | None) -> Samples:
    """The numbers of a grey picture that Pillow has read."""
    values = np.asarray(image)
    if tags is not None and tags.bits == 32 and tags.sample_format == _UNSIGNED and values.dtype == np.int32:
        values = values.view(np.uint32)  # Pillow knows only numbers with a sign
    return Samples(values, _white(values, tags), tags is not None and tags.white_is_zero)


def decode_samples(path: Path, size: tuple[int, int] | None, tags: TiffTags | None) -> Samples | None:
    """The numbers of a TIFF or PNG; None if OpenCV cannot read the file either.

    Raises
    ------
    PhotoError
        If they would not fit into the memory that is meant for a photo.
    """
    if tags is not None and size is not None:
        width, height = size
        if width * height * tags.channels * tags.bits // 8 > _MOST_BYTES:
            raise PhotoError(
                f"{path.name} has {width * height // 1_000_000} megapixels of {tags.bits} bits: "
                "save it with 8 bits per channel or make a smaller copy of it."
            )
    values = cv2.imdecode(np.fromfile(path, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None:
        return None
    return Samples(
        values,
        255.0 if values.dtype == np.uint8 else _white(values, tags),
        tags is not None and tags.white_is_zero and values.dtype != np.uint8,
        tags is not None and tags.premultiplied,
        turned=tags is not None,  # OpenCV turns TIFFs, and nothing else that is read unchanged
    )


def _white(values: NDArray[np.generic], tags: TiffTags | None) -> float:
    """The value of white: what the file says, or else the fewest bits that hold all values."""
    colours = values[..., :3] if values.ndim == 3 else values
    largest = max(float(np.nanmax(row, initial=0)) for row in np.array_split(colours, max(1, len(colours) // 256)))
    if np.issubdtype(values.dtype, np.floating):
        if not largest > _BRIGHTEST:
            return 1.0
        return next((white for white in (255.0, 65535.0) if largest <= white), largest)
    if tags is not None and tags.largest is not None and tags.largest >= largest > 0:
        return tags.largest
    whites = _WHITES
    if values.dtype == np.int16:
        whites = [white for white in whites if white < 2**15]
    return min((white for white in whites if white >= largest), default=largest)
