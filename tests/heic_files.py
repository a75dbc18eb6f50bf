"""HEIC files like those of phones, made up with the library that reads them."""

import io
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pillow_heif
from numpy.typing import NDArray
from PIL import Image

#: What says that an item is the depth of another one (ISO/IEC 23008-2, F.14.2.3).
DEPTH_KIND = b"urn:mpeg:hevc:2015:auxid:2\0"
PHOTO, DEPTH, SAID = 1, 101, 102


def exif(orientation: int) -> bytes:
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags.tobytes()


def save_heic(picture: Image.Image, path: Path | io.BytesIO, orientation: int = 1, **settings: Any) -> None:
    """Write the picture that a camera stores, with its orientation in EXIF and in the container."""
    usual = {"quality": 95, "chroma": "444", "exif": exif(orientation), "enc_params": {"preset": "ultrafast"}}
    pillow_heif.encode(picture.mode, picture.size, picture.tobytes(), path, **usual | settings)


def save_portrait(
    picture: Image.Image, steps: NDArray[np.uint8], said: str, path: Path, orientation: int = 1, **settings: Any
) -> None:
    """Write a photo with a depth picture (h, w) behind it, which the library cannot, and what a phone says of that.

    Both are as the camera stores them.
    """
    photo, depth = io.BytesIO(), io.BytesIO()
    save_heic(picture, photo, orientation, **settings)
    save_heic(Image.fromarray(steps), depth, orientation, quality=-1)
    packet = f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{said}</x:xmpmeta>'.encode()
    path.write_bytes(_with_depth(photo.getvalue(), depth.getvalue(), packet))


def _with_depth(photo: bytes, depth: bytes, packet: bytes) -> bytes:
    """The first items of two files and their metadata in one file (ISO/IEC 23008-12)."""
    items, properties, associations = {}, [], b""
    for number, data in ((PHOTO, photo), (DEPTH, depth)):
        content = dict(_boxes(data, _inside(data, b"meta") + 4))
        items[number] = (b"hvc1\0", _item(data, content[b"iloc"], 1))
        own, chosen = _properties(content[b"iprp"])
        if number == DEPTH:
            own.append(_box(b"auxC", bytes(4) + DEPTH_KIND))
            chosen.append(0x80 | len(own))
        places = bytes((place & 0x80) | (place & 0x7F) + len(properties) for place in chosen)
        associations += struct.pack(">HB", number, len(places)) + places
        properties += own
        if number == PHOTO:
            items[2] = (b"Exif\0", _item(data, content[b"iloc"], 2))
    items[SAID] = (b"mime\0application/rdf+xml\0\0", packet)
    references = [(b"cdsc", 2, PHOTO), (b"auxl", DEPTH, PHOTO), (b"cdsc", SAID, DEPTH)]
    meta = [
        _box(b"hdlr", bytes(8) + b"pict" + bytes(13)),
        _box(b"pitm", bytes(4) + struct.pack(">H", PHOTO)),
        _box(b"iinf", bytes(4) + struct.pack(">H", len(items)) + b"".join(map(_entry, items, items.values()))),
        _box(b"iref", bytes(4) + b"".join(_box(kind, struct.pack(">HHH", a, 1, b)) for kind, a, b in references)),
        _box(
            b"iprp",
            _box(b"ipco", b"".join(properties)) + _box(b"ipma", bytes(4) + struct.pack(">I", 2) + associations),
        ),
    ]
    start = _box(b"ftyp", b"heic" + bytes(4) + b"mif1heic")
    place = len(start) + 12 + len(b"".join(meta)) + 16 + 14 * len(items) + 8
    located = bytes(4) + b"\x44\0" + struct.pack(">H", len(items))
    for number, (_, data) in items.items():
        located += struct.pack(">HHHII", number, 0, 1, place, len(data))
        place += len(data)
    meta.append(_box(b"iloc", located))
    pictures = _box(b"mdat", b"".join(data for _, data in items.values()))
    return start + _box(b"meta", bytes(4) + b"".join(meta)) + pictures


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def _entry(number: int, item: tuple[bytes, bytes]) -> bytes:
    return _box(b"infe", b"\2\0\0\0" + struct.pack(">HH", number, 0) + item[0])


def _boxes(data: bytes, place: int = 0, end: int | None = None) -> Iterator[tuple[bytes, bytes]]:
    """Kind and content of the boxes one after the other."""
    while place + 8 <= (len(data) if end is None else end):
        length, kind = struct.unpack_from(">I4s", data, place)
        yield kind, data[place + 8 : place + length]
        place += length


def _inside(data: bytes, wanted: bytes) -> int:
    """Where the content of an outer box begins."""
    place = 0
    for kind, content in _boxes(data):
        if kind == wanted:
            return place + 8
        place += len(content) + 8
    raise ValueError(wanted)


def _item(data: bytes, located: bytes, wanted: int) -> bytes:
    """An item's bytes by the library's way of writing places: from a base, in one stretch."""
    for place in range(8, len(located), 18):
        number, _, base, count, offset, length = struct.unpack_from(">HHIHII", located, place)
        if number == wanted and count == 1:
            return data[base + offset : base + offset + length]
    raise ValueError(wanted)


def _properties(content: bytes) -> tuple[list[bytes], list[int]]:
    """The properties, as boxes, and which of them, counted from 1, the first item has."""
    inner = dict(_boxes(content))
    return [_box(*each) for each in _boxes(inner[b"ipco"])], list(inner[b"ipma"][11 : 11 + inner[b"ipma"][10]])
