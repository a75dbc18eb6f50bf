"""Phones' HEIC photos are read as JPEGs are: upright, in sRGB, whole or not at all."""

import subprocess
import sys
from io import BytesIO
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageCms

from pix2vertex_blender.errors import Cancelled, PhotoError
from pix2vertex_blender.reconstruction.photo import reading
from pix2vertex_blender.reconstruction.photo.reading import load_photo
from tests.heic_files import save_heic

from .wide_gamut import wide_gamut_profile


@pytest.mark.parametrize("orientation", range(1, 9))
def test_all_eight_orientations_are_undone_once(portrait, stored, difference, file, orientation):
    """Both the container and EXIF name them."""
    save_heic(stored(orientation), file("a.heic"), orientation)
    assert difference(load_photo(file("a.heic")).pixels, portrait) < 3


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L"])
@pytest.mark.parametrize("tile_size", [0, 64])
def test_whole_pictures_and_tiles_are_read_whatever_the_name(portrait, difference, file, mode, tile_size):
    picture = portrait.convert(mode)
    save_heic(picture, file("a.jpg"), tile_size=tile_size)
    assert difference(load_photo(file("a.jpg")).pixels, picture) < 3


def test_ten_bits_have_the_tones_of_eight(portrait, difference, file):
    deep = np.asarray(portrait).astype("<u2") * 257
    settings = {"quality": 95, "chroma": "444", "bit_depth": 10}
    pillow_heif.encode("RGB;16", portrait.size, deep.tobytes(), file("a.hif"), **settings)
    assert pillow_heif.open_heif(file("a.hif")).info["bit_depth"] == 10
    assert difference(load_photo(file("a.hif")).pixels, portrait) < 3


def test_half_transparent_pictures_lie_over_white(portrait, difference, file):
    veiled = portrait.copy()
    veiled.putalpha(128)
    save_heic(veiled, file("a.heic"))
    expected = Image.blend(Image.new("RGB", portrait.size, "white"), portrait, 128 / 255)
    assert difference(load_photo(file("a.heic")).pixels, expected) < 3


def test_an_embedded_profile_is_honoured(portrait, difference, file):
    profile = wide_gamut_profile()
    save_heic(portrait, file("a.heic"), icc_profile=profile)
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    expected = ImageCms.profileToProfile(portrait, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert difference(load_photo(file("a.heic")).pixels, expected) < 3


def test_of_several_pictures_the_phones_choice_is_read(portrait, difference, file):
    """A burst in one file: the primary picture, not the first."""
    pictures = pillow_heif.HeifFile()
    for shade in ((10, 10, 10), None, (200, 200, 200)):
        each = portrait if shade is None else Image.new("RGB", (300, 200), shade)
        pictures.add_frombytes("RGB", each.size, each.tobytes())
    pictures.save(file("burst.heic"), primary_index=1, quality=95, chroma="444")
    assert difference(load_photo(file("burst.heic")).pixels, portrait) < 3


def test_a_film_is_named(file):
    head = b"\0\0\0\x18ftyphevc\0\0\0\0msf1hevc"
    file("burst.heic").write_bytes(head + b"\0\0\0\x18moov" + bytes(16) + b"\0\0\0\x18mdat" + bytes(16))
    with pytest.raises(PhotoError, match=r"burst\.heic is a film of HEIC pictures: save one of them"):
        load_photo(file("burst.heic"))


@pytest.mark.parametrize("code", [b"av01", b"jpeg", b"avc1"])
def test_pictures_of_another_kind_in_the_same_container_are_named(portrait, file, code):
    save_heic(portrait, file("a.heif"))
    file("a.heif").write_bytes(file("a.heif").read_bytes().replace(b"hvc1", code))
    with pytest.raises(PhotoError, match=r"a\.heif holds no picture that is coded as HEIC"):
        load_photo(file("a.heif"))


@pytest.mark.parametrize("tile_size", [0, 64])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.97, 1.0])
def test_a_file_that_lacks_its_end_is_refused(portrait, file, tile_size, share):
    """The library itself passes over missing tiles; a download that broke off must not become half a face."""
    save_heic(portrait, file("a.heic"), tile_size=tile_size)
    data = file("a.heic").read_bytes()
    file("a.heic").write_bytes(data[: min(int(share * len(data)), len(data) - 1)])
    with pytest.raises(PhotoError, match=r"a\.heic is damaged and cannot be read \(its end is missing\)"):
        load_photo(file("a.heic"))


@pytest.mark.parametrize("appended", [b"something else" * 100, bytes(7), bytes(500), b"\0\0\0\2SEFT"])
def test_bytes_after_the_end_do_no_harm(portrait, difference, file, appended):
    save_heic(portrait, file("a.heic"))
    file("a.heic").write_bytes(file("a.heic").read_bytes() + appended)
    assert difference(load_photo(file("a.heic")).pixels, portrait) < 3


@pytest.mark.parametrize("content", [bytes(100), b"\0\0\0\x10meta" + bytes(8), b"\0\0\0\x04free" + bytes(60)])
def test_what_only_begins_as_heic_is_damaged(file, content):
    file("a.heic").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + content)
    with pytest.raises(PhotoError, match=r"a\.heic is damaged and cannot be read"):
        load_photo(file("a.heic"))


def test_whatever_is_broken_inside_ends_in_a_picture_or_a_sentence(portrait, file):
    save_heic(portrait, file("a.heic"), tile_size=64)
    whole, generator = bytearray(file("a.heic").read_bytes()), np.random.default_rng(0)
    for place in generator.integers(8, len(whole) - 8, 60):
        broken = whole.copy()
        broken[place : place + 8] = generator.bytes(8)
        file("a.heic").write_bytes(broken)
        try:
            assert load_photo(file("a.heic")).pixels.dtype == np.uint8
        except PhotoError as error:
            assert "a.heic" in str(error)


def test_its_size_is_looked_at_before_it_is_decoded(file, monkeypatch):
    save_heic(Image.new("RGB", (200, 40)), file("a.heic"))
    with pytest.raises(PhotoError, match="only 200 x 40 pixels"):
        load_photo(file("a.heic"))
    save_heic(Image.new("RGB", (200, 100)), file("b.heic"))
    monkeypatch.setattr(reading, "LARGEST_PIXELS", 19_999)
    with pytest.raises(PhotoError, match="make a smaller copy"):
        load_photo(file("b.heic"))


def test_reading_can_be_stopped(portrait, file):
    save_heic(portrait, file("a.heic"))

    def stop(fraction):
        raise Cancelled

    with pytest.raises(Cancelled):
        load_photo(file("a.heic"), stop)


def test_avif_needs_no_other_library_than_pillow(portrait, difference, file):
    portrait.save(file("a.avif"), speed=10, quality=90)
    portrait.save(file("a.heic"), format="AVIF", speed=10, quality=90)
    script = WITHOUT_LIBRARY + "load_photo(sys.argv[1]); load_photo(sys.argv[2])"
    command = [sys.executable, "-c", script, str(file("a.avif")), str(file("a.heic"))]
    subprocess.run(command, cwd=Path(__file__).parents[3], check=True)


def test_without_the_library_the_sentence_says_what_to_install(portrait, file):
    save_heic(portrait, file("a.heic"))
    command = [sys.executable, "-c", WITHOUT_LIBRARY + "load_photo(sys.argv[1])", str(file("a.heic"))]
    process = subprocess.run(command, cwd=Path(__file__).parents[3], capture_output=True, text=True, check=False)
    words = "a.heic is HEIC, for which the library pillow-heif is missing: install the pix2vertex zip"
    assert process.returncode == 1
    assert words in process.stderr.splitlines()[-1]


WITHOUT_LIBRARY = """
import sys
sys.modules["pillow_heif"] = None  # importing it fails as if it were not installed
from pix2vertex_blender.reconstruction.photo.reading import load_photo
"""
