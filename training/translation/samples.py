"""Training samples in the look that a generator has learnt: the picture becomes another, what it shows stays."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
import numpy.random
import torch

from ..arrays import Bytes
from ..data.augmentation import ORDINARY
from ..data.composition import add_body, background
from ..data.derived import write_derived
from ..data.samples import Sample
from .measure import translated
from .networks import Generator, check_resolution


def translated_sample(
    sample: Sample, random: numpy.random.Generator, generator: Generator, resolution: int, backgrounds: Bytes
) -> Sample:
    """A sample before a drawn background and with a body, all of it as the generator shows it.

    The generator sees the whole at the resolution that it was trained at, and what it changes is laid on the sample's
    own pixels, so that what is finer stays. The picture has no transparent parts any more: a head in one look before a
    background in another would show where it ends.

    Parameters
    ----------
    sample : Sample
    random : Generator
        Draws the background and the body.
    generator : Generator
    resolution : int
        A multiple of 4.
    backgrounds : (n, H, H, 3) uint8
    """
    whole = _composed(sample, random, backgrounds)
    size = len(whole)
    small = cv2.resize(whole, (resolution, resolution), interpolation=cv2.INTER_AREA)
    shown = translated(generator, torch.from_numpy(np.ascontiguousarray(small.transpose(2, 0, 1)))[None])
    change = shown[0].permute(1, 2, 0).numpy().astype(np.float32) - small
    picture = whole + cv2.resize(change, (size, size), interpolation=cv2.INTER_LINEAR)
    opaque = np.full((size, size, 1), 255, np.uint8)
    return replace(sample, image=np.concatenate([np.rint(np.clip(picture, 0, 255)).astype(np.uint8), opaque], axis=-1))


def write_translated_samples(
    samples: Path, folder: Path, count: int, seed: int, generator: Generator, resolution: int, backgrounds: Bytes
) -> int:
    """Write the first samples of a folder translated; returns how many were written, without those that are there.

    Raises
    ------
    DataFileError
        If there are no samples.
    OptionError
        If the generator cannot show pictures of this resolution.
    """
    check_resolution(resolution)
    show = partial(translated_sample, generator=generator, resolution=resolution, backgrounds=backgrounds)
    return write_derived(samples, folder, count, seed, show)


def _composed(sample: Sample, random: numpy.random.Generator, backgrounds: Bytes) -> Bytes:
    """The sample's picture (S, S, 3) before a background, perhaps with a body."""
    colour, alpha = sample.image[..., :3].astype(np.float32), sample.image[..., 3:].astype(np.float32) / 255
    face = sample.mask > 0
    face_colour = colour[face].mean(0) if face.any() else np.full(3, 128.0)
    behind = background(len(sample.mask), face_colour, random, backgrounds)
    if face.any() and random.random() < ORDINARY.body_share:
        behind = add_body(behind, sample.mask, face_colour, random, backgrounds)
    return np.rint(behind * (1 - alpha) + colour * alpha).astype(np.uint8)
