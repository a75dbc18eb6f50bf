"""The fine detail of a face that was reconstructed before, as the artist's sliders want it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..exchange.frames import to_camera
from ..exchange.result import Reconstruction
from ..geometry.extension import smoothed
from ..template import Template
from .detail import DetailParameters, add_detail
from .fitting import SeenFace


@dataclass(frozen=True)
class DetailSettings:
    """What the sliders say.

    Attributes
    ----------
    scale : float
        Multiplies the size of the wrinkles and folds that count as detail.
    smoothing : float
        Length in millimetres over which the detail is averaged along the surface; 0 leaves it as it is.
    """

    scale: float = 1.0
    smoothing: float = 0.0


def detail_again(
    face: Reconstruction, vertices: NDArray[np.floating], level: Template, settings: DetailSettings
) -> NDArray[np.float64]:
    """Displacement vectors (n, 3) in millimetres in the head frame, from the crop kept with a face.

    Parameters
    ----------
    face : Reconstruction
    vertices : (n, 3)
        The registered mesh at the template level `level`, in the head frame.
    level : Template
    settings : DetailSettings

    Raises
    ------
    PhotoError
        If the crop cannot be read.
    """
    seen = SeenFace.of(face)
    enlargement = len(seen.crop) / len(seen.maps.mask)
    detail = add_detail(
        to_camera(face, vertices),
        level,
        seen.crop,
        seen.maps.camera.resized(enlargement),
        seen.maps.mask,
        photo_pixel=enlargement / float(np.linalg.norm(seen.crop_to_photo[:, 0])),
        parameters=DetailParameters(scale=settings.scale),
    )
    rotation = face.head_to_camera[:3, :3]
    in_head = detail @ np.linalg.inv(rotation).T
    return smoothed(in_head, vertices, level.faces, settings.smoothing)
