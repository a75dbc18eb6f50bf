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
    """A square of the photo, which may reach beyond it.

    Attributes
    ----------
    x, y, side : float
        Centre and side in photo pixels.
    turn : float
        By how many degrees what is up in the square is turned clockwise against what is up in the photo.
    """

    x: float
    y: float
    side: float
    turn: float = 0.0

    @classmethod
    def of(cls, crop_to_photo: NDArray[np.floating], resolution: int) -> "Square":
        """The square of a crop with so many pixels along each side."""
        affine = np.asarray(crop_to_photo, dtype=np.float64)
        x, y = affine @ (resolution / 2, resolution / 2, 1.0)
        side = resolution * float(np.linalg.norm(affine[:, 0]))
        return cls(float(x), float(y), side, float(np.degrees(np.arctan2(affine[1, 0], affine[0, 0]))))

    @property
    def axes(self) -> NDArray[np.float64]:
        """Rotation (2, 2) whose columns point to the right and down in the square."""
        angle = np.radians(self.turn)
        cosine, sine = float(np.round(np.cos(angle), 12)), float(np.round(np.sin(angle), 12))
        return np.array([[cosine, -sine], [sine, cosine]])

    def to_photo(self, resolution: int) -> NDArray[np.float64]:
        """Affine map (2, 3) to photo pixels from those of a crop with so many along each side."""
        linear = self.axes * (self.side / resolution)
        return np.column_stack([linear, np.array([self.x, self.y]) - linear @ (resolution / 2, resolution / 2)])


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
    crop_to_photo = square.to_photo(resolution)
    limits = np.array(photo.size)
    corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1]]) * resolution @ crop_to_photo[:, :2].T + crop_to_photo[:, 2]
    margin = 4 * max(scale, 1.0)
    left, top = (low := np.floor(np.clip(corners.min(axis=0) - margin, 0, limits - 1)).astype(int))
    right, bottom = np.ceil(np.clip(corners.max(axis=0) + margin, low + 1, limits)).astype(int)
    region = photo.pixels[top:bottom, left:right]
    reduction = max(1, int(scale))
    if reduction > 1:
        size = np.maximum([region.shape[1] // reduction, region.shape[0] // reduction], 1)
        factor = np.array([region.shape[1], region.shape[0]]) / size
        region = cv2.resize(region, [int(s) for s in size], interpolation=cv2.INTER_AREA)
    else:
        factor = np.ones(2)
    # OpenCV puts pixel centres at whole numbers, hence the halves.
    linear = crop_to_photo[:, :2] / factor[:, None]
    offset = (crop_to_photo @ (0.5, 0.5, 1.0) - (left, top)) / factor - 0.5
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


def inside_photo(
    crop_to_photo: NDArray[np.floating], photo_size: tuple[int, int], resolution: int
) -> NDArray[np.bool_]:
    """Which pixels (resolution, resolution) of a crop lie in the photo and not on its continued edge."""
    centres = np.arange(resolution) + 0.5
    across, down = np.meshgrid(centres, centres)
    points = np.stack([across, down], axis=-1) @ crop_to_photo[:, :2].T + crop_to_photo[:, 2]
    inside: NDArray[np.bool_] = ((points >= 0) & (points <= photo_size)).all(axis=-1)
    return inside


def reduced(photo: Photo, most_pixels: float) -> tuple[Photo, float]:
    """The photo with at most so many pixels, and how many of its pixels lie along one of the photo's."""
    width, height = photo.size
    scale = min(1.0, (most_pixels / (width * height)) ** 0.5)
    if scale == 1.0:
        return photo, 1.0
    size = [max(1, round(length * scale)) for length in photo.size]
    return Photo(photo.name, cv2.resize(photo.pixels, size, interpolation=cv2.INTER_AREA)), scale


def fitting(photo: Photo, longest_side: int) -> NDArray[np.uint8]:
    """The photo's pixels (h, w, 3), made smaller if its longer side exceeds a limit."""
    scale = min(1.0, longest_side / max(photo.size))
    size = [max(1, round(length * scale)) for length in photo.size]
    return cv2.resize(photo.pixels, size, interpolation=cv2.INTER_AREA) if scale < 1.0 else photo.pixels


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
