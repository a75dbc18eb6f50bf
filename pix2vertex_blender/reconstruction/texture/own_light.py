"""The light of a texture, in which eyes are painted: as much brighter than in the photo as the skin beside them."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ...exchange.camera import Camera
from ...template import load_template
from .projection import FaceTexture

Array = NDArray[np.float64]

#: Skin beside the eyes that most photos show and that neither beard nor make-up colours much.
AROUND = "cheeks"
#: Pixels along each side at which the photo is read: the light is no detail.
SIZE = 256
#: A texel with this share of the photo comes from it, and fewer of them say nothing.
FROM_PHOTO, FEWEST = 0.8, 20
#: Display values darker than this hold more noise than skin.
DARKEST = 8.0
#: No larger factor is believed.
LARGEST = 4.0


@dataclass(frozen=True)
class OwnLight:
    """How a texture's light is beside the eyes.

    Attributes
    ----------
    factors : (3,)
        From the photo's display values to those of the texture; 1 where the photo's light stays.
    skin : float
        Display value of the skin in the texture; 0 if that is unknown.
    """

    factors: Array
    skin: float

    @classmethod
    def as_in_photo(cls) -> "OwnLight":
        """The photo's, where nothing is known of the skin."""
        return cls(np.ones(3), 0.0)


def own_light(texture: FaceTexture, head: NDArray[np.floating], pixels: NDArray[np.uint8], camera: Camera) -> OwnLight:
    """Compare a texture with the photo that it comes from, on the cheeks.

    Parameters
    ----------
    texture : FaceTexture
    head : (n, 3)
        The registered template at level 0 in the camera's frame, with the expression of the photo.
    pixels : (S, S, 3)
        The crop of the photo.
    camera : Camera
        From millimetres to the crop's pixels.
    """
    template = load_template(0, texture.layout)
    corners = np.nonzero(template.groups[AROUND][template.faces] > 0.5)
    height, width = texture.colour.shape[:2]
    across, up = np.moveaxis(template.uvs[corners], -1, 0)
    columns = np.clip(across * width, 0, width - 1).astype(int)
    rows = np.clip((1 - up) * height, 0, height - 1).astype(int)
    small = cv2.resize(pixels, (SIZE, SIZE), interpolation=cv2.INTER_AREA)
    points = np.floor(camera.resized(SIZE / len(pixels)).project(head[template.faces[corners]])).astype(int)
    inside = ((points >= 0) & (points < SIZE)).all(axis=1)
    points = np.clip(points, 0, SIZE - 1)
    before = small[points[:, 1], points[:, 0]].astype(np.float64)
    after = texture.colour[rows, columns].astype(np.float64)
    known = inside & (texture.origin[rows, columns, 0] > 255 * FROM_PHOTO) & (before.min(axis=1) > DARKEST)
    if known.sum() < FEWEST:
        return OwnLight.as_in_photo()
    factors = np.clip(np.median(after[known] / before[known], axis=0), 1 / LARGEST, LARGEST)
    return OwnLight(factors, float(np.median(after[known].mean(axis=1))))
