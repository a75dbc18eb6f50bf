"""From a file to an upright photo, and from a square of the photo to a crop."""

import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from ...errors import PhotoError

#: A photo whose shorter side is below this has no face that could be reconstructed.
SMALLEST_SIDE = 64
#: 400 megapixels: above this a file is damaged or hostile rather than a photo.
LARGEST_PIXELS = 400_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "BMP")


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


def load_photo(path: Path | str) -> Photo:
    """Read a photo: JPEG, PNG, WebP, TIFF or BMP of any bit depth and colour space, turned as its EXIF data says.

    Raises
    ------
    PhotoError
        If the file is missing, empty, damaged, not an image or too small.
    """
    path = Path(path)
    if path.is_dir():
        raise PhotoError(f"{path.name} is a folder: choose one photo in it.")
    if not path.exists():
        raise PhotoError(f"There is no file {path}: choose a photo.")
    try:
        if path.stat().st_size == 0:
            raise PhotoError(f"{path.name} is empty: choose another photo.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=FORMATS) as image:
                _check_size(image, path)
                pixels = _to_srgb(image)
    except UnidentifiedImageError:
        raise PhotoError(f"{path.name} is not an image: choose a JPEG, PNG, WebP or TIFF file.") from None
    except PermissionError:
        raise PhotoError(f"{path.name} may not be read: check the file's permissions.") from None
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise PhotoError(f"{path.name} is damaged and cannot be read ({error}): choose another copy.") from error
    return Photo(path.stem, pixels)


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


def _check_size(image: Image.Image, path: Path) -> None:
    width, height = image.size
    if min(width, height) < SMALLEST_SIDE:
        raise PhotoError(
            f"{path.name} is only {width} x {height} pixels: choose a photo with at least {SMALLEST_SIDE} on each side."
        )
    if width * height > LARGEST_PIXELS:
        raise PhotoError(f"{path.name} has {width * height // 1_000_000} megapixels: make a smaller copy of it.")


def _to_srgb(image: Image.Image) -> NDArray[np.uint8]:
    orientation = image.getexif().get(0x0112, 1)
    if image.mode.startswith("I") or image.mode == "F":
        image = _stretch_to_8_bit(image)
    elif image.mode == "P" or "transparency" in image.info:
        image = image.convert("RGBA")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa"):
        colour = image if image.mode == "RGBA" else image.convert("RGBA")  # a copy of 100 megapixels is 400 MB
        image = Image.new("RGB", colour.size, "white")
        image.paste(colour, mask=colour.getchannel("A"))
    else:
        image = _apply_profile(image)
    if orientation != 1:
        image.getexif()[0x0112] = orientation
        image = ImageOps.exif_transpose(image)
    return np.asarray(image)


def _stretch_to_8_bit(image: Image.Image) -> Image.Image:
    values = np.asarray(image, dtype=np.float32)
    largest = float(np.nanmax(values))
    if largest <= 1.0:
        scale = 255.0
    elif largest <= 255.0:
        scale = 1.0
    else:
        scale = 255.0 / 65535.0
    return Image.fromarray(np.clip(np.nan_to_num(values) * scale, 0, 255).astype(np.uint8)).convert("RGB")


def _apply_profile(image: Image.Image) -> Image.Image:
    """Convert to sRGB through the embedded colour profile, or directly when it is absent or unusable."""
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "CMYK", "L"):
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            if converted is not None:
                return converted
        except ImageCms.PyCMSError:
            pass
    return image.convert("RGB")
