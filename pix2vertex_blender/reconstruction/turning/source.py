"""The image mesh of a face that was reconstructed before."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from ...errors import PhotoError
from ...exchange.result import Reconstruction
from ...expression.neutral import worn_expression
from ..photo.photo import decode_image, fitting
from ..texture.source import PHOTO_GONE, own_photo
from .image_mesh import ImageMesh

#: Photos are drawn with at most so many pixels along their longer side.
LONGEST_SIDE = 2048


def image_mesh_of(face: Reconstruction, photo: Path) -> tuple[ImageMesh, bool]:
    """The image mesh of a face's first photo, and whether it is the photo's own file or else the crop that was kept.

    Parameters
    ----------
    face : Reconstruction
    photo : Path
        Where the photo was.

    Raises
    ------
    PhotoError
        If neither the photo nor the crop can be read.
    """
    frame = face.view.frame
    head = frame.to_camera(face.coarse_vertices + worn_expression(face.coarse_vertices, face.view.expression))
    whole = own_photo(face, photo)
    if whole is not None:
        pixels = fitting(whole, LONGEST_SIDE)
        scale = np.array([pixels.shape[1], pixels.shape[0]]) / whole.size
        crop_to_pixels = frame.crop_to_photo * scale[:, None]
    elif face.view.crop_png:
        pixels = decode_image(face.view.crop_png)
        crop_to_pixels = np.column_stack([np.eye(2) * len(pixels) / len(face.view.maps.mask), np.zeros(2)])
    else:
        raise PhotoError(PHOTO_GONE)
    return ImageMesh(pixels, replace(frame, crop_to_photo=crop_to_pixels), head), whole is not None
