"""Colours are those that a colour management system shows, whatever the file's profile, depth and transparency."""

from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, PngImagePlugin

from pix2vertex_blender.errors import PhotoError
from pix2vertex_blender.reconstruction.photo.reading import load_photo

from .wide_gamut import grey_profile, wide_gamut_profile


def in_srgb(picture: Image.Image, profile: bytes) -> Image.Image:
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    assert converted is not None
    return converted


def test_the_profile_of_these_tests_matters(portrait, difference):
    converted = np.asarray(in_srgb(portrait, wide_gamut_profile()))
    assert difference(converted, portrait) > 3


@pytest.mark.parametrize(
    ("mode", "name"),
    [
        ("RGB", "a.png"),
        ("RGBA", "a.png"),
        ("P", "a.png"),
        ("RGBA", "a.webp"),
        ("RGBA", "a.tif"),
        ("RGB", "a.tif"),
        ("RGB", "a.avif"),
    ],
)
def test_an_embedded_profile_is_honoured(portrait, difference, file, mode, name):
    profile = wide_gamut_profile()
    picture = portrait.convert(mode, palette=Image.Palette.ADAPTIVE) if mode == "P" else portrait.convert(mode)
    settings = {"lossless": True} if name == "a.webp" else {"quality": 98} if name == "a.avif" else {}
    picture.save(file(name), icc_profile=profile, **settings)
    assert difference(load_photo(file(name)).pixels, in_srgb(picture.convert("RGB"), profile)) < 2


def test_a_palette_with_a_transparent_colour_keeps_its_profile(portrait, file):
    profile = wide_gamut_profile()
    picture = portrait.convert("P", palette=Image.Palette.ADAPTIVE)
    transparent = picture.getpixel((0, 0))
    picture.save(file("a.png"), icc_profile=profile, transparency=transparent)
    expected = np.array(in_srgb(picture.convert("RGB"), profile))
    expected[np.asarray(picture) == transparent] = 255
    assert np.abs(load_photo(file("a.png")).pixels.astype(int) - expected).max() <= 2


@pytest.mark.parametrize("mode", ["L", "LA"])
def test_grey_pictures_have_grey_profiles(portrait, difference, file, mode):
    profile = grey_profile(1.0)
    grey = portrait.convert("L")
    grey.convert(mode).save(file("a.png"), icc_profile=profile)
    assert difference(load_photo(file("a.png")).pixels, in_srgb(grey, profile)) < 2
    assert difference(load_photo(file("a.png")).pixels, grey) > 20


def test_half_transparent_colours_are_converted_before_they_are_laid_over_white(portrait, difference, file):
    profile = wide_gamut_profile()
    veiled = portrait.copy()
    veiled.putalpha(128)
    veiled.save(file("a.png"), icc_profile=profile)
    colours = np.asarray(in_srgb(portrait, profile), dtype=float)
    expected = Image.fromarray(np.rint(colours * 128 / 255 + 255 * 127 / 255).astype(np.uint8))
    assert difference(load_photo(file("a.png")).pixels, expected) < 2


@pytest.mark.parametrize("profile", [b"no profile", b"", wide_gamut_profile()[:200]])
def test_a_profile_that_cannot_be_used_counts_as_none(portrait, difference, file, profile):
    for mode in ("RGB", "RGBA"):
        portrait.convert(mode).save(file("a.png"), icc_profile=profile)
        assert difference(load_photo(file("a.png")).pixels, portrait) == 0


def of_gamma(gamma: float, light: np.ndarray) -> np.ndarray:
    """sRGB, 0 to 255, of stored values in [0, 1] with a gamma, as both specifications define it."""
    linear = light ** (1 / gamma)
    return 255 * np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


@pytest.mark.parametrize("gamma", [1.0, 0.6])
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P"])
def test_the_gamma_of_a_png_counts(portrait, file, gamma, mode):
    picture = portrait.convert(mode)
    chunks = PngImagePlugin.PngInfo()
    chunks.add(b"gAMA", round(gamma * 100_000).to_bytes(4, "big"))
    picture.save(file("a.png"), pnginfo=chunks)
    expected = of_gamma(gamma, np.asarray(picture.convert("RGB")) / 255)
    assert np.abs(load_photo(file("a.png")).pixels - expected).max() < 2


def test_the_usual_gamma_and_a_profile_beside_it_change_nothing(portrait, difference, file):
    chunks = PngImagePlugin.PngInfo()
    chunks.add(b"gAMA", (45455).to_bytes(4, "big"))
    portrait.save(file("usual.png"), pnginfo=chunks)
    assert difference(load_photo(file("usual.png")).pixels, portrait) == 0
    chunks = PngImagePlugin.PngInfo()
    chunks.add(b"gAMA", (100_000).to_bytes(4, "big"))
    portrait.save(file("profile.png"), pnginfo=chunks, icc_profile=wide_gamut_profile())
    assert difference(load_photo(file("profile.png")).pixels, in_srgb(portrait, wide_gamut_profile())) < 1


def as_deep(picture: Image.Image, kind: str) -> np.ndarray:
    values = np.asarray(picture)
    deep = {
        "float32": (values / 255).astype(np.float32),
        "float64": values / 255,
        "16 bits": values.astype(np.uint16) * 257,
        "14 bits in 16": np.rint(values * (16383 / 255)).astype(np.uint16),
        "12 bits in 16": np.rint(values * (4095 / 255)).astype(np.uint16),
        "10 bits in 16": np.rint(values * (1023 / 255)).astype(np.uint16),
        "signed": np.rint(values * (32767 / 255)).astype(np.int16),
    }
    return deep[kind]


KINDS = ["float32", "float64", "16 bits", "14 bits in 16", "12 bits in 16", "10 bits in 16", "signed"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("colours", ["rgb", "minisblack", "miniswhite"])
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_deep_tiffs_have_the_tones_of_their_eight_bits(portrait, file, kind, colours, compression):
    picture = Image.fromarray(np.clip(np.asarray(portrait, dtype=int) + 30, 0, 255).astype(np.uint8))
    picture = picture if colours == "rgb" else picture.convert("L")
    picture.putpixel((0, 0), 0 if colours == "miniswhite" else (255, 255, 255) if colours == "rgb" else 255)
    values = as_deep(picture, kind)
    if colours == "miniswhite":
        values = as_deep(Image.new("L", (1, 1), 255), kind)[0, 0] - values
    tifffile.imwrite(file("a.tif"), values, photometric=colours, compression=compression)
    expected = np.asarray(picture.convert("RGB"), dtype=int)
    assert np.abs(load_photo(file("a.tif")).pixels - expected).max() <= 2


def test_the_largest_value_that_a_tiff_names_is_white(portrait, difference, file):
    dark = portrait.point(lambda value: value // 3)
    values = np.asarray(dark).astype(np.uint16) * 16
    tifffile.imwrite(file("a.tif"), values, photometric="rgb", extratags=[(281, 3, 3, (4080,) * 3, True)])
    assert difference(load_photo(file("a.tif")).pixels, dark) < 1


def test_transparent_deep_tiffs_lie_over_white(portrait, difference, file):
    values = np.dstack([np.asarray(portrait), np.full((140, 160), 128)]).astype(np.uint16) * 257
    tifffile.imwrite(file("a.tif"), values, photometric="rgb", extrasamples=["unassalpha"])
    expected = Image.fromarray(np.rint(np.asarray(portrait) * (128 / 255) + 127).astype(np.uint8))
    assert difference(load_photo(file("a.tif")).pixels, expected) < 2


def test_lab_becomes_srgb(portrait, difference, file):
    lab = ImageCms.createProfile("LAB")
    picture = ImageCms.profileToProfile(portrait, ImageCms.createProfile("sRGB"), lab, outputMode="LAB")
    for profile in (ImageCms.ImageCmsProfile(lab).tobytes(), None):
        picture.save(file("a.tif"), icc_profile=profile)
        assert difference(load_photo(file("a.tif")).pixels, portrait) < 2


@pytest.mark.parametrize(
    ("values", "settings", "words"),
    [
        (np.zeros((80, 80, 3), np.float16), {}, "floating-point numbers of 16 bits: save it with 8"),
        (np.zeros((3, 80, 80), np.uint16), {"planarconfig": "separate"}, "separate planes: save it with 8"),
        (np.zeros((80, 80, 3), np.uint32), {}, "numbers of 32 bits: save it with 8"),
    ],
)
def test_depths_that_cannot_be_read_are_named(file, values, settings, words):
    tifffile.imwrite(file("a.tif"), values, photometric="rgb", **settings)
    with pytest.raises(PhotoError, match=words):
        load_photo(file("a.tif"))


def test_nothing_and_infinity_in_floating_points_are_black_and_white(file):
    values = np.full((80, 80, 3), 0.5, dtype=np.float32)
    values[0, 0], values[0, 1], values[0, 2] = np.nan, 3.0, -1.0
    tifffile.imwrite(file("a.tif"), values, photometric="rgb")
    pixels = load_photo(file("a.tif")).pixels
    assert pixels[0, :4].tolist() == [[0] * 3, [255] * 3, [0] * 3, [128] * 3]
