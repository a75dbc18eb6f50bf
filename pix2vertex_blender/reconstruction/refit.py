"""A face that was reconstructed before, fitted again: to moved pins, and with its detail as the sliders want it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..exchange.frames import to_camera
from ..exchange.progress import Progress, StageClock, silent
from ..exchange.result import Reconstruction
from ..geometry.extension import smoothed
from ..template import Template
from .detail.detail import DetailParameters, add_detail
from .fitting import complete, follow_pins
from .registration.matching import TargetIndex
from .registration.target import build_target
from .seen_face import SeenFace


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


def refit(
    reconstruction: Reconstruction, pins: NDArray[np.floating], detail_level: int, progress: Progress = silent
) -> Reconstruction:
    """The reconstruction with landmarks at other pins (68, 2) in photo pixels, NaN where the landmark is free.

    Raises
    ------
    PhotoError
        If the photo's crop is missing.
    """
    clock = StageClock(progress)
    seen = SeenFace.of(reconstruction)
    pose = reconstruction.head_to_camera
    registered = reconstruction.automatic_vertices @ pose[:3, :3].T + pose[:3, 3]
    with clock.stage("target"):
        target = TargetIndex(build_target(seen.maps))
    with clock.stage("registration"):
        pinned = follow_pins(registered, target, seen, pins, detail_level, progress)
    return complete(seen, registered, pinned, np.array(pins), detail_level, dict(reconstruction.report), clock)
