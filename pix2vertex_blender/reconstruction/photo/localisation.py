"""Where the faces are: first guesses, moved and sized by the network's own output until they settle."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...errors import FaceNotFoundError
from ...exchange.confidence import share_outside
from ..network.maps import NO_FACE, most_confidence, read_maps
from .background import Tell, tell_nobody
from .boxes import FaceBox, check_box
from .face_detector import FaceDetector
from .photo import Photo, Square, cut_square

#: Instead of `NO_FACE` where nearly all of a photo is darker than `DARKEST` of 255: up to 31, faces are found.
TOO_DARK = (
    "No face was found in the photo, which is so dark that hardly anything is seen: brighten it in another program, or"
    " choose another photo."
)
DARKEST = 20

#: From crop pixels (S, S, 3) uint8 to the network's views of it (2, 8, S, S), or of several crops to those of each.
Predict = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
#: A square of a photo, or of a smaller copy of it.
Place = tuple[Photo, Square]

#: Degrees, clockwise, by which a photo may lie on its side or stand on its head.
QUARTER_TURNS = (90.0, 180.0, 270.0)


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
    doubtful : float
        Where no face has this confidence, the photo may lie on its side, and the other ways up are tried.
    glance : float
        Side of the crop for a first look, over that of the network's input: a third of the work.
    sure_at_a_glance : float
        A confidence for which no second glance is taken.
    promising_at_a_glance, exponent_at_a_glance : float
        What `promising` is at a first look, and the exponent that makes such a confidence comparable: on annotated
        photos it was 0.43 and more for faces, whose confidence is 0.9 at full size, and 0.24 and less elsewhere.
    studied : int
        How many faces, from the largest, get more than a first look before one is chosen.
    looks, looks_per_face, few_looks : int
        At how many candidates of each copy the network looks, at how many at least after each face that it finds, and
        at how many once there is a large face.
    """

    enlargement: float = 1.6
    rise: float = 0.06
    box_enlargement: float = 1.45
    box_drop: float = 0.08
    rounds: int = 3
    settled: float = 0.04
    plausible: float = 0.66
    promising: float = 0.05
    doubtful: float = 0.75
    glance: float = 0.6
    sure_at_a_glance: float = 0.55
    promising_at_a_glance: float = 0.1
    exponent_at_a_glance: float = 0.4
    studied: int = 8
    looks: int = 24
    few_looks: int = 6
    looks_per_face: int = 12


@dataclass(frozen=True)
class FoundFace:
    """A face.

    Attributes
    ----------
    square : Square
        The settled square around it.
    confidence : float
        The network's.
    outside : float
        The share of its landmarks that lie outside the photo.
    studied : bool
        Whether it got more than a first look.
    """

    square: Square
    confidence: float
    outside: float = 0.0
    studied: bool = True


@dataclass(frozen=True)
class Localiser:
    """Finds faces with a network.

    Attributes
    ----------
    detector : FaceDetector
        What guesses where they are.
    predict : callable
        The network.
    predict_together : callable
        The network, of several crops at once and as quickly as the computer can.
    resolution : int
        Side of its input in pixels.
    landmarks : (68, 3)
        Landmarks of the mean neutral face in millimetres.
    parameters : LocalisationParameters
    stride : int
        The side of the network's input is a multiple of this.
    """

    detector: FaceDetector
    predict: Predict
    predict_together: Predict
    resolution: int
    landmarks: NDArray[np.float64]
    parameters: LocalisationParameters = LocalisationParameters()
    stride: int = 32

    def find_in_box(self, photo: Photo, box: FaceBox, tell: Tell = tell_nobody) -> FoundFace:
        """Return the face in the user's box, whatever its confidence and whichever way up it is.

        Raises
        ------
        FaceNotFoundError
            If the box cannot hold a face, or the network sees none in it.
        """
        check_box(box, photo)
        found = self._find_in_box(photo, box, 0.0, tell)
        if found is None or found.confidence < self.parameters.doubtful:
            turned = [self._find_in_box(photo, box, turn, tell) for turn in QUARTER_TURNS]
            others = [face for face in turned if face is not None and face.confidence >= self.parameters.plausible]
            # What is uncertain either way, such as half a face at the photo's edge, is more likely to be upright.
            found = max([*([found] if found else []), *others], key=lambda face: face.confidence, default=None)
        if found is None:
            raise FaceNotFoundError(NO_FACE)
        return found

    def _find_in_box(self, photo: Photo, box: FaceBox, turn: float, tell: Tell) -> FoundFace | None:
        start = self.square_around(box, turn)
        try:
            settled = self.settle(photo, start, tell)
        except FaceNotFoundError:
            return None
        inside = abs(settled.square.x - start.x) < box.width / 2 and abs(settled.square.y - start.y) < box.height / 2
        similar = 0.5 < settled.square.side / start.side < 2.0
        return settled if inside and similar else replace(settled, square=start)

    def square_around(self, box: FaceBox, turn: float = 0.0) -> Square:
        """The square for a detector's or a user's box."""
        side = max(box.width, box.height)
        square = Square(box.x + box.width / 2, box.y + box.height / 2, self.parameters.box_enlargement * side, turn)
        return _moved(square, 0.0, self.parameters.box_drop * side)

    def glance(self, photo: Photo, square: Square, tell: Tell) -> FoundFace | None:
        """The face in a square by a first look; None if there is nothing promising."""
        return self.glances([(photo, square)], tell)[0]

    def glances(self, places: Sequence[Place], tell: Tell) -> list[FoundFace | None]:
        """The faces in squares by a first look at all of them; None where there is nothing promising."""
        parameters = self.parameters
        faces = self._glances(places, tell)
        again = [
            number
            for number, face in enumerate(faces)
            if face is not None and parameters.promising <= face.confidence < parameters.sure_at_a_glance
        ]
        corrected = [(places[number][0], face.square) for number in again if (face := faces[number]) is not None]
        for number, face in zip(again, self._glances(corrected, tell), strict=True):
            faces[number] = face
        return [
            replace(face, confidence=face.confidence**parameters.exponent_at_a_glance, studied=False)
            if face is not None and face.confidence >= parameters.promising_at_a_glance
            else None
            for face in faces
        ]

    def _glances(self, places: Sequence[Place], tell: Tell) -> list[FoundFace | None]:
        """What is seen in squares, each corrected once; None where no face is."""
        if not places:
            return []
        tell(0.0)
        resolution = max(1, round(self.parameters.glance * self.resolution / self.stride)) * self.stride
        crops = np.stack([cut_square(photo, square, resolution).pixels for photo, square in places])
        faces: list[FoundFace | None] = []
        for (photo, square), views in zip(places, self.predict_together(crops), strict=True):
            try:
                faces.append(self._seen(views, photo, square)[0])
            except FaceNotFoundError:
                faces.append(None)
        return faces

    def settle(self, photo: Photo, square: Square, tell: Tell, rounds: int | None = None) -> FoundFace:
        """The face in a square, which is moved and sized until it fits.

        Raises
        ------
        FaceNotFoundError
            If the network sees none.
        """
        rounds = rounds or self.parameters.rounds
        face = FoundFace(square, 0.0)
        for number in range(rounds):
            tell(number / rounds)
            views = self.predict_together(cut_square(photo, face.square, self.resolution).pixels[None])[0]
            face, settled = self._seen(views, photo, face.square)
            if settled:
                break
        return face

    def _seen(self, views: NDArray[np.float32], photo: Photo, square: Square) -> tuple[FoundFace, bool]:
        """The face that the network's views of a square show, in a corrected square, and whether another correction
        would change nothing.

        Raises
        ------
        FaceNotFoundError
            If they show none.
        """
        most = most_confidence(views)
        if most < self.parameters.promising:
            return FoundFace(square, most), True
        maps, resolution = read_maps(views), views.shape[-1]
        if maps.confidence < self.parameters.promising:
            return FoundFace(square, maps.confidence), True
        pixels = maps.camera.project(maps.head_pose.apply(self.landmarks))
        outside = share_outside(_transformed(square.to_photo(resolution), pixels), photo.size)
        better = self._square_around_landmarks(pixels / resolution, square)
        if not 0.25 < better.side / square.side < 4.0:
            return FoundFace(square, maps.confidence, outside), True
        change = max(abs(better.x - square.x), abs(better.y - square.y), abs(better.side - square.side))
        return FoundFace(better, maps.confidence, outside), change < self.parameters.settled * square.side

    def _square_around_landmarks(self, points: NDArray[np.float64], square: Square) -> Square:
        """Square that landmarks (68, 2), in shares of a square's side, ask for."""
        lower, upper = points.min(axis=0), points.max(axis=0)
        side = float((upper - lower).max()) * self.parameters.enlargement * square.side
        right, down = ((lower + upper) / 2 - 0.5) * square.side
        moved = _moved(square, float(right), float(down) - self.parameters.rise * side)
        return replace(moved, side=side)


def no_face_in(photo: Photo) -> str:
    """What to say of a photo in which no face was found."""
    step = max(1, int((photo.pixels[..., 0].size / 1e6) ** 0.5))
    brightest = np.percentile(photo.pixels[::step, ::step].max(axis=2), 99)
    return TOO_DARK if brightest < DARKEST else NO_FACE


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


def _moved(square: Square, right: float, down: float) -> Square:
    """The square moved along its own axes, in photo pixels."""
    x, y = np.array([square.x, square.y]) + square.axes @ (right, down)
    return replace(square, x=float(x), y=float(y))


def _transformed(affine: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    return points @ affine[:, :2].T + affine[:, 2]
