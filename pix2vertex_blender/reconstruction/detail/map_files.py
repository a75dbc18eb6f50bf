"""Normal and displacement maps as image files."""

import json
import struct
import zlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from ...exchange.progress import Pause, no_pause
from ..photo.background import in_background
from .baking import DetailMaps

#: What the height 0 is in a displacement map of limited range: the step of 16 bits nearest to a half.
MIDDLE = 32768 / 65535
#: The range of such a map is a multiple of this many millimetres.
RANGE_STEP = 0.1

#: OpenEXR: magic number, version, the number of float pixels, of ZIP compression and the lines it takes together.
EXR_MAGIC, EXR_VERSION = 20000630, 2
EXR_FLOAT, EXR_ZIP, EXR_BLOCK = 2, 3, 16


@dataclass(frozen=True)
class MapFiles:
    """Where the maps are, and how a displacement is read: ``(value - middle) * range_mm`` millimetres.

    Attributes
    ----------
    normals, displacement : Path
    middle : float
        Blender's Midlevel.
    range_mm : float
        Millimetres from black to white; in metres, Blender's Strength or Scale.
    """

    normals: Path
    displacement: Path
    middle: float
    range_mm: float


def write_detail_maps(
    maps: DetailMaps, stem: Path | str, file_format: Literal["png", "exr"], pause: Pause = no_pause
) -> MapFiles:
    """Write `<stem>_normal` and `<stem>_displacement` as 16-bit PNG or floating-point OpenEXR.

    Normals are stored as colours, each coordinate from -1 to 1 as 0 to 1, as normal map nodes expect them; the images
    are not colours to be managed ("Non-Color"). A PNG's displacement has its middle at one half and a range that just
    holds it; what a value means is also written into its text. An EXR's displacement is in millimetres.

    Parameters
    ----------
    maps : DetailMaps
    stem : Path
        Folder and beginning of the files' names.
    file_format : "png" or "exr"
    pause : Pause

    Raises
    ------
    ValueError
        If the format is neither.
    OSError
        If a file cannot be written.
    """
    stem = Path(stem)
    if file_format not in ("png", "exr"):
        raise ValueError(f"file_format must be png or exr, not {file_format}")
    normal_path, displacement_path = (
        stem.with_name(f"{stem.name}_{name}.{file_format}") for name in ("normal", "displacement")
    )
    if file_format == "exr":
        files = MapFiles(normal_path, displacement_path, middle=0.0, range_mm=1.0)
        normal_path.write_bytes(encode_exr(maps.normals, 0.5, 0.5, pause))
        displacement_path.write_bytes(encode_exr(maps.displacement, pause=pause))
        return files
    largest = float(np.abs(maps.displacement).max(initial=0.0))
    range_mm = round(RANGE_STEP * max(1, int(np.ceil(round(2 * largest / RANGE_STEP, 6)))), 6)
    files = MapFiles(normal_path, displacement_path, MIDDLE, range_mm)
    meaning = {"unit": "mm", "midlevel": 0.5, "range": range_mm}
    convention = {"convention": "tangent space, OpenGL (Y+)"}
    normal_path.write_bytes(encode_png(maps.normals, 0.5, 0.5, convention, pause))
    displacement_path.write_bytes(encode_png(maps.displacement, 1 / range_mm, MIDDLE, meaning, pause))
    return files


def encode_png(
    image: NDArray[np.float32],
    factor: float,
    offset: float,
    description: dict[str, Any],
    pause: Pause = no_pause,
) -> bytes:
    """A 16-bit PNG of ``factor * image + offset``, which is clipped to 0 to 1, with a description as JSON in its text.

    Parameters
    ----------
    image : (H, W) or (H, W, 3)
    factor, offset : float
    description : dict
        JSON types only.
    """
    steps = np.empty(image.shape, dtype=np.uint16)
    for line, values in zip(steps, image, strict=True):
        pause()
        line[...] = np.clip(np.rint((factor * values + offset) * 65535), 0, 65535)
    if steps.ndim == 3:
        steps = cv2.cvtColor(steps, cv2.COLOR_RGB2BGR)
    encode = partial(cv2.imencode, ".png", steps, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    written, data = in_background(encode, lambda _fraction: pause(), lambda: 1.0)
    if not written:
        raise OSError("the image could not be encoded")
    encoded = data.tobytes()
    text = b"tEXt" + b"Description\0" + json.dumps(description).encode("latin-1")
    chunk = struct.pack(">I", len(text) - 4) + text + struct.pack(">I", zlib.crc32(text))
    # Signature and header take the first 33 bytes of every PNG.
    return encoded[:33] + chunk + encoded[33:]


def encode_exr(image: NDArray[np.float32], factor: float = 1.0, offset: float = 0.0, pause: Pause = no_pause) -> bytes:
    """An OpenEXR file of ``factor * image + offset`` in 32-bit floating point, with lossless ZIP compression.

    OpenCV's own writer has to be switched on by an environment variable before the library is loaded.

    Parameters
    ----------
    image : (H, W) or (H, W, 3)
    factor, offset : float
    """
    height, width = image.shape[:2]
    # The format wants the channels in alphabetical order.
    names, planes = ("BGR", image[..., ::-1]) if image.ndim == 3 else ("Y", image[..., None])
    listed = b"".join(name.encode() + struct.pack("<xiB3xii", EXR_FLOAT, 0, 1, 1) for name in names) + b"\0"
    window = struct.pack("<4i", 0, 0, width - 1, height - 1)
    header = struct.pack("<ii", EXR_MAGIC, EXR_VERSION) + b"".join(
        name.encode() + b"\0" + kind.encode() + b"\0" + struct.pack("<i", len(value)) + value
        for name, kind, value in (
            ("channels", "chlist", listed),
            ("compression", "compression", struct.pack("<B", EXR_ZIP)),
            ("dataWindow", "box2i", window),
            ("displayWindow", "box2i", window),
            ("lineOrder", "lineOrder", b"\0"),
            ("pixelAspectRatio", "float", struct.pack("<f", 1)),
            ("screenWindowCenter", "v2f", struct.pack("<2f", 0, 0)),
            ("screenWindowWidth", "float", struct.pack("<f", 1)),
        )
    )
    header += b"\0"
    blocks = []
    for top in range(0, height, EXR_BLOCK):
        pause()
        lines = factor * planes[top : top + EXR_BLOCK].transpose(0, 2, 1) + offset
        packed = _zip(lines.astype("<f4").tobytes())
        blocks.append(struct.pack("<ii", top, len(packed)) + packed)
    starts = np.cumsum([len(header) + 8 * len(blocks), *(len(block) for block in blocks[:-1])])
    return header + starts.astype("<u8").tobytes() + b"".join(blocks)


def _zip(raw: bytes) -> bytes:
    """OpenEXR's ZIP compression: the bytes by their place in pairs, as differences, deflated."""
    values = np.frombuffer(raw, dtype=np.uint8)
    ordered = np.concatenate([values[::2], values[1::2]])
    ordered[1:] = ordered[1:] - ordered[:-1] + np.uint8(128)
    packed = zlib.compress(ordered.tobytes(), 1)
    return packed if len(packed) < len(raw) else raw
