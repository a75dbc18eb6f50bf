"""A photo's file as a stream that can be stopped, without the parts of it that are not needed and damaged."""

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

#: A stretch of the file (offset, length), or bytes that are not in it.
Part = tuple[int, int] | bytes

PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
JPEG_END = b"\xff\xd9"

#: What of a PNG's optional chunks says how its pixels are to be shown.
_PNG_COLOURS = {b"tRNS"}
_PNG_METADATA = {b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"eXIf"}
_PNG_TEXTS = {b"tEXt", b"zTXt", b"iTXt"}
_PNG_NEEDED_TEXTS = (b"XML:com.adobe.xmp\0", b"Raw profile type exif\0")
_LARGEST_METADATA = 4_000_000


class Stopped(OSError):  # noqa: N818 - a request, not an error
    """Somebody has stopped the reading."""


class PhotoFile(io.RawIOBase):
    """Parts of a file, one after the other, as a stream.

    Attributes
    ----------
    stopped : bool
        Set by another thread: the next read raises `Stopped`.
    """

    def __init__(self, path: Path, parts: list[Part] | None = None) -> None:
        self._file: BinaryIO = path.open("rb")
        size = self._file.seek(0, io.SEEK_END)
        self._whole = parts is None
        self._parts = [(0, size)] if parts is None else parts
        self._size = sum(len(part) if isinstance(part, bytes) else part[1] for part in self._parts)
        self._position = 0
        self.stopped = False

    @property
    def fraction(self) -> float:
        """How much of it has been read."""
        return min(self._position / self._size, 1.0) if self._size else 1.0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def fileno(self) -> int:
        """The system's number of the file, if all of it is read: some decoders read for themselves."""
        if not self._whole:
            raise io.UnsupportedOperation("fileno")
        return self._file.fileno()

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position."""
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        """The position."""
        return self._position

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Fill a buffer from one of the parts; returns how many bytes there were."""
        if self.stopped:
            raise Stopped("stopped")
        before = self._position
        for part in self._parts:
            length = len(part) if isinstance(part, bytes) else part[1]
            if before < length:
                count = min(length - before, len(buffer))
                if isinstance(part, bytes):
                    piece = part[before : before + count]
                else:
                    self._file.seek(part[0] + before)
                    piece = self._file.read(count)
                buffer[: len(piece)] = piece
                self._position += len(piece)
                return len(piece)
            before -= length
        return 0

    def close(self) -> None:
        """Close the file."""
        self._file.close()
        super().close()


def png_parts(path: Path, with_metadata: bool = True) -> list[Part]:
    """The parts of a PNG that its pixels need, and the undamaged ones that say which way up and in which colours.

    Optional chunks may be damaged, or may swell to gigabytes, without harm to the pixels.
    """
    optional = _PNG_COLOURS | (_PNG_METADATA | _PNG_TEXTS if with_metadata else set())
    stretches = [(0, len(PNG_SIGNATURE))]
    with path.open("rb") as file:
        for kind, offset, length in _png_chunks(file):
            is_critical = not kind[0] & 0x20
            if is_critical or (kind in optional and _is_sound(file, kind, offset, length)):
                start, before = stretches[-1]
                if start + before == offset:  # a large picture has many thousand chunks
                    stretches[-1] = (start, before + length + 12)
                else:
                    stretches.append((offset, length + 12))
    return list(stretches)


def _png_chunks(file: BinaryIO) -> Iterator[tuple[bytes, int, int]]:
    """Kind, offset and length of the data of each chunk, as far as the file goes."""
    offset = len(PNG_SIGNATURE)
    while True:
        file.seek(offset)
        head = file.read(8)
        if len(head) < 8:
            return
        length, kind = struct.unpack(">I4s", head)
        yield kind, offset, length
        if kind == b"IEND":
            return
        offset += length + 12


def _is_sound(file: BinaryIO, kind: bytes, offset: int, length: int) -> bool:
    """Whether an optional chunk is small, what it should be, and as it was written."""
    if length > _LARGEST_METADATA:
        return False
    file.seek(offset + 4)
    data = file.read(length + 4)
    checksum = file.read(4)
    if kind in _PNG_TEXTS and not data[4:].startswith(_PNG_NEEDED_TEXTS):
        return False
    return len(checksum) == 4 and zlib.crc32(data) == struct.unpack(">I", checksum)[0]


def jpeg_parts(path: Path, tail: bytes) -> list[Part]:
    """A JPEG without an end, and a tail instead of it."""
    return [(0, path.stat().st_size), tail]


#: Image data for whatever a JPEG lacks, which no picture has.
JPEG_FILLER = bytes(1 + (37 * number) % 254 for number in range(200_000)) + JPEG_END
