"""Pictures with none, one or many rendered people, and where their faces are."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.random import Generator

from pix2vertex_blender.reconstruction.photo.localisation import LocalisationParameters
from pix2vertex_blender.reconstruction.photo.photo import Square

from ..arrays import Bytes, Floats
from ..data.composition import add_body, add_occluder, background
from ..data.photometry import degrade, develop
from ..data.samples import list_samples, read_sample

#: Pixels of the people as they are kept in memory.
KEPT = 160
#: Sides of the squares around faces, in pixels: most are of sizes that are to be found, others are larger or smaller.
SIDES, OTHER_SIDES = (27.0, 70.0), (14.0, 260.0)
OTHER_SHARE = 0.2
#: How many people a picture shows, and how much their squares may overlap.
MOST_PEOPLE = 6
MOST_OVERLAP = 0.12
#: Shares of pictures whose people stand upright, lean, or stand any way round.
UPRIGHT_SHARE, LEANING_SHARE = 0.55, 0.25
#: Of a face, what others may cover.
MOST_HIDDEN = 0.35
#: Of people shown without a face: hair, ears, clothes alone do not make one.
FACELESS_SHARE = 0.08
_LOCALISATION = LocalisationParameters()


@dataclass(frozen=True)
class Person:
    """A rendered person.

    Attributes
    ----------
    image : (KEPT, KEPT, 4) uint8
        Colour and straight alpha.
    mask : (KEPT, KEPT) uint8
        1 on the face.
    landmarks : (68, 2) float32
        Pixels, centres at integers + 0.5.
    roll : float
        Degrees, anticlockwise.
    visible : float
        How much of the landmarks' hull shows the face.
    """

    image: Bytes
    mask: Bytes
    landmarks: Floats
    roll: float
    visible: float


@dataclass(frozen=True)
class Scene:
    """A picture (S, S, 3) uint8 and the upright squares around its faces; of `doubtful` ones nothing is asked."""

    picture: Bytes
    squares: list[Square]
    doubtful: list[Square]


def read_people(folder: Path, count: int) -> list[Person]:
    """The first people of a folder of training samples."""
    return [_read_person(path) for path in list_samples(folder)[:count]]


def _read_person(path: Path) -> Person:
    sample = read_sample(path)
    size = len(sample.mask)
    alpha = sample.image[..., 3:].astype(np.float32) / 255
    premultiplied = np.concatenate([sample.image[..., :3] * alpha, 255 * alpha], 2)
    small = cv2.resize(premultiplied, (KEPT, KEPT), interpolation=cv2.INTER_AREA)
    mask = cv2.resize((sample.mask > 0).astype(np.uint8), (KEPT, KEPT), interpolation=cv2.INTER_NEAREST)
    hull = cv2.contourArea(cv2.convexHull(sample.landmarks.astype(np.float32)))
    visible = float(np.count_nonzero(sample.mask) / max(hull, 1.0))
    return Person(np.round(small).astype(np.uint8), mask, sample.landmarks * (KEPT / size), sample.roll, visible)


def draw_scene(people: Sequence[Person], size: int, generator: Generator, backgrounds: Bytes) -> Scene:
    """Put people before a background."""
    skin = generator.uniform(60, 230) * np.array([1.0, 0.8, 0.7])
    picture = background(size, skin, generator, backgrounds)
    placed: list[Square] = []
    squares: list[Square] = []
    doubtful: list[Square] = []
    looks: dict[Square, Floats] = {}
    for side in sorted(_sides(generator)):
        person = people[generator.integers(len(people))]
        square, matrix = _place(person, side, size, generator)
        if any(_overlap(square, other) > MOST_OVERLAP for other in placed):
            continue
        placed.append(square)
        faceless = generator.random() < FACELESS_SHARE
        picture = _paste(picture, person, matrix, faceless, generator, backgrounds)
        if not faceless:
            clear = SIDES[0] * 1.07 <= side <= SIDES[1] * 0.93 and person.visible > 0.45 and _inside(square, size)
            (squares if clear else doubtful).append(square)
            looks[square] = _inner(picture, square).copy()
    if generator.random() < 0.1:
        picture, _ = add_occluder(picture, skin, generator, backgrounds)
    hidden = [square for square in squares if _changed(looks[square], _inner(picture, square)) > MOST_HIDDEN]
    squares = [square for square in squares if square not in hidden]
    doubtful += hidden
    photograph = degrade if generator.random() < 0.5 else develop
    return Scene(photograph(picture, generator), squares, doubtful)


def _sides(generator: Generator) -> list[float]:
    """Sizes of the people of one picture."""
    count = int(generator.choice([0, 1, 1, 2, 3, MOST_PEOPLE]))
    sides = []
    for _ in range(count):
        lower, upper = OTHER_SIDES if generator.random() < OTHER_SHARE else SIDES
        sides.append(float(np.exp(generator.uniform(np.log(lower), np.log(upper)))))
    return sides


def _place(person: Person, side: float, size: int, generator: Generator) -> tuple[Square, Floats]:
    """The square of a face in the picture, and the map (2, 3) from the person's pixels to the picture's."""
    kind = generator.random()
    if kind < UPRIGHT_SHARE:
        angle = float(generator.normal(0, 6))
    elif kind < UPRIGHT_SHARE + LEANING_SHARE:
        angle = float(generator.uniform(-50, 50))
    else:
        angle = float(generator.uniform(-180, 180))
    mirrored = generator.random() < 0.5
    cosine, sine = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    linear = np.array([[cosine, -sine], [sine, cosine]]) @ np.diag([-1.0 if mirrored else 1.0, 1.0])
    turn = angle + (person.roll if mirrored else -person.roll)
    square = square_around(person.landmarks @ linear.T, turn)
    scale = side / square.side
    place = generator.uniform(-0.05 * size, 1.05 * size, 2)
    shift = place - scale * np.array([square.x, square.y])
    matrix = np.concatenate([scale * linear, shift[:, None]], 1)
    return Square(float(place[0]), float(place[1]), side, turn), matrix


def square_around(landmarks: Floats, turn: float) -> Square:
    """The square that the localiser settles on, whose up is turned clockwise by so many degrees."""
    axes = Square(0, 0, 1, turn).axes
    upright = landmarks @ axes
    lower, upper = upright.min(0), upright.max(0)
    side = _LOCALISATION.enlargement * float((upper - lower).max())
    x, y = axes @ ((lower + upper) / 2 - (0, _LOCALISATION.rise * side))
    return Square(float(x), float(y), side, (turn + 180) % 360 - 180)


def _paste(
    picture: Floats, person: Person, matrix: Floats, faceless: bool, generator: Generator, backgrounds: Bytes
) -> Floats:
    """Put a person, and a body below an upright one, into a picture."""
    size = len(picture)
    image = person.image.astype(np.float32)
    if faceless:
        skin = image[..., :3][person.mask > 0].mean(0) if person.mask.any() else np.full(3, 128.0)
        flat = skin * generator.uniform(0.7, 1.2) + generator.normal(0, generator.uniform(0, 25), (8, 8, 3))
        flat = cv2.resize(flat.astype(np.float32), (KEPT, KEPT), interpolation=cv2.INTER_CUBIC)
        hidden = cv2.GaussianBlur(person.mask.astype(np.float32), (0, 0), 2)[..., None]
        image[..., :3] += hidden * (flat * image[..., 3:] / 255 - image[..., :3])
    warped = _warp(image, matrix, size)
    alpha = warped[..., 3:] / 255
    upright = abs(np.degrees(np.arctan2(matrix[1, 1], matrix[0, 1])) - 90) < 30
    if upright and generator.random() < 0.7:
        mask = cv2.warpAffine(person.mask, matrix, (size, size), flags=cv2.INTER_NEAREST)
        if np.count_nonzero(mask) > 20:
            skin = warped[..., :3][mask > 0].mean(0)
            picture = add_body(picture, mask, skin, generator, backgrounds)
    return np.asarray(picture * (1 - alpha) + np.clip(warped[..., :3], 0, None), np.float32)


def _warp(image: Floats, matrix: Floats, size: int) -> Floats:
    """Resample without losing what lies between the new pixels' centres."""
    scale = float(np.hypot(*matrix[:, 0]))
    factor = max(1, int(1 / scale))
    if factor > 1:
        side = KEPT // factor
        image = cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA)
        matrix = np.concatenate([matrix[:, :2] * (KEPT / side), matrix[:, 2:]], 1)
    # Centres of pixels lie at integers + 0.5.
    shift = matrix[:, :2] @ (0.5, 0.5) + matrix[:, 2] - 0.5
    warped = cv2.warpAffine(image, np.concatenate([matrix[:, :2], shift[:, None]], 1), (size, size))
    return np.asarray(warped, np.float32)


def _inside(square: Square, size: int) -> bool:
    margin = 0.1 * square.side
    return margin < square.x < size - margin and margin < square.y < size - margin


def _inner(picture: Floats, square: Square) -> Floats:
    """The part of a picture where a square's face is."""
    half = 0.3 * square.side
    rows, columns = (slice(max(0, int(value - half)), max(1, int(value + half))) for value in (square.y, square.x))
    return picture[rows, columns]


def _changed(before: Floats, after: Floats) -> float:
    """The share of pixels that something else has covered."""
    return float((np.abs(before - after).max(2) > 2).mean()) if before.size else 1.0


def _overlap(one: Square, other: Square) -> float:
    """Over the smaller one: what two squares share, as if both were upright."""
    lower = np.maximum(
        [one.x - one.side / 2, one.y - one.side / 2], [other.x - other.side / 2, other.y - other.side / 2]
    )
    upper = np.minimum(
        [one.x + one.side / 2, one.y + one.side / 2], [other.x + other.side / 2, other.y + other.side / 2]
    )
    return float(np.maximum(upper - lower, 0).prod() / min(one.side, other.side) ** 2)
