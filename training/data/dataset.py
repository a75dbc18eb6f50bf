"""Batches of augmented synthetic portraits, read from folders that may still be growing."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, IterableDataset, default_collate, get_worker_info

from pix2vertex_blender.errors import DataFileError

from ..arrays import Bytes
from ..losses import Batch
from .augmentation import ORDINARY, AugmentationParameters, augment
from .samples import Sample, list_samples, read_sample

#: After so many samples the folders are read again, to find those that were added.
_SAMPLES_BETWEEN_LISTINGS = 2000
#: A head turned further than this to a side or up or down, in degrees, is not how portraits are taken.
PORTRAIT_YAW, PORTRAIT_PITCH = 45.0, 25.0
#: Of the landmarks' hull, a portrait shows at least this part of the face.
_PORTRAIT_VISIBLE = 0.6
#: What share of the other samples is used.
UNUSUAL_SHARE = 0.4
#: How many recent samples can appear as other people in the background.
DISTRACTORS = 24


class PortraitStream(IterableDataset[Batch]):
    """Endless stream of training samples as batches, in an order and with an augmentation that depend on the seed.

    Parameters
    ----------
    folders : sequence of Path
        Of `.sample` files.
    resolution : int
        Side of the images in pixels.
    batch_size : int
        Samples in each batch.
    backgrounds : (n, m, m, 3) uint8
        Pictures to put behind the portraits.
    seed : int or sequence of int
        Different for each process of a distributed training and each start.
    augmentation : AugmentationParameters
        How samples become photographs.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        resolution: int,
        batch_size: int,
        backgrounds: Bytes,
        seed: int | Sequence[int],
        augmentation: AugmentationParameters = ORDINARY,
    ) -> None:
        self.folders = tuple(folders)
        self.resolution = resolution
        self.batch_size = batch_size
        self.backgrounds = backgrounds
        self.seed = (seed,) if isinstance(seed, int) else tuple(seed)
        self.augmentation = augmentation
        if not self.paths():
            raise DataFileError(
                f"There are no samples in {', '.join(str(folder) for folder in folders)}: "
                "make some with python -m training.generate."
            )

    def paths(self) -> list[Path]:
        """All samples there are now."""
        return [path for folder in self.folders for path in list_samples(folder)]

    def __iter__(self) -> Iterator[Batch]:
        """Read, augment and collate samples without end."""
        cv2.setNumThreads(1)
        worker = get_worker_info()
        generator = np.random.default_rng([*self.seed, worker.id if worker else 0])
        recent: list[Bytes] = []
        examples = []
        while True:
            paths = self.paths()
            for index in generator.permutation(len(paths))[:_SAMPLES_BETWEEN_LISTINGS]:
                sample = read_sample(paths[index])
                if not is_portrait(sample) and generator.random() > UNUSUAL_SHARE:
                    continue
                examples.append(
                    example(sample, self.resolution, generator, self.backgrounds, recent, self.augmentation)
                )
                recent = [*recent, sample.image][-DISTRACTORS:]
                if len(examples) == self.batch_size:
                    yield Batch(*default_collate(examples))
                    examples = []


def read_in_background(stream: PortraitStream, readers: int, device: torch.device) -> Iterator[Batch]:
    """Batches of the stream, made by processes of their own: one forked from this would inherit its threads' locks."""
    loader = DataLoader(
        stream,
        batch_size=None,
        num_workers=readers,
        prefetch_factor=4,
        multiprocessing_context="spawn",
        pin_memory=device.type == "cuda",
    )
    return iter(loader)


def is_portrait(sample: Sample) -> bool:
    """Whether most of the face is seen, more or less from the front: what the product is mostly used for."""
    hull = cv2.contourArea(cv2.convexHull(sample.landmarks.astype(np.float32)))
    visible = np.count_nonzero(sample.mask) > _PORTRAIT_VISIBLE * hull
    return bool(visible and abs(sample.yaw) < PORTRAIT_YAW and abs(sample.pitch) < PORTRAIT_PITCH)


def example(
    sample: Sample,
    resolution: int,
    generator: np.random.Generator,
    backgrounds: Bytes,
    distractors: Sequence[Bytes],
    augmentation: AugmentationParameters = ORDINARY,
) -> tuple[torch.Tensor, ...]:
    """One augmented sample as the fields of a `Batch`, without the batch's dimension."""
    image, mask, correspondence, geometry, pose, landmarks = augment(
        sample, resolution, generator, backgrounds, distractors, augmentation
    )
    return (
        torch.from_numpy(np.ascontiguousarray(image.transpose(2, 0, 1))),
        torch.from_numpy(np.ascontiguousarray(mask)),
        torch.from_numpy(np.ascontiguousarray(correspondence, dtype=np.float32)),
        torch.from_numpy(np.ascontiguousarray(geometry, dtype=np.float32)),
        torch.from_numpy(np.sin(np.radians(pose)).astype(np.float32)),
        torch.from_numpy(landmarks),
    )


def held_out_batches(
    folder: Path,
    resolution: int,
    count: int,
    batch_size: int,
    backgrounds: Bytes,
    seed: int = 0,
    augmentation: AugmentationParameters = ORDINARY,
) -> list[Batch]:
    """The first `count` samples of a folder, each with the same background and degradation every time.

    Raises
    ------
    DataFileError
        If there are none.
    """
    paths = list_samples(folder)[:count]
    if not paths:
        raise DataFileError(f"There are no samples in {folder}: make some with python -m training.generate.")
    examples = [
        example(read_sample(path), resolution, np.random.default_rng([seed, index]), backgrounds, (), augmentation)
        for index, path in enumerate(paths)
    ]
    return [
        Batch(*default_collate(examples[start : start + batch_size])) for start in range(0, len(examples), batch_size)
    ]
