"""All faces of a photo, to choose one of them before anything is reconstructed."""

from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from ...template import load_template
from ...template.canonical import to_millimetres
from ..network.device import choose_device
from ..network.network import load_network, predict_views
from .detection import FaceBox
from .localisation import LocalisationParameters, Localiser
from .photo import Photo, Square


@dataclass(frozen=True)
class FaceInPhoto:
    """A face that was found: its box in photo pixels and how confident the network is."""

    box: FaceBox
    confidence: float


def search_faces(photo: Photo, device: str = "auto") -> list[FaceInPhoto]:
    """All plausible faces, the largest first, in the order in which `Options.face` counts them; there may be none.

    Raises
    ------
    DeviceError, DataFileError
        If the device or the weights cannot be used.
    """
    template = load_template()
    network = load_network(device=choose_device(device))
    localiser = Localiser(
        predict=partial(predict_views, network),
        resolution=network.configuration.resolution,
        landmarks=to_millimetres(template.canonical[template.landmarks_68]),
    )
    return [FaceInPhoto(box_of(face.square, localiser.parameters), face.confidence) for face in localiser.find(photo)]


def box_of(square: Square, parameters: LocalisationParameters) -> FaceBox:
    """The square box, as a user would draw it, around which the localiser would place this square."""
    side = square.side / parameters.box_enlargement
    return FaceBox(square.x - side / 2, square.y - side / 2 - parameters.box_drop * side, side, side)


def reduced(photo: Photo, longest_side: int) -> NDArray[np.uint8]:
    """The photo's pixels (h, w, 3), made smaller if its longer side exceeds a limit."""
    scale = min(1.0, longest_side / max(photo.size))
    size = [max(1, round(length * scale)) for length in photo.size]
    return cv2.resize(photo.pixels, size, interpolation=cv2.INTER_AREA) if scale < 1.0 else photo.pixels
