"""A photo, and from a square of the photo to a crop."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import PhotoError


@dataclass(frozen=True)
class Photo:
    """An upright photo.

    Attributes
    ----------
    name : str
        The file's name without folder and extension.
    pixels : (h, w, 3) uint8
        sRGB, transparency laid over white.
    """

    name: str
    pixels: NDArray[np.uint8]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]


@dataclass(frozen=True)
class Square:
    """A square of the photo: centre and side in photo pixels. It may reach beyond the photo."""

    x: float
    y: float
    side: float


@dataclass(frozen=True)
class FaceCrop:
    """A square of the photo at the network's resolution.

    Attributes
    ----------
    pixels : (S, S, 3) uint8
    crop_to_photo : (2, 3) float64
        Affine map from crop pixels to photo pixels.
    """

    pixels: NDArray[np.uint8]
    crop_to_photo: NDArray[np.float64]

    def to_photo(self, pixels: NDArray[np.floating]) -> NDArray[np.float64]:
        """Photo pixels (n, 2) of crop pixels (n, 2)."""
        return pixels @ self.crop_to_photo[:, :2].T + self.crop_to_photo[:, 2]


def cut_square(photo: Photo, square: Square, resolution: int) -> FaceCrop:
    """Sample a square of the photo on a grid of `resolution` x `resolution` pixels; the photo's edge is continued.

    Detail finer than the grid is averaged away first, so that a large photo does not alias.
    """
    scale = square.side / resolution
    crop_to_photo = np.array(
        [
            [scale, 0.0, square.x - square.side / 2],
            [0.0, scale, square.y - square.side / 2],
        ]
    )
    width, height = photo.size
    margin = 4 * max(scale, 1.0)
    left, top = (np.floor(np.clip(crop_to_photo[:, 2] - margin, 0, [width - 1, height - 1]))).astype(int)
    right, bottom = np.ceil(
        np.clip(crop_to_photo[:, 2] + square.side + margin, [left + 1, top + 1], [width, height])
    ).astype(int)
    region = photo.pixels[top:bottom, left:right]
    shift = np.array([left, top], dtype=np.float64)
    reduction = max(1, int(scale))
    if reduction > 1:
        size = np.maximum([region.shape[1] // reduction, region.shape[0] // reduction], 1)
        factor = np.array([region.shape[1], region.shape[0]]) / size
        region = cv2.resize(region, [int(s) for s in size], interpolation=cv2.INTER_AREA)
    else:
        factor = np.ones(2)
    # OpenCV puts pixel centres at whole numbers, hence the halves.
    linear = np.diag(scale / factor)
    offset = (crop_to_photo[:, 2] - shift + 0.5 * scale) / factor - 0.5
    residual = scale / factor.min()
    if residual > 1.2:
        region = cv2.GaussianBlur(region, (0, 0), 0.35 * residual)
    pixels = cv2.warpAffine(
        region,
        np.column_stack([linear, offset]),
        (resolution, resolution),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return FaceCrop(pixels, crop_to_photo)


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """The PNG file of an image (h, w, 3), compressed little but quickly."""
    return cv2.imencode(".png", pixels[..., ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()


def decode_image(file: bytes) -> NDArray[np.uint8]:
    """The pixels (h, w, 3) of an image file.

    Raises
    ------
    PhotoError
        If it is not an image.
    """
    pixels = cv2.imdecode(np.frombuffer(file, dtype=np.uint8), cv2.IMREAD_COLOR) if file else None
    if pixels is None:
        raise PhotoError("The photo kept with the face cannot be read: reconstruct the face again.")
    return pixels[..., ::-1]
