"""One training sample in memory and on disk."""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import zstandard
from numpy.typing import NDArray

from pix2vertex_blender.errors import DataFileError
from pix2vertex_blender.files import replace_file

from ..arrays import Bytes, Floats

SUFFIX = ".sample"
MAGIC = b"p2vs0001"
CORRESPONDENCE_STEPS = 32000.0
GEOMETRY_STEPS = 16000.0
LARGEST = 32000
COMPRESSION_LEVEL = 3
HEADER = struct.Struct("<8sI5f")


@dataclass(frozen=True)
class Sample:
    """A synthetic portrait and its labels on one S x S grid, rows downwards.

    Attributes
    ----------
    image : (S, S, 4) uint8
        sRGB-like colour (gamma 2.2) and straight alpha of head, hair and what the person wears or holds; transparent
        background.
    mask : (S, S) uint8
        0 where no face is seen, 1 on skin and eyeballs, 2 on parts of the face without supervised correspondence (the
        mouth's inside).
    correspondence : (3, S, S) float32
        Canonical coordinates (mm on the mean neutral face - (0, 15, 45)) / 120; zero off the mask.
    geometry : (3, S, S) float32
        Point in the camera's axes (x right, y up, z towards the camera) relative to the face's centre, the mean of the
        model's face vertices whether seen or not, in units of half the crop at that centre's depth; zero off the mask.
    landmarks : (68, 2) float32
        Pixels, centres at integers + 0.5; also of hidden points.
    yaw, pitch, roll : float
        Degrees: the head is turned by R_z(roll) R_x(pitch) R_y(yaw).
    distance : float
        From the camera to the face's centre in millimetres.
    geometry_scale : float
        Units of the geometry per millimetre.
    """

    image: Bytes
    mask: Bytes
    correspondence: Floats
    geometry: Floats
    landmarks: Floats
    yaw: float
    pitch: float
    roll: float
    distance: float
    geometry_scale: float


def pack_sample(sample: Sample) -> bytes:
    """The sample as compressed bytes; the maps are rounded to steps of 1/32000 and 1/16000."""
    size = len(sample.mask)
    header = HEADER.pack(MAGIC, size, sample.yaw, sample.pitch, sample.roll, sample.distance, sample.geometry_scale)
    parts = (
        sample.image.tobytes(),
        sample.mask.tobytes(),
        quantised(sample.correspondence, CORRESPONDENCE_STEPS).tobytes(),
        quantised(sample.geometry, GEOMETRY_STEPS).tobytes(),
        sample.landmarks.astype(np.float32).tobytes(),
    )
    return header + zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).compress(b"".join(parts))


def unpack_sample(data: bytes, name: str = "the data") -> Sample:
    """Read what `pack_sample` wrote.

    Raises
    ------
    DataFileError
        If the bytes are not a whole sample; `name` says whose they are.
    """
    try:
        magic, size, yaw, pitch, roll, distance, scale = HEADER.unpack_from(data)
        if magic != MAGIC:
            raise ValueError("unknown format")
        raw = zstandard.ZstdDecompressor().decompress(data[HEADER.size :])
        pixels = size * size
        image, raw_mask, correspondence, geometry, landmarks = np.split(
            np.frombuffer(raw, np.uint8), np.cumsum([4 * pixels, pixels, 6 * pixels, 6 * pixels])
        )
        return Sample(
            image.reshape(size, size, 4),
            raw_mask.reshape(size, size),
            _restore(correspondence, size, CORRESPONDENCE_STEPS),
            _restore(geometry, size, GEOMETRY_STEPS),
            landmarks.view(np.float32).reshape(68, 2),
            yaw,
            pitch,
            roll,
            distance,
            scale,
        )
    except (struct.error, zstandard.ZstdError, ValueError) as error:
        raise DataFileError(f"{name} is not a complete training sample; generate it again.") from error


def write_sample(path: Path, sample: Sample) -> None:
    """Write a sample; a file of that name is either whole or not there."""
    replace_file(path, pack_sample(sample))


def read_sample(path: Path) -> Sample:
    """Read a sample from its file.

    Raises
    ------
    DataFileError
        If the file is missing or damaged.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise DataFileError(f"The training sample {path} cannot be read; generate it again.") from error
    return unpack_sample(data, str(path))


def list_samples(folder: Path) -> list[Path]:
    """The samples in a folder, in the order of their numbers."""
    return sorted(Path(folder).glob("*" + SUFFIX))


def samples_in(folder: Path, start: int = 0, count: int | None = None) -> list[Path]:
    """So many samples of a folder that has to have some, from one on, in the order of their numbers.

    Raises
    ------
    DataFileError
        If there are none.
    """
    paths = list_samples(folder)[start:][:count]
    if not paths:
        raise DataFileError(f"There are no samples in {folder}: make some with python -m training.generate.")
    return paths


def sample_path(folder: Path, index: int) -> Path:
    """Where the sample of an index lies."""
    return folder / f"{index:07d}{SUFFIX}"


def quantised(values: Floats, steps: float) -> NDArray[np.int16]:
    """Values in whole steps, so many to one."""
    return np.clip(np.trunc(values * steps), -LARGEST, LARGEST).astype("<i2")


def _restore(data: Bytes, size: int, steps: float) -> Floats:
    integers = data.view("<i2").reshape(3, size, size)
    restored: Floats = integers.astype(np.float32) * np.float32(1 / steps)
    return restored


NO_FACE, FACE, UNSUPERVISED_FACE = 0, 1, 2
