"""What is behind, below and in front of a rendered face. Colours are float sRGB in 0 ... 255, pictures (R, R, 3)."""

import cv2
import numpy as np
from numpy.random import Generator

from ..arrays import Bytes, Floats

#: Of the things in front: fingers, and of the others those of the skin's colour, which are hardest to tell from a face.
FINGERS_SHARE, SKIN_SHARE = 0.4, 0.4
#: Of what has the skin's colour: as even as skin is.
EVEN_SHARE = 0.5


def background(resolution: int, face_colour: Floats, generator: Generator, backgrounds: Bytes) -> Floats:
    """Draw a background, one in ten in the colour of the face."""
    picture = _piece(resolution, generator, backgrounds)
    kind = generator.random()
    if kind < 0.14:
        grey = generator.uniform(0, 40) if kind < 0.08 else generator.uniform(180, 255)
        return np.full(picture.shape, grey, np.float32)
    if kind < 0.38:
        return _tinted(picture, np.full(3, generator.uniform(20, 220)), generator.uniform(0.1, 0.6))
    if kind < 0.48:
        return _tinted(picture, face_colour * generator.uniform(0.6, 1.3), generator.uniform(0.1, 0.6))
    return picture


def add_person(picture: Floats, person: Bytes, generator: Generator) -> Floats:
    """Put another rendered head to one side."""
    resolution = len(picture)
    scale = generator.uniform(0.6, 1.1) * resolution / len(person)
    beside = generator.choice([-1, 1]) * generator.uniform(0.45, 0.9) * resolution
    place = resolution / 2 + np.array([beside, generator.uniform(-0.3, 0.4) * resolution])
    matrix = np.concatenate([scale * np.eye(2), (place - scale * len(person) / 2)[:, None]], 1)
    warped = cv2.warpAffine(person, matrix, (resolution, resolution)).astype(np.float32)
    alpha = warped[..., 3:] / 255
    behind: Floats = picture * (1 - alpha)
    return behind + warped[..., :3] * alpha


def add_body(picture: Floats, mask: Bytes, face_colour: Floats, generator: Generator, backgrounds: Bytes) -> Floats:
    """Put neck and shoulders in cloth, or bare ones, below the face."""
    resolution = len(picture)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    middle = (columns[0] + columns[-1]) / 2
    width, height = columns[-1] - columns[0] + 10, rows[-1] - rows[0]
    top = rows[-1] + generator.uniform(0.05, 0.45) * height
    shoulders = top + generator.uniform(0.2, 0.4, 2) * height
    outer, inner = generator.uniform(1, 2, 2) * width, generator.uniform(0.9, 1.5, 2) * width
    outline = np.array(
        [
            [middle - outer[0], resolution + 5],
            [middle - inner[0], shoulders[0]],
            [middle - 0.45 * width, top],
            [middle + 0.45 * width, top],
            [middle + inner[1], shoulders[1]],
            [middle + outer[1], resolution + 5],
        ]
    )
    cover = np.zeros((resolution, resolution), np.float32)
    cv2.fillPoly(cover, [outline.astype(np.int32)], (1.0,), cv2.LINE_AA)
    bare = generator.random() < 0.15
    colour = face_colour * generator.uniform(0.7, 1.1) if bare else generator.uniform(0, 255, 3)
    cloth = _tinted(_piece(resolution, generator, backgrounds), colour, generator.uniform(0, 0.15 if bare else 0.6))
    return _over(picture, cloth, cover)


def add_occluder(
    picture: Floats, face_colour: Floats, generator: Generator, backgrounds: Bytes
) -> tuple[Floats, Floats]:
    """Put something flat in front; returns the picture and how much of each pixel it covers, (R, R)."""
    resolution = len(picture)
    cover = np.zeros((resolution, resolution), np.float32)
    place = generator.uniform(0, resolution, 2)
    is_hand = generator.random() < FINGERS_SHARE
    draw = _draw_fingers if is_hand else (_draw_ellipse, _draw_bar)[generator.integers(2)]
    draw(cover, place, generator)
    if is_hand or generator.random() < SKIN_SHARE:
        colour = face_colour * generator.uniform(0.7, 1.2)
        contrast = generator.uniform(0, 0.1 if generator.random() < EVEN_SHARE else 0.7)
    else:
        colour, contrast = generator.uniform(0, 255, 3), generator.uniform(0, 0.7)
    material = _tinted(_piece(resolution, generator, backgrounds), colour, contrast)
    return _over(picture, material, cover), cover


def _draw_ellipse(cover: Floats, place: Floats, generator: Generator) -> None:
    axes = (generator.uniform([0.05, 0.05], [0.3, 0.2]) * len(cover)).astype(int)
    centre = (int(place[0]), int(place[1]))
    cv2.ellipse(cover, centre, (int(axes[0]), int(axes[1])), generator.uniform(0, 180), 0, 360, (1.0,), -1, cv2.LINE_AA)


def _draw_bar(cover: Floats, place: Floats, generator: Generator) -> None:
    sides = generator.uniform([0.1, 0.05], [0.7, 0.3]) * len(cover)
    corners = cv2.boxPoints((place.tolist(), sides.tolist(), generator.uniform(0, 180)))
    cv2.fillPoly(cover, [corners.astype(np.int32)], (1.0,), cv2.LINE_AA)


def _draw_fingers(cover: Floats, tip: Floats, generator: Generator) -> None:
    """One to four bent lines side by side from a border of the picture."""
    resolution = len(cover)
    if generator.random() < 0.7:
        start = np.array([generator.uniform(0, resolution), 1.1 * resolution])
    else:
        start = np.array([generator.choice([-0.1, 1.1]) * resolution, generator.uniform(0, resolution)])
    width = max(2, int(generator.uniform(0.04, 0.09) * resolution))
    along = tip - start
    beside = np.array([-along[1], along[0]]) / (np.linalg.norm(along) + 1e-6) * width * 1.1
    for i in range(int(generator.integers(1, 5))):
        end = tip + i * beside + generator.normal(0, 0.03 * resolution, 2)
        bend = 0.6 * tip + 0.4 * start + i * beside
        finger = np.array([end, bend, start + i * beside]).astype(np.int32)
        cv2.polylines(cover, [finger], False, (1.0,), width, cv2.LINE_AA)


def _piece(resolution: int, generator: Generator, backgrounds: Bytes) -> Floats:
    """A random square of a random background."""
    whole = backgrounds[generator.integers(len(backgrounds))]
    side = max(2, int(len(whole) * generator.uniform(0.25, 1.0)))
    row, column = generator.integers(0, len(whole) - side + 1, 2)
    piece = cv2.resize(np.asarray(whole[row : row + side, column : column + side]), (resolution, resolution))
    if generator.random() < 0.5:
        piece = piece[:, ::-1]
    return piece.astype(np.float32)


def _tinted(picture: Floats, colour: Floats, contrast: float) -> Floats:
    """The picture's variation, times `contrast`, around a colour."""
    shifted: Floats = (picture - picture.mean((0, 1))) * np.float32(contrast) + colour.astype(np.float32)
    return np.clip(shifted, 0, 255)


def _over(picture: Floats, above: Floats, cover: Floats) -> Floats:
    return picture + cover[..., None] * (above - picture)
