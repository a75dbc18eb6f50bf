"""All faces of a photo: large ones first, then small ones, then whatever may be one."""

import hashlib
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import compress, islice

import numpy as np
from numpy.typing import NDArray

from ...errors import FaceNotFoundError
from ...template import load_template
from ...template.canonical import to_millimetres
from ..network.device import choose_device, quick_precision
from ..network.network import MapNetwork, load_network, predict_views, predict_views_together
from .background import Tell, tell_nobody
from .boxes import FaceBox, overlap, square_box
from .face_detector import Candidate, load_face_detector
from .localisation import QUARTER_TURNS, FoundFace, LocalisationParameters, Localiser
from .photo import Photo, Square, reduced

#: Pixels of the copies that are searched: an overview in which faces of the usual sizes are found, and the largest in
#: which small ones are.
OVERVIEW, CLOSEST = 640_000.0, 12_000_000.0
#: The square around the smallest face, in pixels of a copy, and around the largest of the small ones, which a coarser
#: copy shows as well.
SMALLEST_FACE, LARGEST_SMALL_FACE = 33.0, 80.0
#: Over the shorter side: a square after which small faces hardly count.
LARGE = 0.3
#: The detector's score from which it does not doubt a face.
LIKELY = 0.4
#: How many places get another look, turned.
LOOKED_AT_AGAIN = 6
#: At how many places the network looks at once, between two looks for Esc.
AT_ONCE = 4
#: A face that leans by fewer degrees is read in a square that does not.
_LEANING = 35.0
#: Sides of the squares that are tried where the detector finds nothing, over the shorter side, and how many of each in
#: a row.
BLIND_SIDES, MOST_BLIND = (1.0, 0.6, 0.4), 6
_STEP = 0.96
#: Bytes of a photo between two looks for Esc.
_HASHED_AT_ONCE = 1 << 26

#: The network, the photo's digest and the faces of the last search.
_last_search: tuple[MapNetwork, bytes, list[FoundFace]] | None = None


@dataclass(frozen=True)
class FaceInPhoto:
    """A face that was found.

    Attributes
    ----------
    box : FaceBox
        In photo pixels.
    confidence : float
        The network's.
    outside : float
        The share of its landmarks that lie outside the photo.
    """

    box: FaceBox
    confidence: float
    outside: float


def search_faces(photo: Photo, device: str = "auto", tell: Tell = tell_nobody) -> list[FaceInPhoto]:
    """All plausible faces, as `Options.face` counts them: those of which the photo shows most first; there may be none.

    Raises
    ------
    DeviceError, DataFileError
        If the device or the weights cannot be used.
    """
    network = load_network(device=choose_device(device))
    parameters = localiser_of(network).parameters
    faces = faces_of(network, photo, tell)
    return [FaceInPhoto(box_of(face.square, parameters), face.confidence, face.outside) for face in faces]


def faces_of(network: MapNetwork, photo: Photo, tell: Tell = tell_nobody) -> list[FoundFace]:
    """What `find_faces` finds with a network; of the photo that was searched last, what it has found.

    The artist sees the faces before one of them is reconstructed.
    """
    global _last_search
    digest = _digest(photo, tell)
    if _last_search is None or _last_search[0] is not network or _last_search[1] != digest:
        _last_search = (network, digest, find_faces(localiser_of(network), photo, tell))
    return list(_last_search[2])


def _digest(photo: Photo, tell: Tell) -> bytes:
    """What tells a photo's pixels from those of any other."""
    digest = hashlib.blake2b(repr(photo.pixels.shape).encode())
    rows = max(1, _HASHED_AT_ONCE // max(1, photo.pixels[:1].nbytes))
    for top in range(0, len(photo.pixels), rows):
        tell(0.0)
        digest.update(np.ascontiguousarray(photo.pixels[top : top + rows]).data)
    return digest.digest()


def localiser_of(network: MapNetwork) -> Localiser:
    """What finds faces with a network."""
    template, device = load_template(), next(network.parameters()).device
    return Localiser(
        detector=load_face_detector(device),
        predict=partial(predict_views, network),
        predict_together=partial(predict_views_together, network, precision=quick_precision(device)),
        resolution=network.configuration.resolution,
        landmarks=to_millimetres(template.canonical[template.landmarks_68]),
        stride=network.stride,
    )


def box_of(square: Square, parameters: LocalisationParameters) -> FaceBox:
    """The square box, as a user would draw it, around which the localiser would place this square."""
    side = square.side / parameters.box_enlargement
    x, y = np.array([square.x, square.y]) - square.axes @ (0.0, parameters.box_drop * side)
    return FaceBox(float(x) - side / 2, float(y) - side / 2, side, side)


def find_faces(localiser: Localiser, photo: Photo, tell: Tell = tell_nobody) -> list[FoundFace]:
    """All plausible faces of a photo, those of which it shows most first.

    Where none is sure, what may be faces may also lie on their side or stand on their head; where none is found,
    squares all over the photo are tried, whichever way up it is.

    Parameters
    ----------
    localiser : Localiser
    photo : Photo
    tell : callable
        Is told how much is done, several times a second; what it raises ends the search.
    """
    search = _Search(localiser, photo, _Steps(tell))
    search.look_if_unsure(search.look(search.overview, SMALLEST_FACE, 1.5 * max(search.overview.pixels.shape[:2])))
    if not search.has_large_face:
        # Doubtful places wait for all copies: what a coarse one doubts tells nothing of a crowd that a finer one shows.
        doubted = [search.look(view, SMALLEST_FACE, LARGEST_SMALL_FACE) for view in search.closer_views()]
        for squares in doubted:
            search.look_if_unsure(squares)
    if not search.is_sure:
        search.look_again(QUARTER_TURNS)
    # A neck that passes for a face at a glance does not on a closer look, and then nothing was found.
    if search.faces and (faces := search.studied_faces()):
        return faces
    search.look_at_squares(0.0, BLIND_SIDES)
    if not search.faces:
        for turn in QUARTER_TURNS:
            search.look_at_squares(turn, BLIND_SIDES[:1])
    return search.studied_faces()


@dataclass
class _Steps:
    """Tells of a search of which nobody knows how long it takes: each step is a share of what may be left."""

    tell: Tell
    left: float = 1.0

    def __call__(self, _fraction: float) -> None:
        self.left *= _STEP
        self.tell(1.0 - self.left)


@dataclass(frozen=True)
class _Copy:
    """A reduced copy of a photo.

    Attributes
    ----------
    pixels : (h, w, 3) uint8
    scale : float
        Pixels of the copy along one of the photo's.
    """

    pixels: NDArray[np.uint8]
    scale: float


@dataclass
class _Search:
    """The faces of one photo that are found so far."""

    localiser: Localiser
    photo: Photo
    tell: Tell
    faces: list[FoundFace] = field(default_factory=list)
    maybe: list[FoundFace] = field(default_factory=list)
    likely: list[Square] = field(default_factory=list)

    def __post_init__(self) -> None:
        small, scale = reduced(self.photo, OVERVIEW)
        self.overview = _Copy(small.pixels, scale)

    @property
    def is_sure(self) -> bool:
        """Whether there is a face that is beyond doubt."""
        return any(face.confidence >= self.localiser.parameters.doubtful for face in self.faces)

    @property
    def has_large_face(self) -> bool:
        """Whether the photo is a portrait of somebody."""
        least = LARGE * min(self.photo.size)
        doubtful = self.localiser.parameters.doubtful
        return any(face.confidence >= doubtful and face.square.side >= least for face in self.faces)

    def closer_views(self) -> Iterator[_Copy]:
        """Larger copies of the photo, as few as miss no size: the small faces of one are the large ones of the next."""
        pixels = min(float(self.photo.size[0] * self.photo.size[1]), CLOSEST)
        larger = math.log(max(1.0, pixels / OVERVIEW)) / 2
        count = math.ceil(larger / math.log(LARGEST_SMALL_FACE / SMALLEST_FACE))
        for number in range(1, count + 1):
            self.tell(0.0)
            small, scale = reduced(self.photo, pixels * (OVERVIEW / pixels) ** (1 - number / count))
            yield _Copy(small.pixels, scale)

    def look(self, view: _Copy, smallest: float, largest: float) -> list[Square]:
        """Look at what the detector finds in a copy, and return the squares that it doubts."""
        found = self.localiser.detector.find(view.pixels, smallest, largest, lambda: self.tell(0.0))
        found.sort(key=lambda each: -each.score * each.square.side**0.5)
        squares = [_scaled(_as_read(each), 1 / view.scale) for each in found]
        self.likely = self.likely or squares[:LOOKED_AT_AGAIN]
        likely = [each.score >= LIKELY for each in found]
        self._glance(list(compress(squares, likely)), None)
        return [square for square, is_likely in zip(squares, likely, strict=True) if not is_likely]

    def look_if_unsure(self, squares: Sequence[Square]) -> None:
        """Look at what the detector doubts, where nothing is sure."""
        if not self.is_sure:
            self._glance(squares, None)

    def look_again(self, turns: Sequence[float]) -> None:
        """Look at the likeliest places of the overview the other ways round: the detector knows places better."""
        for turn in turns:
            squares = [replace(square, turn=90.0 * round(square.turn / 90) + turn) for square in self.likely]
            self._glance(squares, len(squares))

    def look_at_squares(self, turn: float, sides: Sequence[float]) -> None:
        """Look at squares all over the photo, the largest first."""
        squares = [square for share in sides for square in _squares(self.overview.pixels.shape, share, turn)]
        self._glance([_scaled(square, 1 / self.overview.scale) for square in squares], len(squares))

    def _glance(self, squares: Sequence[Square], looks: int | None) -> None:
        """Take a first look at squares, as long as there are enough faces among them."""
        parameters = self.localiser.parameters
        left = parameters.looks if looks is None else looks
        waiting = iter(squares)
        while left > 0 and (chosen := list(islice(filter(self._is_open, waiting), min(left, AT_ONCE)))):
            left -= len(chosen)
            had_large_face = self.has_large_face
            for face in self._first_looks(chosen):
                if face is None:
                    continue
                if face.confidence < parameters.plausible:
                    self.maybe.append(face)
                elif self._add(face) and looks is None:
                    left = max(left, parameters.looks_per_face)
            if self.has_large_face and not had_large_face:
                # The first of them is likely to be it, and the others are looks already.
                left = min(left, parameters.few_looks + 1 - len(chosen))

    def _is_open(self, square: Square) -> bool:
        """Whether there is no face yet in a place."""
        doubtful = self.localiser.parameters.doubtful
        return not any(_same_place(square, face.square) and face.confidence >= doubtful for face in self.faces)

    def _first_looks(self, squares: Sequence[Square]) -> list[FoundFace | None]:
        """Look at squares, each in the copy that is large enough."""
        scale, overview = self.overview.scale, Photo(self.photo.name, self.overview.pixels)
        reductions = [1.0 if square.side * scale < self.localiser.resolution else scale for square in squares]
        places = [
            (self.photo if reduction == 1.0 else overview, _scaled(square, reduction))
            for square, reduction in zip(squares, reductions, strict=True)
        ]
        return [
            None if face is None else replace(face, square=_scaled(face.square, 1 / reduction))
            for face, reduction in zip(self.localiser.glances(places, self.tell), reductions, strict=True)
        ]

    def _add(self, face: FoundFace) -> bool:
        """Keep a face, unless a surer one is in its place; whether it is a new one."""
        others = [other for other in self.faces if _same_place(face.square, other.square)]
        if any(other.confidence >= face.confidence for other in others):
            return False
        self.faces = [other for other in self.faces if other not in others] + [face]
        return not others

    def studied_faces(self) -> list[FoundFace]:
        """The faces, those of which the photo shows most first.

        A closer look is taken of the first, of doubtful ones, and of what may be one if there is none.

        A face lying on its side may be taken for a smaller upright one: the surest of one place stays.
        """
        parameters = self.localiser.parameters
        surest = sorted(self.maybe, key=lambda face: -face.confidence)
        by_size = sorted(self.faces or surest[: parameters.studied // 2], key=self._minus_shown)
        # The first one is most likely to be chosen; a chosen one of the others is settled later.
        first, others = by_size[:1], by_size[1:]
        doubtful = [face for face in others if face.confidence < parameters.doubtful][: parameters.studied]
        studied = [self._second_look(face, parameters.rounds) for face in first]
        studied += [self._second_look(face, 1) for face in doubtful]
        faces = [face for face in studied if face is not None] + [face for face in others if face not in doubtful]
        self.faces = []
        for face in sorted(faces, key=lambda face: -face.confidence):
            self._add(face)
        return sorted(self.faces, key=self._minus_shown)

    def _minus_shown(self, face: FoundFace) -> float:
        """How many pixels of a face's square the photo shows: half a face at its edge is not the one that is meant."""
        corner = np.maximum(square_box(face.square)[:2], 0)
        opposite = np.minimum(square_box(face.square)[:2] + face.square.side, self.photo.size)
        return -float(np.maximum(opposite - corner, 0).prod())

    def _second_look(self, face: FoundFace, rounds: int) -> FoundFace | None:
        try:
            found = self.localiser.settle(self.photo, face.square, self.tell, rounds=rounds)
        except FaceNotFoundError:
            return None
        if found.confidence < self.localiser.parameters.plausible:
            return None
        return replace(found, studied=rounds > 1)


def _as_read(candidate: Candidate) -> Square:
    """The square in which the network reads a candidate."""
    square = candidate.square
    quarter = 90.0 * round(square.turn / 90)
    return replace(square, turn=quarter % 360) if abs(square.turn - quarter) < _LEANING else square


def _same_place(one: Square, other: Square) -> bool:
    return overlap(square_box(one), square_box(other)) > 0.3


def _scaled(square: Square, scale: float) -> Square:
    return replace(square, x=square.x * scale, y=square.y * scale, side=square.side * scale)


def _squares(shape: Sequence[int], share: float, turn: float) -> Iterator[Square]:
    """Squares of one size that overlap by half, or lie farther apart where there would be too many; none where they
    would leave most of the picture out.
    """
    height, width = shape[:2]
    side = share * min(height, width)
    columns, rows = (max(1, min(round(2 * length / side) - 1, MOST_BLIND)) for length in (width, height))
    if columns * rows > 2 * MOST_BLIND:
        columns, rows = (max(1, round(n * (2 * MOST_BLIND / (columns * rows)) ** 0.5)) for n in (columns, rows))
    if columns * rows * side**2 < 0.5 * height * width:
        return
    for y in (np.arange(rows) + 0.5) * height / rows:
        for x in (np.arange(columns) + 0.5) * width / columns:
            yield Square(float(x), float(y), float(side), turn)
