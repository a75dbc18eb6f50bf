"""Which files are read: harmless damage, large ones and rare formats are; what is not read is named."""

import struct
import time
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image

from pix2vertex_blender.errors import Cancelled, PhotoError
from pix2vertex_blender.reconstruction.photo.photo_file import PhotoFile, png_parts
from pix2vertex_blender.reconstruction.photo.reading import load_photo


def chunk(kind: bytes, data: bytes, checksum_error: int = 0) -> bytes:
    checksum = zlib.crc32(kind + data) ^ checksum_error
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)


BOMB = zlib.compress(bytes(80_000_000), 9)


@pytest.mark.parametrize(
    "damage",
    [
        chunk(b"tEXt", b"Comment\0hello", checksum_error=1),
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0broken", checksum_error=1),
        chunk(b"eXIf", b"garbage", checksum_error=1),
        chunk(b"iCCP", b"name\0\0not compressed"),
        chunk(b"iCCP", b"name\0\0" + BOMB),
        chunk(b"zTXt", b"Comment\0\0" + BOMB),
        chunk(b"zTXt", b"Raw profile type exif\0\0" + BOMB),
        chunk(b"pHYs", b"x"),
        chunk(b"gAMA", b""),
        chunk(b"gAMA", bytes(4)),
        chunk(b"cHRM", b"short"),
        chunk(b"acTL", b"no film"),
    ],
)
def test_damage_in_what_a_png_does_not_need_is_passed_over(portrait, difference, file, damage):
    portrait.save(file("a.png"))
    data = file("a.png").read_bytes()
    file("a.png").write_bytes(data[:33] + damage + data[33:])
    assert difference(load_photo(file("a.png")).pixels, portrait) == 0


def test_a_png_without_its_end_is_read(portrait, difference, file):
    portrait.save(file("a.png"))
    file("a.png").write_bytes(file("a.png").read_bytes()[:-12])
    assert difference(load_photo(file("a.png")).pixels, portrait) == 0


@pytest.mark.parametrize("settings", [{}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_rows": 2}])
@pytest.mark.parametrize("missing", [1, 2])
def test_a_jpeg_without_its_end_is_read(portrait, difference, file, settings, missing):
    portrait.save(file("whole.jpg"), quality=95, **settings)
    whole = load_photo(file("whole.jpg"))
    file("a.jpg").write_bytes(file("whole.jpg").read_bytes()[:-missing])
    assert difference(load_photo(file("a.jpg")).pixels, Image.fromarray(whole.pixels)) == 0


@pytest.mark.parametrize("settings", [{}, {"progressive": True}, {"subsampling": 0}, {"restart_marker_rows": 2}])
@pytest.mark.parametrize("share", [0.5, 0.9, 0.97])
def test_a_jpeg_that_lacks_pixels_is_refused(portrait, file, settings, share):
    portrait.save(file("a.jpg"), quality=95, **settings)
    data = file("a.jpg").read_bytes()
    file("a.jpg").write_bytes(data[: int(share * len(data))])
    with pytest.raises(PhotoError, match="damaged"):
        load_photo(file("a.jpg"))


@pytest.mark.parametrize("compression", [None, "jpeg", "tiff_lzw"])
def test_a_tiff_that_was_cut_off_is_refused_with_a_true_sentence(portrait, file, compression, recwarn):
    portrait.save(file("whole.tif"), compression=compression)
    data = file("whole.tif").read_bytes()
    for length in (8, 10, 30, 60, 200, len(data) // 50, len(data) // 3, len(data) - 40):
        file("a.tif").write_bytes(data[:length])
        with pytest.raises(PhotoError, match=r"damaged|not an image"):
            load_photo(file("a.tif"))
    assert not recwarn.list


def test_bytes_after_the_end_do_no_harm(portrait, difference, file):
    for name in ("a.jpg", "a.png", "a.gif"):
        portrait.save(file(name))
        whole = Image.fromarray(load_photo(file(name)).pixels)
        file(name).write_bytes(file(name).read_bytes() + b"something else" * 100)
        assert difference(load_photo(file(name)).pixels, whole) == 0


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("a.gif", {}),
        ("a.avif", {"speed": 10, "quality": 90}),
        ("a.jp2", {}),
        ("a.j2k", {}),
        ("a.jfif", {"format": "JPEG", "quality": 95}),
        ("a.bmp", {}),
        ("wrong.png", {"format": "JPEG", "quality": 95}),
    ],
)
def test_rare_formats_are_read(portrait, difference, file, name, settings):
    portrait.save(file(name), **settings)
    assert difference(load_photo(file(name)).pixels, portrait) < 6


def test_a_transparent_gif_lies_over_white(portrait, file):
    picture = portrait.quantize(64)
    transparent = picture.getpixel((5, 5))
    picture.save(file("a.gif"), transparency=transparent)
    shown = load_photo(file("a.gif")).pixels
    assert shown[5, 5].tolist() == [255, 255, 255]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("film.mp4", b"\0\0\0\x18ftypisom\0\0\0\0isomiso2" + bytes(100), "video: save it as"),
        ("a.cr2", b"II*\0\x10\0\0\0CR" + bytes(100), "camera raw: save it as JPEG"),
        ("a.psd", b"8BPS" + bytes(100), "Photoshop: save it as"),
        ("a.pdf", b"%PDF-1.7" + bytes(100), "PDF"),
        ("a.jxl", b"\xff\x0a" + bytes(100), "JPEG XL"),
        ("a.jpg", b"no picture at all", "not an image"),
    ],
)
def test_what_cannot_be_read_is_named(file, name, content, words):
    file(name).write_bytes(content)
    with pytest.raises(PhotoError, match=words):
        load_photo(file(name))


def test_a_camera_raw_is_not_mistaken_for_its_small_preview(portrait, file):
    portrait.save(file("a.tif"))
    file("a.nef").write_bytes(file("a.tif").read_bytes())
    with pytest.raises(PhotoError, match="camera raw"):
        load_photo(file("a.nef"))


def test_reading_is_told(portrait, file):
    portrait.resize((3000, 2000)).save(file("a.jpg"))
    told: list[float] = []
    load_photo(file("a.jpg"), told.append)
    assert told == sorted(told)
    assert told[0] < 0.5 < told[-1] <= 1


def test_reading_can_be_stopped_in_the_middle(portrait, file, monkeypatch):
    portrait.resize((1500, 1500)).save(file("a.png"), compress_level=0)
    size, read = file("a.png").stat().st_size, 0
    read_into = PhotoFile.readinto

    def from_a_disk_that_hangs(self, buffer):
        nonlocal read
        deadline = time.monotonic() + 60
        while read > size / 4 and not self.stopped and time.monotonic() < deadline:
            time.sleep(0.01)
        count = read_into(self, buffer)
        read += count
        return count

    def stop(fraction):
        if fraction > 0.1:
            raise Cancelled

    monkeypatch.setattr(PhotoFile, "readinto", from_a_disk_that_hangs)
    with pytest.raises(Cancelled):
        load_photo(file("a.png"), stop)
    assert read < size / 2


@pytest.mark.slow
def test_two_hundred_megapixels_are_read_within_two_gibibytes(file):
    """Pillow's own four bytes per pixel are not traced."""
    width, height = 16400, 12300
    Image.new("RGB", (width, height), (90, 120, 60)).save(file("large.jpg"))
    tracemalloc.start()
    photo = load_photo(file("large.jpg"))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert photo.size == (width, height)
    assert np.abs(photo.pixels[-1, -1].astype(int) - (90, 120, 60)).max() <= 2
    assert peak + 4 * width * height < 2 * 2**30


def test_more_than_four_hundred_megapixels_are_too_many(file):
    """The size is in the header, so that nothing else is read."""
    Image.new("1", (20001, 20001)).save(file("a.png"))
    with pytest.raises(PhotoError, match="400 megapixels: make a smaller copy"):
        load_photo(file("a.png"))


def test_a_png_of_very_many_parts_is_read_as_one(portrait, difference, file):
    portrait.save(file("a.png"), compress_level=0)
    data = file("a.png").read_bytes()
    start = data.index(b"IDAT") - 4
    pixels = b"".join(
        data[place + 8 : place + 8 + length] for kind, place, length in chunks_of(data) if kind == b"IDAT"
    )
    many = b"".join(chunk(b"IDAT", pixels[k : k + 2]) for k in range(0, len(pixels), 2))
    file("a.png").write_bytes(data[:start] + many + chunk(b"IEND", b""))
    assert difference(load_photo(file("a.png")).pixels, portrait) == 0
    assert len(list(chunks_of(file("a.png").read_bytes()))) > 10_000
    assert len(png_parts(file("a.png"))) == 1


def chunks_of(data: bytes) -> list[tuple[bytes, int, int]]:
    found, place = [], 8
    while place < len(data):
        length, kind = struct.unpack(">I4s", data[place : place + 8])
        found.append((kind, place, length))
        place += length + 12
    return found
