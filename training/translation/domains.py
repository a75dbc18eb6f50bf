"""Folders of pictures that share a look, and two looks of our own renderer."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from pix2vertex_blender.errors import DataFileError

from ..arrays import Bytes
from ..data.augmentation import CROPS, AugmentationParameters, augment
from ..data.samples import read_sample, samples_in

ENDINGS = (".png", ".jpg", ".jpeg")
#: Fewer pictures than this are no look.
FEWEST = 2

#: Behind the plain look: nothing.
NOTHING = np.full((1, 64, 64, 3), 128, np.uint8)
#: The renderer's picture as it is, before a wall.
PLAIN = AugmentationParameters(degraded_share=0.0, person_share=0.0, body_share=0.0, occluder_share=0.0)
#: Everything that a sample can meet on its way to a photo.
RICH = AugmentationParameters(degraded_share=1.0, person_share=0.4, body_share=0.8, occluder_share=0.0)

EMPTY = "There are no pictures in {folder}: choose a folder with PNG or JPEG files."
ALONE = "There is only one picture in {folder}: a look takes at least {fewest}."
UNREADABLE = "The picture {file} cannot be read: take it out of the folder."


def read_domain(folder: Path, resolution: int) -> Bytes:
    """All pictures of a folder (n, S, S, 3), each its middle square.

    Raises
    ------
    DataFileError
        If there are too few, or one cannot be read.
    """
    files = sorted(path for path in folder.glob("*") if path.suffix.lower() in ENDINGS)
    if not files:
        raise DataFileError(EMPTY.format(folder=folder))
    if len(files) < FEWEST:
        raise DataFileError(ALONE.format(folder=folder, fewest=FEWEST))
    return np.stack([_read(path, resolution) for path in files])


def picture_batches(pictures: Bytes, size: int, generator: Generator) -> Iterator[Tensor]:
    """Endless random batches (size, 3, S, S) in [-1, 1], half of the pictures mirrored."""
    while True:
        chosen = pictures[generator.integers(len(pictures), size=size)]
        mirrored = generator.random(size) < 0.5
        chosen[mirrored] = chosen[mirrored, :, ::-1]
        yield to_tensor(chosen)


def to_tensor(pictures: Bytes) -> Tensor:
    """Pictures (n, S, S, 3) as (n, 3, S, S) in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pictures.transpose(0, 3, 1, 2))).float() / 127.5 - 1


def to_pictures(tensor: Tensor) -> Bytes:
    """Pictures (B, S, S, 3) from what `to_tensor` made of them, (B, 3, S, S)."""
    values = (127.5 * (tensor.detach().clamp(-1, 1) + 1)).round().to(torch.uint8)
    pictures: Bytes = values.permute(0, 2, 3, 1).cpu().numpy()
    return pictures


def cut(look: AugmentationParameters, crop: str) -> AugmentationParameters:
    """A look of pictures that are cut as one of our networks sees them, `ordinary` or `upright`."""
    return dataclasses.replace(look, upright_share=CROPS[crop].upright_share)


def write_look(
    samples: Path,
    folder: Path,
    look: str,
    count: int,
    resolution: int,
    backgrounds: Bytes,
    start: int = 0,
    crop: str = "ordinary",
) -> None:
    """Write samples in a look, `plain` or `film`, as PNG files, cut as `cut` says.

    Raises
    ------
    DataFileError
        If there are no samples.
    """
    paths = samples_in(samples, start, count)
    folder.mkdir(parents=True, exist_ok=True)
    for index, path in enumerate(paths):
        generator = np.random.default_rng([17, start + index])
        if look == "plain":
            picture = augment(read_sample(path), resolution, generator, NOTHING, (), cut(PLAIN, crop)).image
        else:
            rich = augment(read_sample(path), resolution, generator, backgrounds, (), cut(RICH, crop)).image
            picture = film(rich, generator)
        cv2.imwrite(str(folder / f"{path.stem}.png"), picture[..., ::-1])


def film(picture: Bytes, generator: Generator) -> Bytes:
    """What one kind of film and its scanner make of a picture (S, S, 3): contrast, warm lights, cold shadows, grain."""
    values = picture.astype(np.float32) / 255
    toned = values * values * (3 - 2 * values)
    values = 0.3 * values + 0.7 * toned
    light = values.mean(axis=-1, keepdims=True)
    warm, cold = np.array([1.12, 1.0, 0.82], np.float32), np.array([0.9, 1.0, 1.2], np.float32)
    values = 0.04 + 0.93 * values * (light * warm + (1 - light) * cold)
    size = len(picture)
    grain = cv2.GaussianBlur(generator.standard_normal((size, size)).astype(np.float32), (0, 0), 0.7)
    values = values + 0.06 * grain[..., None]
    ramp = np.linspace(-1, 1, size, dtype=np.float32)
    values = values * (1 - 0.3 * (ramp[None] ** 2 + ramp[:, None] ** 2) / 2)[..., None]
    return np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)


def _read(path: Path, resolution: int) -> Bytes:
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise DataFileError(UNREADABLE.format(file=path))
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    square = picture[top : top + side, left : left + side, ::-1]
    resized: Bytes = cv2.resize(np.ascontiguousarray(square), (resolution, resolution), interpolation=cv2.INTER_AREA)
    return resized
