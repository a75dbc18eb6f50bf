"""Depth from files: images of depths beside a photo, and the depth that a phone's portrait carries inside."""

import os
import re
import struct
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...errors import PhotoError
from ..photo.heic import heic_depth, is_heic
from ..photo.orientation import as_stored, read_orientation, upright_size

Depth = NDArray[np.float64]
Intrinsics = tuple[float, float, float, float]

#: Depths of OpenEXR files whose nearest are below this are metres, others millimetres.
LARGEST_METRES = 20.0
#: What is farther than this (mm) is what programs write where there is nothing.
FARTHEST = 1e5
#: Disparities that begin below this (1 / m) are relative: they do not tell how far away anything is.
LEAST_DISPARITY = 0.02

NO_DEPTH = "{name} is no depth image: choose a PNG with 16 bits or an OpenEXR file, with one channel."
EMPTY_DEPTH = "{name} holds no depth: choose a 16-bit PNG that holds millimetres, or an OpenEXR file."
NO_DEPTH_INSIDE = (
    "{name} carries no depth that can be read: choose a portrait whose file has kept it, or a depth image beside it."
)
RELATIVE = "{name} tells what is in front of what, but not how far away: choose a photo from a camera that measures it."

#: OpenEXR's signature, and how its list of channels begins.
_EXR, _CHANNELS = b"\x76\x2f\x31\x01", b"channels\0chlist\0"
#: OpenCV looks for it when it meets the first such file.
_ALLOW_EXR = "OPENCV_IO_ENABLE_OPENEXR"
#: The orientations of EXIF in which the stored columns, or rows, run backwards.
_COLUMNS_BACK, _ROWS_BACK = (2, 3, 7, 8), (3, 4, 6, 7)


@dataclass(frozen=True)
class CarriedDepth:
    """The depth inside a portrait.

    Attributes
    ----------
    depth : (h, w) float64
        Millimetres, upright, NaN where unknown.
    intrinsics : tuple of float, optional
        Of its pixels, if the file has them.
    """

    depth: Depth
    intrinsics: Intrinsics | None


def read_depth(path: Path) -> Depth:
    """The millimetres (h, w) of a depth image, NaN where nothing is known.

    Parameters
    ----------
    path : Path
        A PNG with 16 bits in millimetres, or an OpenEXR file in millimetres or metres, with one channel.

    Raises
    ------
    PhotoError
        If it is something else, or empty.
    """
    data = path.read_bytes()
    stored = _read_exr(data) if data.startswith(_EXR) else _read_png(data)
    if stored is None:
        raise PhotoError(NO_DEPTH.format(name=path.name))
    known = np.isfinite(stored) & (stored > 0) & (stored < FARTHEST)
    if not known.any():
        raise PhotoError(EMPTY_DEPTH.format(name=path.name))
    return np.where(known, stored, np.nan)


def read_carried_depth(path: Path) -> CarriedDepth:
    """The depth that a portrait of a phone carries in a second picture of its JPEG or HEIC file.

    Its values are disparities, from the least to the largest that the picture's metadata name.

    Raises
    ------
    PhotoError
        If there is none that says how far away things are.
    """
    data = path.read_bytes()
    packet = next((match for match in re.finditer(rb"<x:xmpmeta.*?</x:xmpmeta>", data, re.S) if _is_depth(match)), None)
    if packet is None:
        raise PhotoError(NO_DEPTH_INSIDE.format(name=path.name))
    shares, orientation = heic_depth(path) if is_heic(path) else _jpeg_depth(path, data, packet.start())
    if shares is None:
        raise PhotoError(NO_DEPTH_INSIDE.format(name=path.name))
    said = packet.group().decode("utf-8", "replace")
    least, largest = _numbers(said, "apdi:FloatMinValue"), _numbers(said, "apdi:FloatMaxValue")
    if not (least and largest and LEAST_DISPARITY < least[0] < largest[0]):
        raise PhotoError(RELATIVE.format(name=path.name))
    values = least[0] + shares * (largest[0] - least[0])
    depth = 1000 * values if "<apdi:AuxiliaryImageType>depth" in said else 1000 / values
    return CarriedDepth(depth, _intrinsics(said, (depth.shape[1], depth.shape[0]), orientation))


def _jpeg_depth(path: Path, data: bytes, described: int) -> tuple[Depth | None, int]:
    """The upright second picture of a JPEG, in [0, 1], whose metadata begin at a place; and the photo's orientation."""
    # It begins before its metadata, and ends where the file or another one does.
    start = data.rfind(b"\xff\xd8\xff", 0, described)
    steps = cv2.imdecode(np.frombuffer(data[start:], dtype=np.uint8), _AS_STORED) if start > 0 else None
    if steps is None:
        return None, 1
    with Image.open(path) as photo:
        orientation = read_orientation(photo)
    return _upright(steps / 255, orientation), orientation


_AS_STORED = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION


def _read_png(data: bytes) -> Depth | None:
    steps = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    return steps.astype(np.float64) if steps is not None and steps.dtype == np.uint16 and steps.ndim == 2 else None


def _read_exr(data: bytes) -> Depth | None:
    """The only channel of an OpenEXR file, or the first of three, in millimetres."""
    os.environ.setdefault(_ALLOW_EXR, "1")
    start = data.find(_CHANNELS) + len(_CHANNELS)
    end = start + 4 + struct.unpack("<i", data[start : start + 4])[0]
    if data[start + 5 : start + 6] == b"\0" and data[end - 1 : end] == b"\0" and end - start - 4 == 19:
        # One channel, of whatever name of one letter: OpenCV reads it as the brightness.
        data = data[: start + 4] + b"Y" + data[start + 5 :]
    values = cv2.imdecode(np.frombuffer(data, dtype=np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None or values.dtype != np.float32:
        return None
    depth = (values if values.ndim == 2 else values[..., -1]).astype(np.float64)
    usable = depth[np.isfinite(depth) & (depth > 0) & (depth < FARTHEST)]
    metres = len(usable) > 0 and np.percentile(usable, 2) < LARGEST_METRES
    return 1000 * depth if metres else depth


def _is_depth(packet: re.Match[bytes]) -> bool:
    said = packet.group()
    return re.search(rb"apdi:AuxiliaryImageType[=>\"\s]+(disparity|depth)", said) is not None


def _numbers(said: str, name: str) -> list[float]:
    """The numbers of a property of XMP, in an element or an attribute."""
    found = re.search(rf'<{name}>(.*?)</{name}>|{name}="([^"]*)"', said, re.S)
    values = re.sub(r"<[^>]*>", " ", found.group(1) or found.group(2) or "") if found is not None else ""
    try:
        return [float(value) for value in values.split()]
    except ValueError:
        return []


def _intrinsics(said: str, size: tuple[int, int], orientation: int) -> Intrinsics | None:
    """Of the upright depth of this width and height, which the camera has stored with this orientation.

    None if they are not said, or were said of a picture that lay otherwise.
    """
    size = upright_size(size, orientation)
    matrix = _numbers(said, "depthData:IntrinsicMatrix")
    reference = _numbers(said, "depthData:IntrinsicMatrixReferenceWidth")
    if len(matrix) != 9 or not reference or reference[0] <= 0:
        return None
    height = _numbers(said, "depthData:IntrinsicMatrixReferenceHeight")
    if height and (height[0] - reference[0]) * (size[1] - size[0]) < 0:
        return None
    scale = size[0] / reference[0]
    # By columns, from the corner of the first pixel, whose centre is at (0, 0) here.
    focal, centre = [scale * matrix[0], scale * matrix[4]], [scale * matrix[6] - 0.5, scale * matrix[7] - 0.5]
    if orientation in _COLUMNS_BACK:
        centre[0] = size[0] - 1 - centre[0]
    if orientation in _ROWS_BACK:
        centre[1] = size[1] - 1 - centre[1]
    if upright_size((2, 1), orientation) == (1, 2):
        focal, centre = focal[::-1], centre[::-1]
    return (focal[0], focal[1], centre[0], centre[1])


def _upright(stored: Depth, orientation: int) -> Depth:
    width, height = upright_size((stored.shape[1], stored.shape[0]), orientation)
    upright = np.empty((height, width, 1))
    as_stored(upright, orientation)[..., 0] = stored  # type: ignore[arg-type]
    return upright[..., 0]
