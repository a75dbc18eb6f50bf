"""Where the face is from frame to frame: each frame's maps say where the next one is looked at."""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ...errors import FaceNotFoundError
from ...exchange.maps import FaceMaps
from ...template import load_template
from ...template.canonical import to_millimetres
from ..network.maps import read_maps
from ..network.network import predict_views
from ..photo.background import Tell, tell_nobody
from ..photo.face_search import faces_of, localiser_of
from ..photo.localisation import FoundFace, Localiser
from ..photo.photo import Photo, Square, cut_square, reduced
from ..pipeline import Networks
from ..second_pass import upright_square


@dataclass(frozen=True)
class TrackingParameters:
    """How a face is followed.

    Attributes
    ----------
    pooling : int
        Pixels of the network's maps, along each side, that are averaged into one.
    plausible : float
        What is less sure is no face.
    farthest, growth : float
        A face that moves farther than this share of its square, or whose square grows or shrinks by more than this
        factor, is not the one that was followed.
    patience : float
        Seconds of the movie between two searches while there is no face.
    searched : float
        Pixels of the copy in which a lost face is looked for.
    smallest : float
        Side of the square around the smallest face that is looked for, over the copy's shorter side.
    candidates : int
        How many places are looked at.
    """

    pooling: int = 2
    plausible: float = 0.4
    farthest: float = 0.6
    growth: float = 1.6
    patience: float = 0.2
    searched: float = 300_000.0
    smallest: float = 0.15
    candidates: int = 4


@dataclass(frozen=True)
class Sighting:
    """A face in a frame.

    Attributes
    ----------
    square : Square
        Of the frame, turned with the head, that was looked at.
    maps : FaceMaps
        Over the square.
    """

    square: Square
    maps: FaceMaps

    @property
    def turn(self) -> NDArray[np.float64]:
        """Rotation (3, 3) from the camera's axes in the square to those of the upright frame."""
        angle = np.radians(self.square.turn)
        cosine, sine = np.cos(angle), np.sin(angle)
        return np.array([[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]])


class Tracker:
    """Follows one face through a movie.

    Parameters
    ----------
    networks : Networks
    parameters : TrackingParameters, optional
    """

    def __init__(self, networks: Networks, parameters: TrackingParameters = TrackingParameters()) -> None:
        self._networks, self._parameters = networks, parameters
        self._localiser: Localiser = localiser_of(networks.first)
        template = load_template()
        self._landmarks = to_millimetres(template.canonical[template.landmarks_68])
        self._next: Square | None = None
        self._searched = -np.inf

    def forget(self) -> None:
        """What comes next has nothing to do with what was before."""
        self._next, self._searched = None, -np.inf

    def follow(self, photo: Photo, time: float, tell: Tell = tell_nobody) -> Sighting | None:
        """The face in the next frame, at some seconds; None if it is not seen.

        A lost face is looked for several times a second, not in each frame.
        """
        sighting = self._look(photo, self._next) if self._next is not None else None
        if sighting is None:
            self._next = None
            if time - self._searched < self._parameters.patience:
                return None
            self._searched = time
            sighting = self._found(photo, self._search(photo, tell))
        if sighting is not None:
            self._next = self._square_after(sighting)
        return sighting

    def find(self, photo: Photo, tell: Tell = tell_nobody) -> Sighting | None:
        """The largest face of a frame, however long that takes."""
        faces = faces_of(self._networks.first, photo, tell)
        sighting = self._found(photo, faces[0] if faces else None)
        self._next = self._square_after(sighting) if sighting is not None else None
        return sighting

    def _look(self, photo: Photo, square: Square) -> Sighting | None:
        """What the second network says about an upright square, unless it is something else than the face before."""
        second = self._networks.second_pass
        views = second.predict(cut_square(photo, square, second.input_size).pixels)
        try:
            maps = read_maps(_pooled(views, self._parameters.pooling))
        except FaceNotFoundError:
            return None
        if maps.confidence < self._parameters.plausible:
            return None
        sighting = Sighting(square, maps)
        after = self._square_after(sighting)
        moved = np.hypot(after.x - square.x, after.y - square.y) / square.side
        grown = max(after.side / square.side, square.side / after.side)
        return sighting if moved < self._parameters.farthest and grown < self._parameters.growth else None

    def _square_after(self, sighting: Sighting) -> Square:
        second = self._networks.second_pass
        return upright_square(sighting.maps, sighting.square, self._landmarks, second.parameters)

    def _search(self, photo: Photo, tell: Tell) -> FoundFace | None:
        """The face that the detector is surest of, large ones first, and that the network believes."""
        parameters, localiser = self._parameters, self._localiser
        small, scale = reduced(photo, parameters.searched)
        shorter, longer = sorted(small.pixels.shape[:2])
        found = localiser.detector.find(small.pixels, parameters.smallest * shorter, longer, lambda: tell(0.0))
        found.sort(key=lambda each: -each.score * each.square.side**0.5)
        for candidate in found[: parameters.candidates]:
            near = candidate.square
            square = replace(near, x=near.x / scale, y=near.y / scale, side=near.side / scale)
            face = localiser.glance(photo, square, tell)
            if face is not None and face.confidence >= localiser.parameters.plausible:
                return face
        return None

    def _found(self, photo: Photo, face: FoundFace | None) -> Sighting | None:
        """A face that was searched, looked at from near."""
        if face is None:
            return None
        first, second = self._networks.first, self._networks.second_pass
        crop = cut_square(photo, face.square, first.configuration.resolution)
        try:
            maps = read_maps(predict_views(first, crop.pixels))
        except FaceNotFoundError:
            return None
        found = self._look(photo, upright_square(maps, face.square, self._landmarks, second.parameters))
        # The first look's square is less exact than those that follow, which would be seen as a jerk.
        return found and (self._look(photo, self._square_after(found)) or found)


class CutDetector:
    """Notices where a movie shows something else from one frame to the next.

    Parameters
    ----------
    least : float
        Mean difference of two small grey copies, in 0 to 255, below which there is no cut.
    times : float
        How many times the usual difference a cut's is.
    """

    def __init__(self, least: float = 22.0, times: float = 4.0) -> None:
        self._least, self._times = least, times
        self._before: NDArray[np.float32] | None = None
        self._usual = 0.0

    def is_cut(self, photo: Photo) -> bool:
        """Whether the frame has nothing to do with the one before."""
        small = cv2.resize(photo.pixels, (32, 32), interpolation=cv2.INTER_AREA)
        grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
        before, self._before = self._before, grey
        if before is None:
            return False
        # A lamp that is switched on changes the light and not the picture.
        difference = float(np.abs((grey - grey.mean()) - (before - before.mean())).mean())
        cut = difference > self._least and difference > self._times * self._usual
        if not cut:
            self._usual += 0.2 * (difference - self._usual)
        return cut


def _pooled(views: NDArray[np.float32], pooling: int) -> NDArray[np.float32]:
    """Maps (k, 8, S, S) of a coarser grid, in which so many pixels along each side are averaged."""
    count, channels, side, _ = views.shape
    blocks = views.reshape(count, channels, side // pooling, pooling, side // pooling, pooling)
    pooled: NDArray[np.float32] = blocks.mean(axis=(3, 5))
    return pooled
