"""From the colours that a file stores to sRGB without transparency."""

import warnings
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

#: Modes of Pillow by what remains of them without transparency and palettes.
_COLOURS = {"1": "L", "LA": "L", "La": "L", "CMYK": "CMYK", "L": "L", "LAB": "LAB"}
_TRANSPARENT = ("RGBA", "LA", "PA", "La", "RGBa")
#: The exponent with which nearly all PNGs are written that name one: as good as sRGB's own curve.
_USUAL_GAMMA, _SAME_GAMMA = 1 / 2.2, 0.01


@dataclass(frozen=True)
class ColourConversion:
    """How the colours of one file become sRGB.

    Attributes
    ----------
    transform : ImageCms.ImageCmsTransform, optional
        Of the colours without transparency, from the embedded profile.
    transform_mode : str
        The mode of Pillow that the transform takes.
    gamma : float, optional
        The exponent from light to the stored values, where the file names an unusual one and has no profile.
    """

    transform: ImageCms.ImageCmsTransform | None = None
    transform_mode: str = "RGB"
    gamma: float | None = None

    @classmethod
    def of(cls, image: Image.Image) -> "ColourConversion":
        """What the metadata of a file ask for; a profile that cannot be used counts as none."""
        colours = _COLOURS.get(image.mode, "L" if image.mode.startswith(("I", "F")) else "RGB")
        profile = image.info.get("icc_profile")
        for mode in (colours, "RGB") if profile and colours in ("L", "RGB") else (colours,):
            transform = _transform(profile, mode)
            if transform is not None:
                return cls(transform, mode)
        gamma = image.info.get("gamma")
        is_unusual = isinstance(gamma, float) and gamma > 0 and abs(gamma - _USUAL_GAMMA) > _SAME_GAMMA
        return cls(gamma=gamma if is_unusual and "srgb" not in image.info else None)

    def apply(self, image: Image.Image) -> Image.Image:
        """The picture in sRGB, mode RGB, transparency laid over white; unusual gammas are the caller's."""
        colours, alpha = _split(image)
        if self.transform is not None:
            converted = ImageCms.applyTransform(colours.convert(self.transform_mode), self.transform)
            assert converted is not None
        else:
            converted = colours.convert("RGB")
        if alpha is None:
            return converted
        opaque = Image.new("RGB", converted.size, "white")
        opaque.paste(converted, mask=alpha)
        return opaque

    def curve(self, values: NDArray[np.floating]) -> NDArray[np.floating]:
        """Values in [0, 1] of sRGB from stored ones in [0, 1]."""
        if self.gamma is None:
            return values
        light = values ** (1 / self.gamma)
        encoded: NDArray[np.floating] = np.where(
            light <= 0.0031308, 12.92 * light, 1.055 * np.maximum(light, 1e-9) ** (1 / 2.4) - 0.055
        )
        return encoded

    def apply_curve(self, image: Image.Image) -> Image.Image:
        """A picture of 8 bits per channel with an unusual gamma in the values of sRGB."""
        if self.gamma is None:
            return image
        if image.mode in ("P", "PA", "1"):
            image = image.convert("RGBA" if "transparency" in image.info else "RGB")
        if image.mode not in ("L", "LA", "RGB", "RGBA"):
            return image
        table = np.rint(255 * self.curve(np.arange(256) / 255)).astype(int).tolist()
        unchanged = list(range(256))
        bands = [unchanged if band == "A" else table for band in image.getbands()]
        transparency = image.info.get("transparency")
        if transparency is not None:  # names a colour that the curve changes
            image = image.convert("LA" if image.mode == "L" else "RGBA")
            bands.append(unchanged)
        return image.point([value for band in bands for value in band])


def _transform(profile: bytes | None, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From a profile, or from plain CIE Lab, to sRGB; None if there is nothing to do or nothing that can be done."""
    if profile is None and mode != "LAB":
        return None
    sources = [ImageCms.ImageCmsProfile(BytesIO(profile))] if profile and _is_profile(profile) else []
    sources += [ImageCms.createProfile("LAB")] if mode == "LAB" else []  # type: ignore[list-item]
    for source in sources:
        try:
            return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
        except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
            continue
    return None


def _is_profile(data: bytes) -> bool:
    try:
        ImageCms.ImageCmsProfile(BytesIO(data))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return False
    return True


def _split(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """The colours of a picture without transparency, in a mode of `_COLOURS` or RGB, and its transparency."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of Pillow about palettes with transparency
        if image.mode in ("LA", "La") or (image.mode in ("1", "L") and "transparency" in image.info):
            both = image.convert("LA")
            return both.getchannel("L"), both.getchannel("A")
        if image.mode in _TRANSPARENT or "transparency" in image.info:
            both = image if image.mode == "RGBA" else image.convert("RGBA")
            return both.convert("RGB"), both.getchannel("A")
    colours = _COLOURS.get(image.mode, "RGB")
    return image if image.mode == colours else image.convert(colours), None
