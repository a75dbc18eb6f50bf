"""Who a movie shows: one head from its best frames."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import FaceNotFoundError
from ...exchange.glimpse import Show, show_nobody
from ...exchange.progress import Progress, silent
from ...exchange.result import Reconstruction
from ..photo.photo import Photo, cut_square, encode_png
from ..pipeline import Options, load_networks
from ..several.agreement import same_photos
from ..several.together import reconstruct_together
from .movie import Moment, Movie
from .tracking import Sighting, Tracker

NOBODY = "No face was found in {movie}: choose a movie that shows a face from near, at least for some seconds."


@dataclass(frozen=True)
class PersonParameters:
    """Which frames a head is made from.

    Attributes
    ----------
    samples : int
        Frames that are looked at.
    best : int
        Most frames that are used.
    thorough : int
        Frames that are searched however long that takes, if none of the samples shows a face at once.
    apart : float
        Degrees between two directions from which a head is seen that tell nearly twice as much as one.
    margin : float
        Side of the part of a frame that is kept, over that of the face's square.
    """

    samples: int = 32
    best: int = 10
    thorough: int = 3
    apart: float = 12.0
    margin: float = 2.4


@dataclass(frozen=True)
class GoodFrame:
    """A frame that shows a face.

    Attributes
    ----------
    photo : Photo
        The part of the frame around the face.
    crop : (S, S, 3) uint8
        The face, upright.
    rotation : (3, 3)
        From the head's axes to those of the camera.
    quality : float
        How sure and how sharp it is; larger is better.
    """

    photo: Photo
    crop: NDArray[np.uint8]
    rotation: NDArray[np.float64]
    quality: float


def person_of(
    movie: Movie,
    folder: Path,
    options: Options,
    progress: Progress = silent,
    show: Show = show_nobody,
    parameters: PersonParameters = PersonParameters(),
) -> Reconstruction:
    """The head of the person in a movie, without an expression if several frames show it.

    Parameters
    ----------
    movie : Movie
    folder : Path
        Where the frames that are used are written as PNG files.
    options : Options
        `face`, `face_box` and `pins` do not count here.
    progress : Progress
    show : Show
        As in `reconstruct_together`.
    parameters : PersonParameters, optional

    Raises
    ------
    FaceNotFoundError
        If no frame shows a face.
    Pix2VertexError
        With one sentence for the user, if an option cannot be used.
    Cancelled
        If `progress` raised it.
    """
    progress("start", 0.0)
    tracker = Tracker(load_networks(options.device))
    found = _good_frames(movie, tracker, progress, parameters)
    if not found:
        raise FaceNotFoundError(NOBODY.format(movie=movie.name))
    paths = []
    for frame in chosen(found, parameters):
        paths.append(folder / f"{frame.photo.name}.png")
        paths[-1].write_bytes(encode_png(frame.photo.pixels))
    return reconstruct_together(paths, replace(options, face=None, face_box=None, pins={}), progress, show)


def chosen(frames: Sequence[GoodFrame], parameters: PersonParameters = PersonParameters()) -> list[GoodFrame]:
    """The best frames, from directions as different as there are, each picture once."""
    firsts = same_photos([frame.crop for frame in frames])
    left = [frame for index, frame in enumerate(frames) if firsts[index] == index]
    used: list[GoodFrame] = []
    while left and len(used) < parameters.best:
        worth = [frame.quality * _novelty(frame, used, parameters.apart) for frame in left]
        used.append(left.pop(int(np.argmax(worth))))
    return used


def _novelty(frame: GoodFrame, others: Sequence[GoodFrame], apart: float) -> float:
    """What a frame tells that others do not, 0.5 to 1."""
    angles = [np.degrees(np.arccos(np.clip((np.trace(frame.rotation.T @ o.rotation) - 1) / 2, -1, 1))) for o in others]
    return 1.0 - 0.5 * float(np.exp(-0.5 * (min(angles) / apart) ** 2)) if angles else 1.0


def _good_frames(movie: Movie, tracker: Tracker, progress: Progress, parameters: PersonParameters) -> list[GoodFrame]:
    """The sampled frames that show a face."""
    found = []
    for number, moment in enumerate(movie.samples(parameters.samples)):
        progress("frames", number / parameters.samples)
        sighting = tracker.follow(moment.photo, float(number))
        if sighting is not None:
            found.append(_good_frame(moment, sighting, parameters))
    if not found:
        for moment in movie.samples(parameters.thorough):
            sighting = tracker.find(moment.photo, lambda _: progress("frames", 1.0))
            if sighting is not None:
                found.append(_good_frame(moment, sighting, parameters))
    return found


def _good_frame(moment: Moment, sighting: Sighting, parameters: PersonParameters) -> GoodFrame:
    photo, square = moment.photo, sighting.square
    half = parameters.margin * square.side / 2
    left, top = max(0, int(square.x - half)), max(0, int(square.y - half))
    part = photo.pixels[top : int(square.y + half) + 1, left : int(square.x + half) + 1]
    crop = cut_square(photo, square, 192).pixels
    detail = cv2.Laplacian(cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY), cv2.CV_32F)
    return GoodFrame(
        photo=Photo(photo.name, np.ascontiguousarray(part)),
        crop=crop,
        rotation=sighting.turn @ sighting.maps.head_pose.rotation,
        quality=sighting.maps.confidence * float(np.sqrt(detail.std())),
    )
