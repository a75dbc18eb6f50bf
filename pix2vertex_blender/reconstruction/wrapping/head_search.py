"""Where the head of a scan is, whichever way the scan lies and whatever its unit is."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product

import numpy as np
from numpy.typing import NDArray

from ...errors import FaceNotFoundError
from ...exchange.camera import Camera
from ...exchange.maps import OPEN, FaceMaps
from ...exchange.progress import Pause
from ...geometry.mesh import normalise
from ...geometry.similarity import Similarity, fit_similarity_robustly
from ...template.canonical import to_millimetres
from ..network.maps import read_maps
from ..photo.face_search import SMALLEST_FACE
from ..photo.localisation import Localiser
from ..photo.photo import Photo, Square, cut_square
from .scan import Scan, clustered
from .viewing import Picture, Viewpoint, take_picture

#: The scan's radius in the pictures of the search, and from how far they are taken, in about millimetres.
RADIUS, DISTANCE = 150.0, 1100.0
#: Sides in pixels of the pictures of the search, and of those that are searched for small heads.
SMALL, LARGE = 320, 960
#: Cells along the scan's radius: as fine as what the network sees of the pictures, and as the large ones.
CELLS, FINE_CELLS = 80, 450
#: How many pictures the network looks at together.
AT_ONCE = 4
#: Degrees between the ways up that are tried where no axis of the scan points upwards.
ROLL_STEP = 60.0
#: Fewer pixels than this with a known place do not tell how a head is turned.
FEWEST_PIXELS = 300

NO_FACE = "No face was found in the scan: choose a scan that shows a face from the front, not only from behind."

#: A surface that lies farther than this from the mean face in the median (mm of the mean face) is no face.
LEAST_ALIKE = 7.0
#: The share of a standing person's height that shows the head and not much else.
HEAD_SHARE = 0.15
#: From how many pictures of the search the head is read with care.
MOST_CANDIDATES = 3
#: At how many places of each picture the network looks for small faces.
MOST_PLACES = 4

#: Where a camera is, and what is up for it.
_Direction = tuple[NDArray[np.float64], NDArray[np.float64]]
#: Confidence, picture and square of what may be a face.
_Glance = tuple[float, Picture, Square]

_AXES = [(0, 1, 0), (0, 0, 1), (0, -1, 0), (0, 0, -1), (1, 0, 0), (-1, 0, 0)]


@dataclass(frozen=True)
class FoundHead:
    """A head in a scan.

    Attributes
    ----------
    pose : Similarity
        From millimetres of the mean neutral face to the scan's coordinates.
    direction : (3,)
        Unit vector from the head to the camera that saw its face best, in the scan's axes.
    confidence : float
        The network's.
    inside_out : bool
        Whether the scan's triangles show their inner sides.
    """

    pose: Similarity
    direction: NDArray[np.float64]
    confidence: float
    inside_out: bool


def find_head(scan: Scan, localiser: Localiser, pause: Pause) -> FoundHead:
    """Look at a scan from all around until a face is seen.

    First from rings around the axes y and z, each taken for the one that points upwards, at the whole scan and, as for
    a standing body, at its top; where no face is seen, around the other axes, and at the ends of its principal ones, as
    for a body that lies or leans, then from directions all over the sphere, each turned; and at last for small faces.

    Parameters
    ----------
    scan : Scan
    localiser : Localiser
        Finds faces in pictures.
    pause : Pause

    Raises
    ------
    FaceNotFoundError
    """
    whole = _Subject.all_of(scan.with_vertex_colours())
    maybe: list[_Glance] = []
    for subject, group in _looks_all_around(whole):
        found = _glances(subject, group, localiser, pause)
        sure = [each for each in found if each[0] >= localiser.parameters.doubtful]
        maybe += [each for each in found if each[0] < localiser.parameters.doubtful]
        if (head := _first_head(sure, localiser)) is not None:
            return head
    surest = sorted(maybe, key=lambda each: -each[0])[:MOST_CANDIDATES]
    head = _first_head(surest, localiser) or _small_face(whole, localiser, pause)
    if head is None:
        raise FaceNotFoundError(NO_FACE)
    return head


@dataclass(frozen=True)
class _Subject:
    """What the pictures of the search show.

    Attributes
    ----------
    scan : Scan
        With vertex colours.
    coarse : Scan
        The part of it that is shown, as fine as the pictures.
    centre : (3,)
    radius : float
    """

    scan: Scan
    coarse: Scan
    centre: NDArray[np.float64]
    radius: float

    @classmethod
    def all_of(cls, scan: Scan) -> "_Subject":
        """A whole scan with vertex colours."""
        centre = (scan.vertices.min(axis=0) + scan.vertices.max(axis=0)) / 2
        radius = float(np.linalg.norm(scan.vertices - centre, axis=1).max())
        return cls(scan, clustered(scan, radius / CELLS), centre, radius)

    def finer(self) -> "_Subject":
        """The same for large pictures."""
        return replace(self, coarse=clustered(self.scan, self.radius / FINE_CELLS))

    def top(self, up: Sequence[float] | NDArray[np.float64]) -> "_Subject":
        """The highest part: the head, if the scan is that of a standing person."""
        heights = self.scan.vertices @ np.array(up, dtype=np.float64)
        high = heights > heights.max() - HEAD_SHARE * np.ptp(heights)
        part = self.scan.part(high)
        return _Subject.all_of(part) if len(part.triangles) else self

    def principal_axes(self) -> list[tuple[NDArray[np.float64], NDArray[np.float64]]]:
        """Both ways along each principal axis of the scan, and another of its axes."""
        points = self.coarse.vertices - self.coarse.vertices.mean(axis=0)
        axes = np.linalg.eigh(points.T @ points)[1].T[::-1]
        return [
            (sign * axis, other)
            for axis, other in zip(axes, np.roll(axes, -1, axis=0), strict=True)
            for sign in (1, -1)
        ]

    def viewpoint(self, direction: _Direction, side: int) -> Viewpoint:
        """The camera in a direction; its picture has so many pixels along each side."""
        rotation = camera_axes(*direction)
        scale = RADIUS / self.radius
        pose = Similarity(scale, rotation, -scale * rotation @ self.centre)
        return Viewpoint(pose, Camera(side / (2.1 * RADIUS), (side / 2, side / 2), 1 / DISTANCE), (side, side))


def _first_head(candidates: Sequence[_Glance], localiser: Localiser) -> FoundHead | None:
    """The head of the first candidate that proves to be a face; None if none does."""
    heads = (read_head(picture, square, localiser) for _confidence, picture, square in candidates)
    return next((head for head in heads if head is not None), None)


def read_head(picture: Picture, square: Square, localiser: Localiser) -> FoundHead | None:
    """How the head in a square of a picture lies in the scan; None if no face is seen in it, or a hollow one.

    A mask seen from behind looks like a face, but its nose is the farthest of it.
    """
    photo = Photo("scan", picture.pixels)
    try:
        settled = localiser.settle(photo, square, lambda _fraction: None, rounds=2)
        maps = read_maps(localiser.predict(cut_square(photo, settled.square, localiser.resolution).pixels))
    except FaceNotFoundError:
        return None
    if maps.confidence < localiser.parameters.plausible:
        return None
    pose = pose_of(picture, settled.square, maps)
    if pose is None:
        return None
    towards = picture.viewpoint.pose.rotation[2]
    return FoundHead(pose, towards, maps.confidence, picture.facing < 0.5)


def pose_of(picture: Picture, square: Square, maps: FaceMaps) -> Similarity | None:
    """From millimetres of the mean face to the scan's coordinates, by what the maps of a square say of its pixels.

    None if the scan has not the shape of a face there.
    """
    rows, columns = np.nonzero(maps.mask & (maps.opening < OPEN))
    to_picture = square.to_photo(len(maps.mask))
    pixels = (np.column_stack([columns, rows]) + 0.5) @ to_picture[:, :2].T + to_picture[:, 2]
    whole = np.clip(pixels.astype(np.int64), 0, np.array(picture.viewpoint.size) - 1)
    depth = picture.depth[whole[:, 1], whole[:, 0]]
    known = np.isfinite(depth)
    if known.sum() < FEWEST_PIXELS:
        return None
    points = picture.viewpoint.camera.unproject(pixels[known], depth[known])
    canonical = to_millimetres(maps.correspondence[rows, columns][known])
    to_camera, distances = fit_similarity_robustly(canonical, points)
    if np.median(distances) > LEAST_ALIKE * to_camera.scale:
        return None
    return picture.viewpoint.pose.inverse().after(to_camera)


def camera_axes(towards: NDArray[np.floating], up: NDArray[np.floating]) -> NDArray[np.float64]:
    """Rotation (3, 3) into the axes of a camera in the direction `towards`: x right, y up, z towards it."""
    z = normalise(np.asarray(towards, dtype=np.float64))
    x = normalise(np.cross(up, z))
    return np.stack([x, np.cross(z, x), z])


def _looks_all_around(whole: _Subject) -> Iterator[tuple[_Subject, list[_Direction]]]:
    """What is looked at from where, the likeliest first; see `find_head`."""
    for up in _AXES[:2]:
        yield whole, _ring(up)[:4]
        yield whole, _ring(up)[4:]
    for up in _AXES[:2]:
        yield whole.top(up), _ring(up)[:4]
    for up in _AXES[2:]:
        yield whole, _ring(up)[:4]
        yield whole, _ring(up)[4:]
    for axis, first in whole.principal_axes():
        yield whole.top(axis), _ring(axis, first)[:4]
    yield whole, list(_sphere())


def _ring(up: Sequence[float] | NDArray[np.float64], first: NDArray[np.float64] | None = None) -> list[_Direction]:
    """Directions around an axis of the scan that is taken for the upright one, from `first` on."""
    axis = np.array(up, dtype=np.float64)
    if first is None:
        first = np.roll(np.abs(axis), 1)
    # A face that looks along an axis is met by the first four.
    angles = np.radians([0, 90, 180, 270, 45, 135, 225, 315])
    return [(np.cos(angle) * first + np.sin(angle) * np.cross(axis, first), axis) for angle in angles]


def _sphere() -> Iterator[_Direction]:
    """Directions all over the sphere, each with several ways up."""
    corners = [np.array(signs, dtype=np.float64) for signs in product((1, -1), repeat=3)]
    for towards in [*(np.array(axis, dtype=np.float64) for axis in _AXES), *corners]:
        side = normalise(np.cross(towards, [0.31, 0.52, 0.79]))
        other = np.cross(normalise(towards), side)
        for roll in np.radians(np.arange(0, 360, ROLL_STEP)):
            yield towards, np.cos(roll) * side + np.sin(roll) * other


def _glances(subject: _Subject, directions: Iterable[_Direction], localiser: Localiser, pause: Pause) -> list[_Glance]:
    """What a first look from some directions sees, the surest first."""
    found, remaining = list[_Glance](), iter(directions)
    while group := list(islice(remaining, AT_ONCE)):
        pictures = []
        for direction in group:
            pause()
            pictures.append(take_picture(subject.coarse, subject.viewpoint(direction, SMALL)))
        whole = Square(SMALL / 2, SMALL / 2, SMALL)
        places = [(Photo("scan", picture.pixels), whole) for picture in pictures]
        faces = localiser.glances(places, lambda _fraction: pause())
        found += [
            (face.confidence, picture, face.square)
            for face, picture in zip(faces, pictures, strict=True)
            if face is not None
        ]
    return sorted(found, key=lambda each: -each[0])[:MOST_CANDIDATES]


def _small_face(subject: _Subject, localiser: Localiser, pause: Pause) -> FoundHead | None:
    """A face that is small beside the rest of the scan; of so many places only what is beyond doubt is one."""
    subject = subject.finer()
    for axis in _AXES[:2]:
        for direction in _ring(axis)[:4]:
            picture = take_picture(subject.coarse, subject.viewpoint(direction, LARGE))
            photo = Photo("scan", picture.pixels)
            likely = localiser.detector.find(picture.pixels, SMALLEST_FACE, LARGE / 2, pause)[:MOST_PLACES]
            places = [(photo, replace(each.square, turn=0.0)) for each in likely]
            for face in localiser.glances(places, lambda _fraction: pause()):
                if face is None or face.confidence < localiser.parameters.plausible:
                    continue
                head = read_head(picture, face.square, localiser)
                if head is not None and head.confidence >= localiser.parameters.doubtful:
                    return head
    return None
