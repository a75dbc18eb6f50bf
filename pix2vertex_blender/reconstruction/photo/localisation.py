"""Where the face is: the detector's first guesses, moved and sized by the network's own output until they settle."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...errors import FaceNotFoundError
from ...exchange.maps import FaceMaps
from ..network.maps import NO_FACE, read_maps
from .detection import FaceBox, check_box, find_faces, overlap
from .photo import Photo, Square, cut_square

#: From crop pixels (S, S, 3) uint8 to the network's views of it (2, 8, S, S).
Predict = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


@dataclass(frozen=True)
class LocalisationParameters:
    """How squares are placed around faces.

    Attributes
    ----------
    enlargement : float
        Side of the square over the longer side of the landmarks' bounding box.
    rise : float
        How far the square's centre lies above the box's centre, over the square's side.
    box_enlargement, box_drop : float
        The same from a detector's or a user's box: the square's side over the longer side of the box, and how far its
        centre lies below the box's centre over the box's longer side.
    rounds : int
        Most corrections of one square.
    settled : float
        A square that moves and grows by less than this share of its side is settled.
    plausible : float
        A finding of lower confidence is no face.
    promising : float
        A square of lower confidence is not corrected any further.
    candidates : int
        Most findings of the detector that are looked at.
    """

    enlargement: float = 1.6
    rise: float = 0.06
    box_enlargement: float = 1.45
    box_drop: float = 0.08
    rounds: int = 3
    settled: float = 0.04
    plausible: float = 0.66
    promising: float = 0.05
    candidates: int = 8


@dataclass(frozen=True)
class FoundFace:
    """A face: its settled square and how confident the network is."""

    square: Square
    confidence: float


@dataclass(frozen=True)
class Localiser:
    """Finds faces with a network.

    Attributes
    ----------
    predict : callable
        The network.
    resolution : int
        Side of its input in pixels.
    landmarks : (68, 3)
        Landmarks of the mean neutral face in millimetres.
    """

    predict: Predict
    resolution: int
    landmarks: NDArray[np.float64]
    parameters: LocalisationParameters = LocalisationParameters()

    def find(self, photo: Photo) -> list[FoundFace]:
        """All plausible faces of a photo, the largest first.

        Where the detector finds none, overlapping squares of the photo are tried.
        """
        boxes = [candidate.box for candidate in find_faces(photo)[: self.parameters.candidates]]
        faces = self._plausible(photo, [self._square_around(box) for box in boxes])
        if not faces:
            faces = self._plausible(photo, _tiles(photo))
        return faces

    def find_in_box(self, photo: Photo, box: FaceBox) -> FoundFace:
        """Return the face in the user's box, whatever its confidence.

        Raises
        ------
        FaceNotFoundError
            If the box cannot hold a face, or the network sees none in it.
        """
        start = self._square_around(check_box(box, photo))
        settled = self._settle(photo, start)
        inside = abs(settled.square.x - start.x) < box.width / 2 and abs(settled.square.y - start.y) < box.height / 2
        similar = 0.5 < settled.square.side / start.side < 2.0
        return settled if inside and similar else replace(settled, square=start)

    def _square_around(self, box: FaceBox) -> Square:
        side = max(box.width, box.height)
        drop = self.parameters.box_drop * side
        return Square(box.x + box.width / 2, box.y + box.height / 2 + drop, self.parameters.box_enlargement * side)

    def _square_from_maps(self, maps: FaceMaps, square: Square) -> Square:
        """Square that the landmarks, as the head's pose places them, ask for."""
        pixels = maps.camera.project(maps.head_pose.apply(self.landmarks))
        lower, upper = pixels.min(axis=0), pixels.max(axis=0)
        photo_per_pixel = square.side / self.resolution
        side = float((upper - lower).max()) * self.parameters.enlargement * photo_per_pixel
        corner = np.array([square.x, square.y]) - square.side / 2
        x, y = corner + (lower + upper) / 2 * photo_per_pixel
        return Square(float(x), float(y) - self.parameters.rise * side, side)

    def _settle(self, photo: Photo, square: Square) -> FoundFace:
        confidence = 0.0
        for _ in range(self.parameters.rounds):
            maps = read_maps(self.predict(cut_square(photo, square, self.resolution).pixels))
            confidence = maps.confidence
            if confidence < self.parameters.promising:
                break
            better = self._square_from_maps(maps, square)
            change = max(abs(better.x - square.x), abs(better.y - square.y), abs(better.side - square.side))
            if not 0.25 < better.side / square.side < 4.0:
                break
            settled = change < self.parameters.settled * square.side
            square = better
            if settled:
                break
        return FoundFace(square, confidence)

    def _plausible(self, photo: Photo, squares: Sequence[Square]) -> list[FoundFace]:
        found: list[FoundFace] = []
        for square in squares:
            try:
                face = self._settle(photo, square)
            except FaceNotFoundError:
                continue
            if face.confidence >= self.parameters.plausible:
                found.append(face)
        distinct: list[FoundFace] = []
        for face in sorted(found, key=lambda f: -f.confidence):
            if all(overlap(_as_box(face.square), _as_box(other.square)) < 0.3 for other in distinct):
                distinct.append(face)
        return sorted(distinct, key=lambda f: -f.square.side)


def choose_face(faces: Sequence[FoundFace], number: int | None) -> FoundFace:
    """Return the largest face, or the user's choice, counted from 1.

    Raises
    ------
    FaceNotFoundError
        If there is no such face.
    """
    if not faces:
        raise FaceNotFoundError(NO_FACE)
    if number is None:
        return faces[0]
    if not 1 <= number <= len(faces):
        found = "one face was" if len(faces) == 1 else f"{len(faces)} faces were"
        raise FaceNotFoundError(
            f"There is no face {number}, only {found} found: choose a number from 1 to {len(faces)}."
        )
    return faces[number - 1]


def _as_box(square: Square) -> NDArray[np.float64]:
    return np.array([square.x - square.side / 2, square.y - square.side / 2, square.side, square.side])


def _tiles(photo: Photo) -> list[Square]:
    """The whole photo, and smaller squares that overlap by half."""
    width, height = photo.size
    squares = []
    for side in (max(width, height), 0.6 * min(width, height)):
        columns, rows = (max(1, round(2 * length / side) - 1) for length in (width, height))
        for y in (np.arange(rows) + 0.5) * height / rows:
            for x in (np.arange(columns) + 0.5) * width / columns:
                squares.append(Square(float(x), float(y), float(side)))
    return squares
