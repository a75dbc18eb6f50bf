"""From a file to an upright photo in sRGB."""

import io
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from ...errors import Cancelled, PhotoError
from ...exchange.photo_files import UNREADABLE_FORMATS
from .background import Tell, in_background, tell_nobody
from .colour import ColourConversion
from .heic import is_heic, open_heic
from .orientation import as_stored, read_orientation, upright_size
from .photo import Photo
from .photo_file import JPEG_END, JPEG_FILLER, PNG_SIGNATURE, Part, PhotoFile, jpeg_parts, png_parts
from .samples import Samples, TiffTags, decode_samples, read_tiff_tags, samples_of_grey

#: A photo whose shorter side is below this has no face that could be reconstructed.
SMALLEST_SIDE = 64
#: 400 megapixels: above this a file is damaged or hostile rather than a photo.
LARGEST_PIXELS = 400_000_000
#: Pillow's names of what it reads.
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "AVIF", "JPEG2000")

#: Pixels that are converted at a time.
_STRIP = 2_000_000
#: Shares of the time: decoding, and converting colours.
_DECODING = 0.6


class _DamagedError(Exception):
    """A decoder cannot read a file, for whatever reason."""


def load_photo(path: Path | str, tell: Tell = tell_nobody) -> Photo:
    """Read a photo of any bit depth and colour space, turned as its metadata say.

    Metadata that cannot be read count as none. Needs some seven bytes per pixel, of HEIC some ten.

    Parameters
    ----------
    path : Path or str
    tell : callable
        Is told how much is read, several times a second; what it raises ends the reading.

    Raises
    ------
    PhotoError
        If the file is missing, empty, damaged, not an image or too small.
    """
    path = Path(path)
    if path.is_dir():
        raise PhotoError(f"{path.name} is a folder: choose one photo in it.")
    if not path.exists():
        raise PhotoError(f"There is no file {path}: choose a photo.")
    try:
        if path.stat().st_size == 0:
            raise PhotoError(f"{path.name} is empty: choose another photo.")
        with _any_size():
            return Photo(path.stem, _read(path, tell))
    except UnidentifiedImageError:
        raise PhotoError(
            f"{path.name} is not an image: choose a JPEG, HEIC, PNG, WebP, TIFF, BMP, GIF, AVIF or JPEG 2000 file."
        ) from None
    except PermissionError:
        raise PhotoError(f"{path.name} may not be read: check the file's permissions.") from None
    except (_DamagedError, OSError) as error:
        raise PhotoError(f"{path.name} is damaged and cannot be read ({error}): choose another copy.") from error


def _read(path: Path, tell: Tell) -> NDArray[np.uint8]:
    name = _unreadable_format(path)
    if name is not None:
        raise PhotoError(
            f"{path.name} cannot be read because its format is {name}: save it as JPEG or PNG and choose the copy."
        )
    tags = read_tiff_tags(path)
    try:
        image, orientation = _decode(path, lambda fraction: tell(_DECODING * fraction))
    except UnidentifiedImageError:
        if tags is None:
            raise
        image, orientation = None, 1
    conversion = ColourConversion() if image is None else ColourConversion.of(image)
    samples = _deep_samples(path, image, tags, conversion, tell)
    if samples is not None:
        _check_size(samples.size, path)
        # OpenCV has turned what it has read; the image says whether Pillow would have.
        return _convert(samples, conversion, 1 if samples.turned else orientation, tell)
    assert image is not None
    return _convert(image, conversion, orientation, tell)


def _deep_samples(
    path: Path, image: Image.Image | None, tags: TiffTags | None, conversion: ColourConversion, tell: Tell
) -> Samples | None:
    """The numbers of a picture with more than 8 bits, where Pillow has not kept all of them; None if it has."""

    def decode() -> Samples | None:
        return decode_samples(path, None if image is None else image.size, tags)

    is_deep = image is None or (tags is not None and tags.bits > 8)
    is_grey = image is not None and image.mode.startswith(("I", "F"))
    samples = None
    if (is_deep and tags is not None and tags.can_be_read) or _is_deep_png(path, image, conversion):
        samples = in_background(decode, tell, lambda: _DECODING)
    if samples is None and image is not None and is_grey:
        samples = samples_of_grey(image, tags)
    if samples is None and is_deep and tags is not None and (image is None or tags.separate_planes or _is_black(image)):
        raise PhotoError(
            f"{path.name} stores its colours as {tags.words}: save it with 8 bits per channel and choose the copy."
        )
    return samples


def _is_black(image: Image.Image) -> bool:
    """Whether Pillow has kept the high halves of numbers whose high bits are not used."""
    bands = image.getextrema()
    return max(high for _, high in bands[:3]) < 64  # type: ignore[misc]


def _is_deep_png(path: Path, image: Image.Image | None, conversion: ColourConversion) -> bool:
    """Whether a PNG's dark tones need the bits that Pillow drops: 16 per channel under an unusual gamma."""
    if image is None or image.format != "PNG" or conversion.gamma is None or image.mode not in ("RGB", "RGBA"):
        return False
    with path.open("rb") as file:
        return file.read(25)[24:] == b"\x10"


def _decode(path: Path, tell: Tell) -> tuple[Image.Image, int]:
    """The picture as stored, and its orientation; what is damaged without harm to the pixels is passed over."""
    if is_heic(path):
        return _load_heic(path, tell), 1
    with path.open("rb") as file:
        signature = file.read(len(PNG_SIGNATURE))
    if signature == PNG_SIGNATURE:
        try:
            return _load(path, png_parts(path), tell)
        except _DamagedError:
            return _load(path, png_parts(path, with_metadata=False), tell)
    try:
        return _load(path, None, tell)
    except _DamagedError as error:
        is_cut = signature[:2] == JPEG_END[:1] + b"\xd8" and "truncated" in str(error)
        whole = _load_without_end(path, tell) if is_cut else None
        if whole is None:
            raise
        return whole


def _load_without_end(path: Path, tell: Tell) -> tuple[Image.Image, int] | None:
    """A JPEG that lacks its end but none of its pixels; None if it lacks some.

    A decoder fills up what is missing, silently. So the file is decoded with two different ends: where no pixel
    depends on them, none was missing.
    """
    image, orientation = _load(path, jpeg_parts(path, JPEG_FILLER), tell)
    with_filler = _checksum(image)
    image.close()
    image, orientation = _load(path, jpeg_parts(path, JPEG_END), tell)
    return (image, orientation) if _checksum(image) == with_filler else None


def _checksum(image: Image.Image) -> int:
    checksum = 0
    for top, bottom in _strips(image.size):
        checksum = zlib.crc32(image.crop((0, top, image.width, bottom)).tobytes(), checksum)
    return checksum


def _load(path: Path, parts: list[Part] | None, tell: Tell) -> tuple[Image.Image, int]:
    file = PhotoFile(path, parts)
    stream = io.BufferedReader(cast(io.RawIOBase, file), 1 << 16)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(stream, formats=FORMATS)
            _check_size(image.size, path)
            if image.format == "TIFF":
                image.load_end = _leave_as_stored  # type: ignore[method-assign]
            in_background(image.load, tell, lambda: file.fraction)
            return image, read_orientation(image)
    except (PhotoError, UnidentifiedImageError, Cancelled, MemoryError):
        raise
    except Exception as error:  # decoders raise nearly everything at damaged files
        raise _DamagedError(str(error)) from error
    finally:
        file.stopped = True
        stream.close()


def _load_heic(path: Path, tell: Tell) -> Image.Image:
    """The upright picture of a HEIC file."""
    try:
        picture = open_heic(path)
        _check_size(picture.size, path)
        return in_background(picture.to_pillow, tell, lambda: 0.0)
    except (PhotoError, Cancelled, MemoryError, OSError):
        raise
    except Exception as error:  # as of other decoders
        raise _DamagedError(" ".join(str(error).split())) from error


def _leave_as_stored() -> None:
    """Instead of what Pillow does after loading a TIFF, and no other picture: turning it upright."""


def _convert(
    picture: Image.Image | Samples, conversion: ColourConversion, orientation: int, tell: Tell
) -> NDArray[np.uint8]:
    """Pixels (h, w, 3) of the upright picture in sRGB."""
    # A TIFF's own `size` is that of the upright picture.
    size = picture.size if isinstance(picture, Samples) else picture.im.size
    width, height = upright_size(size, orientation)
    pixels = np.empty((height, width, 3), dtype=np.uint8)
    stored = as_stored(pixels, orientation)
    for top, bottom in _strips(size):
        tell(_DECODING + (1 - _DECODING) * top / size[1])
        if isinstance(picture, Samples):
            strip = picture.strip(top, bottom, conversion.curve)
        else:
            strip = conversion.apply_curve(picture.crop((0, top, size[0], bottom)))
        stored[top:bottom] = np.asarray(conversion.apply(strip))
    return pixels


def _strips(size: tuple[int, int]) -> Iterator[tuple[int, int]]:
    """First rows, and rows behind the last ones, of strips of a picture."""
    width, height = size
    rows = max(1, _STRIP // width)
    for top in range(0, height, rows):
        yield top, min(top + rows, height)


@contextmanager
def _any_size() -> Iterator[None]:
    """Have Pillow leave it to `_check_size` which pictures are too large."""
    before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
    try:
        yield
    finally:
        Image.MAX_IMAGE_PIXELS = before


def _check_size(size: tuple[int, int], path: Path) -> None:
    width, height = size
    if min(width, height) < SMALLEST_SIDE:
        raise PhotoError(
            f"{path.name} is only {width} x {height} pixels: choose a photo with at least {SMALLEST_SIDE} on each side."
        )
    if width * height > LARGEST_PIXELS:
        raise PhotoError(f"{path.name} has {width * height // 1_000_000} megapixels: make a smaller copy of it.")


#: How the files of formats begin that are known and cannot be read.
_SIGNATURES = {
    b"8BPS": "Photoshop",
    b"%PDF": "PDF",
    b"\x76\x2f\x31\x01": "OpenEXR",
    b"#?RADIANCE": "Radiance",
    b"\xff\x0a": "JPEG XL",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"<svg": "SVG",
}
#: Containers of films and of single pictures say in bytes 8 to 12 what they are.
_BRANDS = {
    "camera raw": ("crx ",),
    "video": ("isom", "iso2", "mp41", "mp42", "qt  ", "M4V ", "avc1", "3gp4", "3gp5"),
}
_BRAND_NAMES = {brand.encode(): name for name, brands in _BRANDS.items() for brand in brands}


def _unreadable_format(path: Path) -> str | None:
    """The name of a file's format if it is known and cannot be read."""
    with path.open("rb") as file:
        head = file.read(64)
    if head[4:8] == b"ftyp":
        return _BRAND_NAMES.get(head[8:12])
    for signature, name in _SIGNATURES.items():
        if head.startswith(signature):
            return name
    named = UNREADABLE_FORMATS.get(path.suffix.lower())
    # Cameras' raw files are TIFFs of a kind, in which other programs find only a small preview.
    is_tiff = head[:4] in (b"II*\0", b"MM\0*") or head[:3] in (b"IIR", b"IIU")
    return named if named == "camera raw" and (is_tiff or not _is_picture(head)) else None


def _is_picture(head: bytes) -> bool:
    return head.startswith((PNG_SIGNATURE, b"\xff\xd8", b"GIF8", b"RIFF", b"BM"))
