"""A second look at a found face: upright and filling the square, so that the pixels lie where the person is.

The first network has to find a face wherever it is in its square, and half of the pixels that it reads show something
else. What it found says how the head is turned and how far the face reaches: a square that is turned with the head and
that the face just fills is read by a second network. Its maps are laid back over the first square, turned as the photo
is, so that everything that follows has one camera and one crop.
"""

from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ..errors import FaceNotFoundError
from ..exchange.maps import FaceMaps
from ..paths import CLOSE_NETWORK_WEIGHTS
from ..template import load_template
from ..template.canonical import to_millimetres
from .network.maps import read_maps
from .network.network import load_network, predict_views
from .photo.localisation import Predict
from .photo.photo import Photo, Square, cut_square

#: The logit of the mask and of the opening outside of the second square, where nothing was looked at.
NOTHING_SEEN = -10.0


@dataclass(frozen=True)
class SecondPassParameters:
    """How a found face is looked at again.

    Attributes
    ----------
    margin : float
        How much larger the square is than the face.
    outliers : float
        Percent of the mask's pixels at each of its four ends that do not count for its extent.
    resolution : int
        Side of the maps over the first square in pixels: about as fine as the second network's.
    promising : float
        A face of lower confidence is not looked at again.
    tolerance : float
        How much lower than the first look's the second look's confidence may be.
    """

    margin: float = 0.06
    outliers: float = 0.2
    resolution: int = 240
    promising: float = 0.3
    tolerance: float = 0.05


@dataclass(frozen=True)
class CloserLook:
    """What is seen of a face from nearer.

    Attributes
    ----------
    maps : FaceMaps
        Over the first square.
    views : (k, 8, S, S) float32
        What the network says about the upright square that the face fills, and about its mirror image: the channels of
        `network.MAP_CHANNELS`.
    pixels : (S, S, 3) uint8
        That square, RGB.
    """

    maps: FaceMaps
    views: NDArray[np.float32]
    pixels: NDArray[np.uint8]


@dataclass(frozen=True)
class SecondPass:
    """Looks at found faces again with a second network.

    Attributes
    ----------
    predict : callable
        The second network.
    input_size : int
        Side of its input in pixels.
    landmarks : (68, 3)
        Landmarks of the mean neutral face in millimetres.
    """

    predict: Predict
    input_size: int
    landmarks: NDArray[np.float64]
    parameters: SecondPassParameters = SecondPassParameters()

    def look(self, photo: Photo, square: Square, first: FaceMaps) -> CloserLook | None:
        """Finer maps over `square`, of which the first network made `first`; None if they are no better."""
        if first.confidence < self.parameters.promising:
            return None
        near = upright_square(first, square, self.landmarks, self.parameters)
        pixels = cut_square(photo, near, self.input_size).pixels
        views = self.predict(pixels)
        try:
            second = read_maps(lay_back(views, near, square, self.parameters.resolution))
        except FaceNotFoundError:
            return None
        good = second.confidence > first.confidence - self.parameters.tolerance
        return CloserLook(second, views, pixels) if good else None


def load_second_pass(device: torch.device) -> SecondPass:
    """What looks at found faces again with the network that ships."""
    template, network = load_template(), load_network(CLOSE_NETWORK_WEIGHTS, device)
    return SecondPass(
        predict=partial(predict_views, network),
        input_size=network.configuration.resolution,
        landmarks=to_millimetres(template.canonical[template.landmarks_68]),
    )


def head_roll(rotation: NDArray[np.floating]) -> float:
    """Degrees by which a head is turned anticlockwise in the picture.

    Parameters
    ----------
    rotation : (3, 3)
        R_z(roll) R_x(pitch) R_y(yaw), from the head's axes to the camera's.
    """
    return float(np.degrees(np.arctan2(-rotation[0, 1], rotation[1, 1])))


def upright_square(
    maps: FaceMaps, square: Square, landmarks: NDArray[np.float64], parameters: SecondPassParameters
) -> Square:
    """The square, turned with the head, that the face seen in `maps` over `square` fills.

    The face is what the mask shows, and the landmarks (68, 3) as the head's pose places them, so that what hides most
    of a face does not enlarge the rest.
    """
    rows, columns = np.nonzero(maps.mask)
    seen = np.column_stack([columns, rows]) + 0.5
    to_photo = square.to_photo(len(maps.mask))
    turn = square.turn - head_roll(maps.head_pose.rotation)
    # Axes of the turned square in the photo, one a row.
    axes = Square(0.0, 0.0, 1.0, turn).axes.T

    def turned(pixels: NDArray[np.floating]) -> NDArray[np.float64]:
        return (pixels @ to_photo[:, :2].T + to_photo[:, 2]) @ axes.T

    placed = turned(maps.camera.project(maps.head_pose.apply(landmarks)))
    lower, upper = np.percentile(turned(seen), [parameters.outliers, 100 - parameters.outliers], axis=0)
    lower, upper = np.minimum(lower, placed.min(axis=0)), np.maximum(upper, placed.max(axis=0))
    x, y = (lower + upper) / 2 @ axes
    return Square(float(x), float(y), (1 + parameters.margin) * float((upper - lower).max()), turn)


def lay_back(views: NDArray[np.float32], near: Square, square: Square, resolution: int) -> NDArray[np.float32]:
    """What the network said about the square `near` on a grid over another square of the photo.

    Parameters
    ----------
    views : (k, 8, S, S)
        The channels of `network.MAP_CHANNELS`.
    near, square : Square
    resolution : int
        Side of the new grid in pixels.

    Returns
    -------
    (k, 8, resolution, resolution) float32
        The geometry in the axes and in half sides of `square`; no face outside of `near`.
    """
    size = views.shape[-1]
    from_near, from_grid = (np.vstack([s.to_photo(n), [0, 0, 1]]) for s, n in ((near, size), (square, resolution)))
    matrix = np.linalg.solve(from_near, from_grid)[:2]
    # OpenCV puts pixel centres at whole numbers, hence the halves.
    matrix[:, 2] += matrix[:, :2].sum(axis=1) / 2 - 0.5
    outside = np.zeros(views.shape[1])
    outside[[0, 7]] = NOTHING_SEEN
    laid = np.empty((*views.shape[:2], resolution, resolution), dtype=np.float32)
    for view, result in zip(views, laid, strict=True):
        for channel in range(views.shape[1]):
            result[channel] = cv2.warpAffine(
                view[channel],
                matrix,
                (resolution, resolution),
                flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
                borderMode=cv2.BORDER_CONSTANT,
                borderValue=float(outside[channel]),
            )
    turn = np.radians(square.turn - near.turn)
    x, y = laid[:, 4].copy(), laid[:, 5].copy()
    laid[:, 4] = np.cos(turn) * x - np.sin(turn) * y
    laid[:, 5] = np.sin(turn) * x + np.cos(turn) * y
    laid[:, 4:7] *= near.side / square.side
    return laid
