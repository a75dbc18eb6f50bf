"""A rendered sample becomes a photograph: cropped, mirrored, before something, behind something, by some camera."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pix2vertex_blender.reconstruction.photo.localisation import LocalisationParameters

from ..arrays import Bytes, Floats
from ..compilation import kernel
from ..template.landmarks import MIRROR
from .composition import add_body, add_occluder, add_person, background
from .photometry import degrade, develop
from .samples import Sample

# How the product cuts a found face.
LOCALISATION = LocalisationParameters()
# Beyond these a sample has too few pixels, or too much that was never rendered.
SETTLED_ZOOM = (0.85, 2.2)
# Pixels whose depths differ by more than this, in half crops, belong to different parts of the face.
SAME_PART = 0.05


@dataclass(frozen=True)
class AugmentationParameters:
    """Probabilities, and ranges of the crop.

    Attributes
    ----------
    mirror_share : float
        Of samples that are mirrored left to right.
    turn_share, turn_deviation : float
        Of samples that are turned in the image plane, and the standard deviation in degrees.
    zoom : (float, float)
        The crop's enlargement.
    shift : float
        Standard deviation of the crop's place in parts of its width.
    settled_share : float
        Of samples cut as the product cuts a face that it has found, so that most of what is learnt is of use there.
    settled_zoom_deviation, settled_shift_deviation : float
        Of the logarithm of such a crop's size, and of its place in parts of its width.
    upright_share : float
        Of all samples cut as the second pass cuts them: turned upright, the face filling the square.
    upright_margin : float
        How much larger such a square is than the face.
    upright_zoom_deviation, upright_shift_deviation, upright_turn_deviation : float
        Standard deviations of the logarithm of such a square's size, of its place in parts of its width, and of the
        roll that is left, in degrees: how the first pass errs.
    degraded_share : float
        Of samples that are more than an ordinary good photo.
    person_share, body_share, occluder_share : float
        Of samples with another person behind, with a body below, with something in front.
    """

    mirror_share: float = 0.5
    turn_share: float = 0.5
    turn_deviation: float = 7.0
    zoom: tuple[float, float] = (0.97, 1.25)
    shift: float = 0.03
    settled_share: float = 0.65
    settled_zoom_deviation: float = 0.06
    settled_shift_deviation: float = 0.025
    upright_share: float = 0.0
    upright_margin: float = 0.06
    upright_zoom_deviation: float = 0.04
    upright_shift_deviation: float = 0.015
    upright_turn_deviation: float = 3.0
    degraded_share: float = 0.5
    person_share: float = 0.25
    body_share: float = 0.6
    occluder_share: float = 0.15


#: What the first network, which has to find the face, is trained on, and the second, which reads what the first found.
ORDINARY = AugmentationParameters()
UPRIGHT = AugmentationParameters(upright_share=1.0, degraded_share=0.35)
#: What `--crop` names.
CROPS = {"ordinary": ORDINARY, "upright": UPRIGHT}


class Augmented(NamedTuple):
    """A training pair on an R x R grid.

    Attributes
    ----------
    image : (R, R, 3) uint8
        RGB.
    mask : (R, R) uint8
    correspondence, geometry : (3, R, R) float32
        As in `Sample`, for the new crop.
    pose : (3,) float32
        Yaw, pitch and roll in degrees.
    landmarks : (68, 2) float32
        Pixels of the new grid, centres at integers + 0.5; also of hidden points.
    """

    image: Bytes
    mask: Bytes
    correspondence: Floats
    geometry: Floats
    pose: Floats
    landmarks: Floats


class Crop(NamedTuple):
    """A similarity of the image: mirrored first, then turned by `angle` degrees anticlockwise, enlarged and shifted."""

    mirrored: bool
    angle: float
    zoom: float
    shift: tuple[float, float]

    def source(self, size: int, resolution: int) -> Floats:
        """Matrix (2, 3) from pixel positions of the new grid to those of the sample, centres at integers + 0.5."""
        scale = size / resolution / self.zoom
        cosine, sine = scale * np.cos(np.radians(self.angle)), scale * np.sin(np.radians(self.angle))
        linear = np.array([[cosine, -sine], [sine, cosine]])
        if self.mirrored:
            linear[0] *= -1
        middle = resolution * (0.5 + np.array(self.shift))
        return np.concatenate([linear, (size / 2 - linear @ middle)[:, None]], 1)


def augment(
    sample: Sample,
    resolution: int,
    generator: Generator,
    backgrounds: Bytes,
    distractors: Sequence[Bytes] = (),
    parameters: AugmentationParameters | None = None,
) -> Augmented:
    """Make a photograph and its labels of a sample.

    Parameters
    ----------
    sample : Sample
    resolution : int
        Pixels of the new grid's side.
    generator : Generator
        All that is random comes from it.
    backgrounds : (n, H, H, 3) uint8
    distractors : sequence of (S, S, 4) uint8
        Images of other samples, for people in the background.
    parameters : AugmentationParameters, optional
    """
    parameters = AugmentationParameters() if parameters is None else parameters
    crop = draw_crop(sample, generator, parameters)
    matrix = crop.source(len(sample.mask), resolution)
    mask, correspondence, geometry = resample_labels(
        sample.mask, sample.correspondence, sample.geometry, matrix, resolution
    )
    pose = crop_labels(crop, correspondence, geometry, (sample.yaw, sample.pitch, sample.roll))
    image, covered = photograph(sample.image, mask, matrix, generator, backgrounds, distractors, parameters)
    mask[covered] = 0
    correspondence[:, mask == 0] = 0
    geometry[:, mask == 0] = 0
    landmarks = crop_landmarks(sample.landmarks, crop.mirrored, matrix)
    return Augmented(image, mask, correspondence, geometry, pose, landmarks)


def draw_crop(sample: Sample, generator: Generator, parameters: AugmentationParameters) -> Crop:
    """Draw a crop of a sample: any, as the product cuts a face it has found, or as its second pass does."""
    crop = sample_crop(generator, parameters)
    if generator.random() < parameters.settled_share:
        crop = settled_crop(crop, sample, generator, parameters)
    if parameters.upright_share and generator.random() < parameters.upright_share:
        crop = upright_crop(crop, sample, generator, parameters)
    return crop


def photograph(
    image: Bytes,
    mask: Bytes,
    matrix: Floats,
    generator: Generator,
    backgrounds: Bytes,
    distractors: Sequence[Bytes],
    parameters: AugmentationParameters,
) -> tuple[Bytes, NDArray[np.bool_]]:
    """A rendered image before something, behind something, by some camera.

    Parameters
    ----------
    image : (S, S, 4) uint8
    mask : (R, R) uint8
        The face on the new grid.
    matrix : (2, 3)
        Of `Crop.source`.

    Returns
    -------
    picture : (R, R, 3) uint8
    covered : (R, R) bool
        Where something is in front.
    """
    resolution = len(mask)
    colour, alpha = resample_image(image, matrix, resolution)
    face_colour = colour[mask > 0].mean(0) if mask.any() else np.full(3, 128.0)
    picture = background(resolution, face_colour, generator, backgrounds)
    if len(distractors) and generator.random() < parameters.person_share:
        picture = add_person(picture, distractors[generator.integers(len(distractors))], generator)
    if mask.any() and generator.random() < parameters.body_share:
        picture = add_body(picture, mask, face_colour, generator, backgrounds)
    picture = picture * (1 - alpha) + colour
    covered = np.zeros(mask.shape, bool)
    if generator.random() < parameters.occluder_share:
        picture, cover = add_occluder(picture, face_colour, generator, backgrounds)
        covered = cover > 0.5
    take = degrade if generator.random() < parameters.degraded_share else develop
    return take(picture, generator), covered


def sample_crop(generator: Generator, parameters: AugmentationParameters) -> Crop:
    """Draw a crop."""
    turned = generator.random() < parameters.turn_share
    return Crop(
        mirrored=bool(generator.random() < parameters.mirror_share),
        angle=float(np.clip(parameters.turn_deviation * generator.standard_normal(), -25, 25)) if turned else 0.0,
        zoom=float(generator.uniform(*parameters.zoom)),
        shift=(float(generator.normal(0, parameters.shift)), float(generator.normal(0, parameters.shift))),
    )


def settled_crop(crop: Crop, sample: Sample, generator: Generator, parameters: AugmentationParameters) -> Crop:
    """`crop`, moved and sized around the sample's landmarks as the product does it when it has found a face."""
    size = len(sample.mask)
    lower, upper = sample.landmarks.min(0), sample.landmarks.max(0)
    side = LOCALISATION.enlargement * float((upper - lower).max())
    zoom = size / side * float(np.exp(parameters.settled_zoom_deviation * generator.standard_normal()))
    zoom = float(np.clip(zoom, *SETTLED_ZOOM))
    place = (lower + upper) / 2 - (0, LOCALISATION.rise * side)
    place = place + size / zoom * parameters.settled_shift_deviation * generator.standard_normal(2)
    centred = crop._replace(zoom=zoom, shift=(0.0, 0.0))
    offset = np.linalg.solve(centred.source(size, size)[:, :2], place - size / 2) / size
    return centred._replace(shift=(-float(offset[0]), -float(offset[1])))


def upright_crop(crop: Crop, sample: Sample, generator: Generator, parameters: AugmentationParameters) -> Crop:
    """`crop`, turned upright and filled by the face, about as well as a first pass over the photo knows how.

    The face is all that the mask shows, and the landmarks, so that what hides most of a face does not enlarge the rest.
    """
    size = len(sample.mask)
    roll = -sample.roll if crop.mirrored else sample.roll
    turned = crop._replace(
        angle=parameters.upright_turn_deviation * float(generator.standard_normal()) - roll, zoom=1.0, shift=(0.0, 0.0)
    )
    rows, columns = np.nonzero(sample.mask)
    seen = np.concatenate([np.column_stack([columns, rows]) + 0.5, sample.landmarks])
    to_sample = turned.source(size, size)
    places = np.linalg.solve(to_sample[:, :2], (seen - to_sample[:, 2]).T).T
    lower, upper = places.min(0), places.max(0)
    side = (1 + parameters.upright_margin) * float((upper - lower).max())
    zoom = size / side * float(np.exp(parameters.upright_zoom_deviation * generator.standard_normal()))
    shift = parameters.upright_shift_deviation * generator.standard_normal(2)
    shift -= zoom * ((lower + upper) / 2 / size - 0.5)
    return turned._replace(zoom=zoom, shift=(float(shift[0]), float(shift[1])))


def crop_labels(crop: Crop, correspondence: Floats, geometry: Floats, pose: tuple[float, float, float]) -> Floats:
    """Make maps (3, R, R) that were resampled with a crop those of the new camera, in place, and return the new pose.

    A turn about the camera's axis adds to the roll and turns x and y; a mirror image negates x, yaw and roll.
    """
    yaw, pitch, roll = pose
    if crop.mirrored:
        yaw, roll = -yaw, -roll
        correspondence[0] *= -1
        geometry[0] *= -1
    cosine, sine = np.float32(np.cos(np.radians(crop.angle))), np.float32(np.sin(np.radians(crop.angle)))
    x, y = geometry[0].copy(), geometry[1].copy()
    geometry[0] = cosine * x - sine * y
    geometry[1] = sine * x + cosine * y
    geometry *= np.float32(crop.zoom)
    return np.array([yaw, pitch, roll + crop.angle], np.float32)


def crop_landmarks(landmarks: Floats, mirrored: bool, matrix: Floats) -> Floats:
    """Landmarks (68, 2) on the new grid of `Crop.source`; in a mirror image left and right change places."""
    places = np.linalg.solve(matrix[:, :2], (landmarks - matrix[:, 2]).T).T
    return np.ascontiguousarray(places[MIRROR] if mirrored else places, np.float32)


def resample_mask(mask: Bytes, matrix: Floats, resolution: int) -> Bytes:
    """A mask (S, S) at the positions of a new grid of `Crop.source`, by the nearest pixel."""
    matrix = matrix.copy()
    matrix[:, 2] += matrix[:, :2].sum(1) / 2 - 0.5  # OpenCV's pixel centres lie at whole numbers
    flags = cv2.INTER_NEAREST | cv2.WARP_INVERSE_MAP
    resampled: Bytes = cv2.warpAffine(mask, matrix, (resolution, resolution), flags=flags)
    return resampled


@kernel
def resample_labels(
    mask: Bytes, correspondence: Floats, geometry: Floats, matrix: Floats, resolution: int
) -> tuple[Bytes, Floats, Floats]:
    """Read labels (S, S) and (3, S, S) at the positions of a new grid.

    The mask is that of the nearest pixel; the maps are interpolated between those of the four nearest that are on the
    mask and show the same part of the face.
    """
    size = mask.shape[0]
    new_mask = np.zeros((resolution, resolution), np.uint8)
    new_correspondence = np.zeros((3, resolution, resolution), np.float32)
    new_geometry = np.zeros((3, resolution, resolution), np.float32)
    for row in range(resolution):
        for column in range(resolution):
            x = matrix[0, 0] * (column + 0.5) + matrix[0, 1] * (row + 0.5) + matrix[0, 2]
            y = matrix[1, 0] * (column + 0.5) + matrix[1, 1] * (row + 0.5) + matrix[1, 2]
            near_x, near_y = int(np.floor(x)), int(np.floor(y))
            if not (0 <= near_x < size and 0 <= near_y < size) or mask[near_y, near_x] == 0:
                continue
            new_mask[row, column] = mask[near_y, near_x]
            left, top = int(np.floor(x - 0.5)), int(np.floor(y - 0.5))
            total = 0.0
            for i in range(top, top + 2):
                for j in range(left, left + 2):
                    if not (0 <= i < size and 0 <= j < size) or mask[i, j] == 0:
                        continue
                    if abs(geometry[2, i, j] - geometry[2, near_y, near_x]) > SAME_PART:
                        continue
                    weight = max(1 - abs(x - j - 0.5), 0.0) * max(1 - abs(y - i - 0.5), 0.0) + 1e-6
                    total += weight
                    for k in range(3):
                        new_correspondence[k, row, column] += weight * correspondence[k, i, j]
                        new_geometry[k, row, column] += weight * geometry[k, i, j]
            for k in range(3):
                new_correspondence[k, row, column] /= total
                new_geometry[k, row, column] /= total
    return new_mask, new_correspondence, new_geometry


def resample_image(image: Bytes, matrix: Floats, resolution: int) -> tuple[Floats, Floats]:
    """Premultiplied colour (R, R, 3) and alpha (R, R, 1) in [0, 1] of the new grid; the border is repeated outside."""
    samples = max(1, round(len(image) / resolution))
    resampled = _resample_premultiplied(image, matrix, resolution, samples)
    return resampled[..., :3], resampled[..., 3:]


@kernel
def _resample_premultiplied(image: Bytes, matrix: Floats, resolution: int, samples: int) -> Floats:
    """Mean of `samples` x `samples` bilinear look-ups in each pixel of the new grid, (R, R, 4)."""
    last = image.shape[0] - 1
    result = np.zeros((resolution, resolution, 4), np.float32)
    for row in range(resolution):
        for column in range(resolution):
            for n in range(samples * samples):
                across = column + (n % samples + 0.5) / samples
                down = row + (n // samples + 0.5) / samples
                x = min(max(matrix[0, 0] * across + matrix[0, 1] * down + matrix[0, 2] - 0.5, 0.0), last - 0.001)
                y = min(max(matrix[1, 0] * across + matrix[1, 1] * down + matrix[1, 2] - 0.5, 0.0), last - 0.001)
                left, top = int(x), int(y)
                for i in range(2):
                    for j in range(2):
                        weight = (x - left if j else 1 - x + left) * (y - top if i else 1 - y + top)
                        weight *= image[top + i, left + j, 3] / (255.0 * samples * samples)
                        result[row, column, 3] += weight
                        for k in range(3):
                            result[row, column, k] += weight * image[top + i, left + j, k]
    return result
