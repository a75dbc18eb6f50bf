"""Looks at rendered people: a square that the face fills, and the coefficients of the head that it shows."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, default_collate, get_worker_info

from pix2vertex_blender.reconstruction.likeness.model import face_vertices
from pix2vertex_blender.template import load_template

from ..arrays import Bytes
from ..data.augmentation import UPRIGHT, draw_crop, photograph, resample_mask
from ..data.dataset import is_portrait
from ..data.samples import Sample, read_sample
from .heads import People, mirrored

#: A head turned further than this to a side or up or down, in degrees, says too little of itself.
FURTHEST_YAW, FURTHEST_PITCH = 62.0, 32.0
#: After so many samples the folders are read again, to find those that were added.
BETWEEN_LISTINGS = 2000


class Looks(NamedTuple):
    """A batch.

    Attributes
    ----------
    images : (B, 3, R, R) uint8
    coefficients : (B, k) float32
        Of the heads in the basis.
    sizes : (B,) float32
        Squared deviation from the rest shape over the face, in square millimetres, what the basis cannot say included.
    """

    images: Tensor
    coefficients: Tensor
    sizes: Tensor


class LookStream(IterableDataset[Looks]):
    """Endless stream of looks, in an order and with an augmentation that depend on the seed.

    Parameters
    ----------
    everybody : sequence of People
    basis : (k, n, 3)
        Orthonormal over the face.
    resolution, batch_size : int
    backgrounds : (n, m, m, 3) uint8
    seed : sequence of int
    """

    def __init__(
        self,
        everybody: Sequence[People],
        basis: NDArray[np.float64],
        resolution: int,
        batch_size: int,
        backgrounds: Bytes,
        seed: Sequence[int],
    ) -> None:
        self.everybody = tuple(everybody)
        self.face_basis = basis[:, face_vertices(load_template())]
        self.resolution, self.batch_size = resolution, batch_size
        self.backgrounds = backgrounds
        self.seed = tuple(seed)
        self.listed()

    def listed(self) -> list[tuple[People, Path]]:
        """All samples there are now.

        Raises
        ------
        DataFileError
            If a folder has none.
        """
        return [(people, path) for people in self.everybody for path in people.paths()]

    def __iter__(self) -> Iterator[Looks]:
        """Read, augment and collate samples without end."""
        cv2.setNumThreads(1)
        worker = get_worker_info()
        generator = np.random.default_rng([*self.seed, worker.id if worker else 0])
        examples = []
        while True:
            listed = self.listed()
            for index in generator.permutation(len(listed))[:BETWEEN_LISTINGS]:
                people, path = listed[index]
                example = look(people, path, self.face_basis, self.resolution, generator, self.backgrounds)
                if example is not None:
                    examples.append(example)
                if len(examples) == self.batch_size:
                    yield Looks(*default_collate(examples))
                    examples = []


def look(
    people: People,
    path: Path,
    face_basis: NDArray[np.float64],
    resolution: int,
    generator: np.random.Generator,
    backgrounds: Bytes,
) -> tuple[Tensor, Tensor, Tensor] | None:
    """One look as the fields of `Looks`, without the batch's dimension; None if the head is turned too far.

    Parameters
    ----------
    face_basis : (k, f, 3)
        The basis at the face's vertices.
    """
    sample = read_sample(path)
    difference = people.deviation(sample, path) if says_enough(sample) else None
    if difference is None:
        return None
    image, flipped = take_look(sample, resolution, generator, backgrounds)
    own = (mirrored(difference) if flipped else difference)[face_vertices(load_template())]
    return (
        torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))),
        torch.from_numpy(np.einsum("knc,nc->k", face_basis, own).astype(np.float32)),
        torch.tensor((own**2).sum(), dtype=torch.float32),
    )


def take_look(
    sample: Sample, resolution: int, generator: np.random.Generator, backgrounds: Bytes
) -> tuple[Bytes, bool]:
    """A photograph (R, R, 3) of a sample, cut as the second pass cuts a face, and whether it shows the mirror image."""
    crop = draw_crop(sample, generator, UPRIGHT)
    matrix = crop.source(len(sample.mask), resolution)
    mask = resample_mask(sample.mask, matrix, resolution)
    image, _ = photograph(sample.image, mask, matrix, generator, backgrounds, (), UPRIGHT)
    return image, crop.mirrored


def read_in_background(stream: LookStream, readers: int) -> Iterator[Looks]:
    """Batches of the stream, made by processes of their own."""
    return iter(
        DataLoader(stream, batch_size=None, num_workers=readers, prefetch_factor=4, multiprocessing_context="spawn")
    )


def held_out_looks(
    people: People, basis: NDArray[np.float64], resolution: int, count: int, batch_size: int, backgrounds: Bytes
) -> list[Looks]:
    """The first `count` portraits of a folder, each looked at in the same way every time."""
    face_basis = basis[:, face_vertices(load_template())]
    examples: list[tuple[Tensor, Tensor, Tensor]] = []
    for index, path in enumerate(people.paths()):
        if len(examples) < count and is_portrait(read_sample(path)):
            example = look(people, path, face_basis, resolution, np.random.default_rng([7, index]), backgrounds)
            examples += [example] if example is not None else []
    return [
        Looks(*default_collate(examples[start : start + batch_size])) for start in range(0, len(examples), batch_size)
    ]


def says_enough(sample: Sample) -> bool:
    """Whether a head is turned little enough to say whose it is."""
    return abs(sample.yaw) < FURTHEST_YAW and abs(sample.pitch) < FURTHEST_PITCH
