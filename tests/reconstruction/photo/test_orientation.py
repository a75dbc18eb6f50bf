"""Photos come out upright, whichever way the camera was held and whatever else is broken in what it wrote."""

import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from pix2vertex_blender.reconstruction.photo.reading import load_photo

ORIENTATION, X_RESOLUTION = 0x0112, 0x011A
XMP = '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="{}"/></x:xmpmeta>'


def exif(orientation) -> Image.Exif:
    tags = Image.Exif()
    tags[ORIENTATION] = orientation
    return tags


def raw_exif(entries: list[tuple[int, int, int, bytes]], data: bytes = b"") -> bytes:
    """EXIF as bytes: entries (tag, type, count, four bytes) and what follows them."""
    body = b"II*\0" + struct.pack("<IH", 8, len(entries))
    body += b"".join(struct.pack("<HHI", *entry[:3]) + entry[3] for entry in entries) + struct.pack("<I", 0)
    return b"Exif\0\0" + body + data


SIX = (ORIENTATION, 3, 1, struct.pack("<HH", 6, 0))


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(
    ("name", "mode", "settings"),
    [
        ("a.jpg", "RGB", {"quality": 95}),
        ("a.png", "RGB", {}),
        ("a.png", "RGBA", {}),
        ("a.png", "P", {}),
        ("a.webp", "RGB", {"lossless": True}),
        ("a.webp", "RGBA", {"lossless": True}),
        ("a.tif", "RGB", {}),
        ("a.tif", "RGBA", {}),
        ("a.tif", "RGB", {"compression": "tiff_lzw"}),
        ("a.tif", "L", {}),
        ("a.avif", "RGB", {"quality": 95, "speed": 10}),
    ],
)
def test_all_eight_orientations_are_undone_once(portrait, stored, difference, file, orientation, name, mode, settings):
    stored(orientation, portrait.convert(mode)).save(file(name), exif=exif(orientation), **settings)
    assert difference(load_photo(file(name)).pixels, portrait.convert(mode).convert("RGB")) < 3


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("grey", [False, True])
def test_deep_tiffs_are_turned_once(portrait, stored, difference, file, orientation, dtype, grey):
    expected = portrait.convert("L") if grey else portrait
    values = np.asarray(stored(orientation, expected)).astype(dtype)
    values = values * 257 if dtype == np.uint16 else values / 255
    tags = [(ORIENTATION, 3, 1, orientation, True)]
    photometric = "minisblack" if grey else "rgb"
    tifffile.imwrite(file("a.tif"), values.astype(dtype), photometric=photometric, extratags=tags)
    assert difference(load_photo(file("a.tif")).pixels, expected) < 1


def test_an_orientation_in_xmp_counts(portrait, stored, difference, file):
    stored(6).save(file("a.jpg"), quality=95, xmp=XMP.format(6).encode())
    assert difference(load_photo(file("a.jpg")).pixels, portrait) < 3


@pytest.mark.parametrize(
    "broken",
    [
        raw_exif([SIX, (X_RESOLUTION, 10, 1, struct.pack("<I", 38))], struct.pack("<ii", -1, 0)),
        raw_exif([SIX, (X_RESOLUTION, 5, 1, struct.pack("<I", 999_999))]),
        raw_exif([SIX, (0x8769, 4, 1, struct.pack("<I", 999_999))]),
        raw_exif([SIX, (0x9999, 77, 1, bytes(4)), (X_RESOLUTION, 2, 2**31, bytes(4))]),
        raw_exif([(ORIENTATION, 4, 1, struct.pack("<I", 6))]),
        raw_exif([(ORIENTATION, 2, 2, b"6\0\0\0")]),
        raw_exif([SIX])[:-4],
    ],
    ids=["rational", "beyond the end", "directory beyond", "unknown type", "long", "text", "cut"],
)
@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
def test_an_orientation_among_broken_metadata_counts(portrait, stored, difference, file, broken, name):
    content = broken if name == "a.jpg" else broken[6:]
    stored(6).save(file(name), **({"lossless": True} if name == "a.webp" else {"quality": 95}), exif=content)
    assert difference(load_photo(file(name)).pixels, portrait) < 3


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp"])
@pytest.mark.parametrize(
    "garbage",
    [b"no metadata at all", bytes(100), b"\xff" * 500, raw_exif([(ORIENTATION, 2, 6, b"text")]), raw_exif([])[:9]],
)
def test_unreadable_metadata_count_as_none(portrait, difference, file, name, garbage):
    content = garbage if name != "a.jpg" or garbage.startswith(b"Exif") else b"Exif\0\0" + garbage
    portrait.save(file(name), **({"lossless": True} if name == "a.webp" else {"quality": 95}), exif=content)
    assert difference(load_photo(file(name)).pixels, portrait) < 3


@pytest.mark.parametrize("value", [0, 9, 1234])
def test_orientations_that_do_not_exist_count_as_none(portrait, difference, file, value):
    for name in ("a.jpg", "a.tif"):
        portrait.save(file(name), quality=95, exif=exif(value))
        assert difference(load_photo(file(name)).pixels, portrait) < 3
