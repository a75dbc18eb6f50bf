"""A bank of looks at drawn people with all that is true of them, in one file that all trainings share."""

import dataclasses
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np

from pix2vertex_blender.errors import DataFileError
from pix2vertex_blender.files import replacing

from ..arrays import Booleans, Bytes, Floats, Integers
from ..data.augmentation import UPRIGHT, augment
from ..data.backgrounds import background_bank
from ..data.samples import FACE
from ..renderer.camera import ViewParameters
from ..renderer.surface import head_surface
from ..renderer.synthesis import SynthesisParameters, render, sample_scene
from .face import load_face
from .truth import Placed, Truth, placed, truth_of

#: Portraits, not nearer than the weak perspective of eq. 5 may be.
VIEW = ViewParameters(
    largest_yaw=45.0, largest_pitch=25.0, largest_roll=20.0, least_distance=600.0, crop_sizes=(1.25, 1.45, 1.8)
)
#: A good photo of a found face: its colours are those of the light and the skin.
PHOTOGRAPH = replace(UPRIGHT, mirror_share=0.0, degraded_share=0.0)
#: One of so many people is nobody's lesson.
HELD_OUT = 5
#: People after whom the file is written.
WRITE_EVERY = 25

NO_BANK = "{path} is not a bank of looks: draw one with python -m training.coarse bank."
OTHER_FACE = "The bank {path} is of another template: draw it again."
NOBODY = "Nobody was drawn in that time: give it more --minutes."


@dataclass(frozen=True)
class Bank:
    """Looks (m) at people (p), on a face with n vertices, in pictures of S x S pixels.

    Attributes
    ----------
    images : (m, 3, S, S) uint8
    skin : (m, S, S) bool
    landmarks : (m, 68, 2) float32
        In widths of the picture from its middle, right and down.
    rotations : (m, 3, 3) float32
    cameras : (m, 3) float32
    lights : (m, 9, 3) float32
        As in `truth.Placed`.
    person : (m,) int64
        Whom each look shows.
    identity, expression : (p, n, 3) float16
    albedo : (p, n, 3) uint8
        As in `truth.Truth`.
    """

    images: Bytes
    skin: Booleans
    landmarks: Floats
    rotations: Floats
    cameras: Floats
    lights: Floats
    person: Integers
    identity: Floats
    expression: Floats
    albedo: Bytes

    @property
    def held_out(self) -> Booleans:
        """Which looks (m,) show people whom no training meets."""
        unmet: Booleans = self.person % HELD_OUT == 0
        return unmet

    @property
    def learnt_people(self) -> Booleans:
        """Which people (p,) are met."""
        met: Booleans = np.arange(len(self.identity)) % HELD_OUT != 0
        return met


class LookAt(NamedTuple):
    """One look: picture (S, S, 3), skin (S, S), landmarks (68, 2) and what is true of it."""

    image: Bytes
    skin: Booleans
    landmarks: Floats
    placed: Placed


def draw_person(index: int, seed: int, size: int, looks: int, backgrounds: Bytes) -> tuple[Truth, list[LookAt]] | None:
    """The person of an index and looks at it; None if a picture shows too little of it."""
    generator = np.random.default_rng([seed, 21, index])
    parameters = SynthesisParameters(size=2 * size, view=VIEW)
    surface = head_surface()
    scene = sample_scene(surface, generator, parameters)
    sample = render(surface, scene, generator, parameters)
    if sample is None:
        return None
    truth, taken = truth_of(scene.head, scene.view, scene.skin.albedo), []
    for _ in range(looks):
        made = augment(sample, size, generator, backgrounds, (), PHOTOGRAPH)
        to_crop = _affine(sample.landmarks, made.landmarks)
        where = placed(truth, to_crop, made.image, made.mask)
        if where is None:
            return None
        pixels = truth.pixels[load_face().landmarks] @ to_crop[:, :2].T + to_crop[:, 2]
        taken.append(LookAt(made.image, made.mask == FACE, pixels / size - 0.5, where))
    return truth, taken


def write_bank(path: Path, people: int, seed: int, size: int, looks: int, backgrounds: Path, minutes: float) -> int:
    """Draw people until there are enough or the time is over; returns how many there are.

    Raises
    ------
    DataFileError
        If there is nobody.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    pictures = background_bank(backgrounds)
    began, index = time.monotonic(), 0
    drawn: list[tuple[Truth, list[LookAt]]] = []
    while len(drawn) < people and time.monotonic() - began < 60 * minutes:
        each = draw_person(index, seed, size, looks, pictures)
        index += 1
        if each is None:
            continue
        drawn.append(each)
        if len(drawn) % WRITE_EVERY == 0:
            _write(path, drawn)
            print(f"{len(drawn)} people", flush=True)
    if not drawn:
        raise DataFileError(NOBODY)
    _write(path, drawn)
    return len(drawn)


def read_bank(path: Path) -> Bank:
    """Read a bank.

    Raises
    ------
    DataFileError
        If it is missing or damaged, or of another template.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            bank = Bank(**{field.name: file[field.name] for field in dataclasses.fields(Bank)})
    except (OSError, KeyError, ValueError, EOFError, BadZipFile) as error:
        raise DataFileError(NO_BANK.format(path=path)) from error
    if bank.identity.shape[1] != len(load_face().mean):
        raise DataFileError(OTHER_FACE.format(path=path))
    return bank


def _write(path: Path, drawn: list[tuple[Truth, list[LookAt]]]) -> None:
    looks = list(_looks(drawn))
    fields = Bank(
        images=np.array([look.image.transpose(2, 0, 1) for _, look in looks]),
        skin=np.array([look.skin for _, look in looks]),
        landmarks=np.array([look.landmarks for _, look in looks], np.float32),
        rotations=np.array([look.placed.rotation for _, look in looks], np.float32),
        cameras=np.array([look.placed.camera for _, look in looks], np.float32),
        lights=np.array([look.placed.light for _, look in looks], np.float32),
        person=np.array([person for person, _ in looks]),
        identity=np.array([truth.identity for truth, _ in drawn], np.float16),
        expression=np.array([truth.expression for truth, _ in drawn], np.float16),
        albedo=np.array([truth.albedo for truth, _ in drawn]),
    )
    with replacing(path) as partial, partial.open("wb") as file:
        np.savez(file, **{field.name: getattr(fields, field.name) for field in dataclasses.fields(Bank)})


def _looks(drawn: list[tuple[Truth, list[LookAt]]]) -> Iterator[tuple[int, LookAt]]:
    for person, (_, looks) in enumerate(drawn):
        for look in looks:
            yield person, look


def _affine(before: Floats, after: Floats) -> Floats:
    """The map (2, 3) of the plane from points (n, 2) to points (n, 2)."""
    known = np.column_stack([before, np.ones(len(before))]).astype(np.float64)
    solved: Floats = np.linalg.lstsq(known, after, rcond=None)[0].T
    return solved
