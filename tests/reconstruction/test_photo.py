import tracemalloc

import numpy as np
import pytest
from PIL import Image, ImageCms

from pix2vertex_blender.errors import PhotoError
from pix2vertex_blender.reconstruction.photo.photo import Photo, Square, cut_square
from pix2vertex_blender.reconstruction.photo.reading import load_photo


@pytest.fixture
def picture():
    """Red in the upper left, green in the upper right, blue below, with soft edges."""
    rows, columns = np.mgrid[0:90, 0:120]
    pixels = np.zeros((90, 120, 3), dtype=np.uint8)
    pixels[..., 0] = np.where((rows < 45) & (columns < 60), 220, 20)
    pixels[..., 1] = np.where((rows < 45) & (columns >= 60), 200, 30)
    pixels[..., 2] = np.where(rows >= 45, 210, 25)
    return Image.fromarray(pixels)


def quadrants(pixels):
    height, width, _ = pixels.shape
    points = [(height // 4, width // 4), (height // 4, 3 * width // 4), (3 * height // 4, width // 2)]
    return [pixels[row, column].argmax() for row, column in points]


@pytest.mark.parametrize(
    ("mode", "name", "settings"),
    [
        ("RGB", "a.jpg", {"quality": 95}),
        ("CMYK", "a.jpg", {"quality": 95}),
        ("RGB", "a.png", {}),
        ("RGBA", "a.png", {}),
        ("P", "a.png", {}),
        ("RGB", "a.webp", {"quality": 95}),
        ("RGB", "a.tif", {}),
        ("CMYK", "a.tif", {}),
    ],
)
def test_colours_survive_every_format(picture, tmp_path, mode, name, settings):
    picture.convert(mode).save(tmp_path / name, **settings)
    photo = load_photo(tmp_path / name)
    assert photo.size == (120, 90)
    assert photo.pixels.dtype == np.uint8
    assert quadrants(photo.pixels) == [0, 1, 2]


@pytest.mark.parametrize("name", ["deep.png", "deep.tif"])
def test_sixteen_bit_grey_keeps_its_tones(tmp_path, name):
    ramp = np.tile(np.linspace(0, 65535, 128).astype(np.uint16), (80, 1))
    Image.fromarray(ramp).save(tmp_path / name)
    pixels = load_photo(tmp_path / name).pixels
    np.testing.assert_allclose(pixels[0, :, 0], ramp[0] / 257, atol=1.5)
    assert (pixels[..., 0] == pixels[..., 2]).all()


def test_transparency_is_laid_over_white(tmp_path):
    pixels = np.zeros((80, 80, 4), dtype=np.uint8)
    pixels[:, 40:, 3] = 255
    Image.fromarray(pixels).save(tmp_path / "half.png")
    loaded = load_photo(tmp_path / "half.png").pixels
    assert loaded[0, 0].tolist() == [255, 255, 255]
    assert loaded[0, 79].tolist() == [0, 0, 0]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_undone(picture, tmp_path, orientation):
    """Store the photo as a camera held in each way would, and expect it upright."""
    inverse = {
        2: [Image.Transpose.FLIP_LEFT_RIGHT],
        3: [Image.Transpose.ROTATE_180],
        4: [Image.Transpose.FLIP_TOP_BOTTOM],
        5: [Image.Transpose.TRANSPOSE],
        6: [Image.Transpose.ROTATE_90],
        7: [Image.Transpose.TRANSVERSE],
        8: [Image.Transpose.ROTATE_270],
    }
    stored = picture
    for step in inverse.get(orientation, []):
        stored = stored.transpose(step)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "turned.jpg", quality=95, exif=exif)
    photo = load_photo(tmp_path / "turned.jpg")
    assert photo.size == (120, 90)
    assert quadrants(photo.pixels) == [0, 1, 2]


def test_an_embedded_colour_profile_is_honoured(picture, tmp_path):
    grey = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    picture.save(tmp_path / "srgb.png", icc_profile=profile)
    np.testing.assert_allclose(load_photo(tmp_path / "srgb.png").pixels, np.asarray(picture), atol=2)
    picture.save(tmp_path / "unusable.png", icc_profile=grey.tobytes())
    np.testing.assert_array_equal(load_photo(tmp_path / "unusable.png").pixels, np.asarray(picture))


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "empty"), (b"no picture at all", "not an image"), (None, "no file")],
)
def test_what_is_no_photo_is_named(tmp_path, content, words):
    path = tmp_path / "portrait.jpg"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PhotoError, match=words):
        load_photo(path)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif", "a.webp"])
def test_a_truncated_file_is_named(picture, tmp_path, name):
    path = tmp_path / name
    picture.resize((400, 300)).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(PhotoError, match="a"):
        load_photo(path)


def test_a_folder_and_a_tiny_photo_are_named(picture, tmp_path):
    with pytest.raises(PhotoError, match="folder"):
        load_photo(tmp_path)
    picture.resize((63, 200)).save(tmp_path / "tiny.png")
    with pytest.raises(PhotoError, match="63 x 200"):
        load_photo(tmp_path / "tiny.png")


@pytest.mark.parametrize(("resolution", "turn"), [(16, 0), (48, 0), (200, 0), (16, 30), (60, -100), (200, 30)])
def test_a_crop_shows_what_its_affine_map_says(resolution, turn):
    """A linear ramp read through a crop has, at each crop pixel, the ramp's value at the mapped photo position."""
    rows, columns = np.mgrid[0:160, 0:240]
    pixels = np.stack([columns + 0.5, rows + 0.5, np.zeros_like(rows)], axis=-1).clip(0, 255).astype(np.uint8)
    crop = cut_square(Photo("ramp", pixels), Square(110.3, 80.7, 96.0, turn), resolution)
    assert crop.pixels.shape == (resolution, resolution, 3)
    grid = np.stack(np.meshgrid(np.arange(resolution), np.arange(resolution)), axis=-1).reshape(-1, 2) + 0.5
    expected = crop.to_photo(grid)
    found = crop.pixels[..., :2].reshape(-1, 2).astype(float) + 0.5
    assert np.abs(found - expected).mean() < 0.6
    assert abs((found - expected).mean()) < 0.3


def test_a_square_turned_with_a_head_shows_it_upright():
    """What is turned anticlockwise by the roll has its upper end to the left of its middle."""
    pixels = np.zeros((100, 100, 3), dtype=np.uint8)
    pixels[22:26, 33:37] = 255  # up and to the left of the middle, 30 degrees anticlockwise from upright
    crop = cut_square(Photo("dot", pixels), Square(50.0, 50.0, 80.0, -30.0), 80).pixels[..., 0]
    rows, columns = np.nonzero(crop > 100)
    assert columns.mean() == pytest.approx(39.5, abs=1.0)
    assert rows.mean() == pytest.approx(9.5, abs=1.0)


def test_a_crop_may_reach_beyond_the_photo():
    pixels = np.full((100, 80, 3), 90, dtype=np.uint8)
    crop = cut_square(Photo("grey", pixels), Square(2.0, 98.0, 120.0), 64)
    assert (crop.pixels == 90).all()


def test_fine_stripes_do_not_alias():
    pixels = np.zeros((640, 640, 3), dtype=np.uint8)
    pixels[:, ::2] = 200
    crop = cut_square(Photo("stripes", pixels), Square(320, 320, 600), 50)
    assert np.abs(crop.pixels[5:-5, 5:-5].astype(float) - 100).max() < 6


@pytest.mark.slow
def test_a_hundred_megapixels_need_less_than_two_gibibytes(tmp_path):
    """Pillow's buffers are not traced, so the two arrays are: the photo itself and whatever the crop copies."""
    Image.new("RGB", (12000, 8400), (90, 120, 60)).save(tmp_path / "large.jpg")
    tracemalloc.start()
    photo = load_photo(tmp_path / "large.jpg")
    crop = cut_square(photo, Square(6000, 4200, 7000), 256)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert photo.size == (12000, 8400)
    assert crop.pixels.shape == (256, 256, 3)
    assert peak < 1.2 * 2**30
