"""Depth images and portraits that carry their depth."""

import io
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pix2vertex_blender.errors import PhotoError
from pix2vertex_blender.reconstruction.detail.map_files import encode_exr
from pix2vertex_blender.reconstruction.wrapping.depth_files import read_carried_depth, read_depth
from pix2vertex_blender.reconstruction.wrapping.depth_photo import read_depth_photo
from tests.heic_files import save_heic, save_portrait

#: A wall that is askew: millimetres (24, 32).
WALL = 400.0 + np.arange(32) * 2.0 + np.arange(24)[:, None] * 3.0


def wall_in_steps() -> np.ndarray:
    """The wall's disparities in eight bits."""
    return np.rint((1000 / WALL - 1.5) / 1.5 * 255).astype(np.uint8)


def portrait(path: Path, said: str, orientation: int = 1) -> Path:
    """A JPEG of 320 by 240 pixels with the wall's disparities behind it in 24 rows, from 1.5 to 3 per metre."""
    photo, behind = io.BytesIO(), io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("RGB", (320, 240), (150, 120, 100)).save(photo, "JPEG", exif=exif)
    Image.fromarray(wall_in_steps()).save(behind, "JPEG", quality=100)
    packet = f"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>{said}</x:xmpmeta>".encode()
    second = behind.getvalue()
    application = b"\xff\xe1" + (len(packet) + 2).to_bytes(2, "big") + packet
    path.write_bytes(photo.getvalue() + second[:2] + application + second[2:])
    return path


def disparity(least: float = 1.5, largest: float = 3.0, *, intrinsics: bool = True, height: int | None = None) -> str:
    """What a phone says of the second picture."""
    matrix = "".join(f"<rdf:li>{value}</rdf:li>" for value in (640, 0, 0, 0, 650, 0, 330, 250, 1))
    return (
        f"<apdi:FloatMaxValue>{largest}</apdi:FloatMaxValue><apdi:FloatMinValue>{least}</apdi:FloatMinValue>"
        "<apdi:AuxiliaryImageType>disparity</apdi:AuxiliaryImageType>"
        + (
            "<depthData:IntrinsicMatrixReferenceWidth>640</depthData:IntrinsicMatrixReferenceWidth>"
            f"<depthData:IntrinsicMatrix><rdf:Seq>{matrix}</rdf:Seq></depthData:IntrinsicMatrix>"
        )
        * intrinsics
        + (
            f"<depthData:IntrinsicMatrixReferenceHeight>{height}</depthData:IntrinsicMatrixReferenceHeight>"
            if height
            else ""
        )
    )


@pytest.mark.parametrize("channel", [b"Y", b"Z", b"V"])
@pytest.mark.parametrize("factor", [0.001, 1.0])
def test_exr_in_metres_or_millimetres(channel: bytes, factor: float, tmp_path: Path) -> None:
    """Whatever the only channel is called; what is far away, as where nothing was rendered, is unknown."""
    depth = (WALL * factor).astype(np.float32)
    depth[0, :4] = 1e10
    read_depth_allowed = tmp_path / "first.exr"
    read_depth_allowed.write_bytes(encode_exr(np.dstack([WALL.astype(np.float32)] * 3)))
    np.testing.assert_allclose(read_depth(read_depth_allowed), WALL, rtol=1e-6)
    data = cv2.imencode(".exr", depth)[1].tobytes()
    named = data.index(b"chlist\0") + 11
    (tmp_path / "depth.exr").write_bytes(data[:named] + channel + data[named + 1 :])
    read = read_depth(tmp_path / "depth.exr")
    assert np.isnan(read[0, :4]).all()
    np.testing.assert_allclose(read[1:], WALL[1:], rtol=1e-5)


def test_a_portrait_carries_depth_and_intrinsics(tmp_path: Path) -> None:
    """To the steps of its eight bits; the depth photo has its colours."""
    path = portrait(tmp_path / "portrait.jpg", disparity())
    carried = read_carried_depth(path)
    assert np.abs(carried.depth - WALL).max() < 3.0
    assert carried.intrinsics == pytest.approx((32.0, 32.5, 16.0, 12.0))
    photo = read_depth_photo(path, None, None, lambda: None)
    assert photo.colours.shape == (24, 32, 3) and np.abs(photo.colours[5, 5].astype(int) - [150, 120, 100]).max() < 4


def test_a_portrait_that_lies_on_its_side_is_turned_with_its_depth(tmp_path: Path) -> None:
    """Orientation 6: what is stored at the left is above."""
    carried = read_carried_depth(portrait(tmp_path / "portrait.jpg", disparity(), orientation=6))
    assert np.abs(carried.depth - np.rot90(WALL, -1)).max() < 3.0
    assert carried.intrinsics == pytest.approx((32.5, 32.0, 23.0 - 12.0, 16.0))


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("<apdi:AuxiliaryImageType>portraiteffectsmatte</apdi:AuxiliaryImageType>", "carries no depth"),
        (disparity(0.0, 1.0), "not how far away"),
        (disparity(intrinsics=False), "needs the camera's focal lengths"),
    ],
)
def test_a_portrait_without_usable_depth_is_explained(said: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(PhotoError, match=words):
        read_depth_photo(portrait(tmp_path / "portrait.jpg", said), None, None, lambda: None)


@pytest.mark.parametrize(
    ("orientation", "turns", "intrinsics"),
    [(1, 0, (32.0, 32.5, 16.0, 12.0)), (6, -1, (32.5, 32.0, 23.0 - 12.0, 16.0)), (3, 2, (32.0, 32.5, 15.0, 11.0))],
)
def test_a_heic_portrait_carries_depth_and_intrinsics(
    orientation: int, turns: int, intrinsics: tuple[float, ...], tmp_path: Path
) -> None:
    """As a JPEG does, to the steps of its eight bits, whichever way the phone was held."""
    path, colours = tmp_path / "portrait.HEIC", Image.new("RGB", (320, 240), (150, 120, 100))
    save_portrait(colours, wall_in_steps(), disparity(height=480), path, orientation)
    photo = read_depth_photo(path, None, None, lambda: None)
    carried = read_carried_depth(path)
    assert np.abs(carried.depth - np.rot90(WALL, turns)).max() < 3.0
    assert photo.intrinsics == pytest.approx(intrinsics)
    assert photo.colours.shape[:2] == carried.depth.shape
    assert np.abs(photo.colours[5, 5].astype(int) - [150, 120, 100]).max() < 4


def test_intrinsics_of_a_heic_that_lay_otherwise_are_not_believed(tmp_path: Path) -> None:
    """A program has turned the picture and forgotten to say so."""
    path, colours = tmp_path / "portrait.heic", Image.new("RGB", (240, 320))
    save_portrait(colours, np.rot90(wall_in_steps()).copy(), disparity(height=480), path)
    with pytest.raises(PhotoError, match="needs the camera's focal lengths"):
        read_depth_photo(path, None, None, lambda: None)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ("<apdi:AuxiliaryImageType>portraiteffectsmatte</apdi:AuxiliaryImageType>", r"portrait\.heic carries no depth"),
        (disparity(0.0, 1.0), "not how far away"),
        (disparity(intrinsics=False), "needs the camera's focal lengths"),
    ],
)
def test_a_heic_portrait_without_usable_depth_is_explained(said: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "portrait.heic"
    save_portrait(Image.new("RGB", (320, 240)), wall_in_steps(), said, path)
    with pytest.raises(PhotoError, match=words):
        read_depth_photo(path, None, None, lambda: None)


def test_a_heic_photo_without_a_depth_picture_is_explained(tmp_path: Path) -> None:
    """Even if what a phone says of one is still there."""
    path = tmp_path / "edited.heic"
    said = f"<x:xmpmeta>{disparity()}</x:xmpmeta>".encode()
    save_heic(Image.new("RGB", (320, 240)), path, xmp=said)
    with pytest.raises(PhotoError, match=r"edited\.heic carries no depth"):
        read_depth_photo(path, None, None, lambda: None)
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(PhotoError, match="damaged"):
        read_depth_photo(path, None, None, lambda: None)
