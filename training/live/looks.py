"""A person is drawn and looked at some times: what both networks of the face's square are taught by."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from pix2vertex_blender.reconstruction.likeness.model import face_vertices
from pix2vertex_blender.template import load_template

from ..arrays import Bytes, Floats
from ..data.augmentation import UPRIGHT, AugmentationParameters, augment
from ..data.dataset import PORTRAIT_PITCH, PORTRAIT_YAW, UNUSUAL_SHARE
from ..data.samples import CORRESPONDENCE_STEPS, GEOMETRY_STEPS, Sample, quantised
from ..face_sampling import Head
from ..identity.heads import SAME_POSE, deviation
from ..identity.looks import says_enough
from ..renderer.camera import View, ViewParameters
from ..renderer.surface import head_surface
from ..renderer.synthesis import SynthesisParameters, sample_head_and_view, synthesise
from ..template.vertices import template_vertices

#: A look shows little beside the face, so a sample need not show much more of it either.
NEAR = ViewParameters(crop_sizes=(1.25, 1.45, 1.8))


class Look(NamedTuple):
    """One look, or some with a dimension in front.

    Attributes
    ----------
    image : (3, R, R) uint8
    mask : (R, R) uint8
    correspondence, geometry : (3, R, R) int16
        In steps of 1/32000 and 1/16000, as samples keep them.
    pose : (3,) float32
        Sines of yaw, pitch and roll.
    landmarks : (68, 2) float32
        Pixels.
    coefficients : (k,) float32
        Of the head in the basis.
    size : () float32
        Squared deviation from the rest shape over the face, in square millimetres.
    says_enough : () float32
        1 where the head is seen well enough to say whose it is, else 0.
    """

    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    correspondence: NDArray[np.int16]
    geometry: NDArray[np.int16]
    pose: NDArray[np.float32]
    landmarks: NDArray[np.float32]
    coefficients: NDArray[np.float32]
    size: NDArray[np.float32]
    says_enough: NDArray[np.float32]


def look_shapes(resolution: int, coefficients: int) -> dict[str, tuple[tuple[int, ...], type[np.generic]]]:
    """Shape and type of each field of `Look`."""
    square = (resolution, resolution)
    return {
        "image": ((3, *square), np.uint8),
        "mask": (square, np.uint8),
        "correspondence": ((3, *square), np.int16),
        "geometry": ((3, *square), np.int16),
        "pose": ((3,), np.float32),
        "landmarks": ((68, 2), np.float32),
        "coefficients": ((coefficients,), np.float32),
        "size": ((), np.float32),
        "says_enough": ((), np.float32),
    }


@dataclass(frozen=True)
class DrawingParameters:
    """Who is drawn, and how often each is looked at.

    Attributes
    ----------
    seed : int
    resolution : int
        Of a look.
    sample_size : int
        Of the sample that it is cut from.
    looks : int
        At each person.
    augmentation : AugmentationParameters
        Nothing is mirrored: that costs nothing later.
    """

    seed: int
    resolution: int
    sample_size: int
    looks: int
    augmentation: AugmentationParameters = field(default_factory=lambda: replace(UPRIGHT, mirror_share=0.0))

    @property
    def synthesis(self) -> SynthesisParameters:
        """What portraits are drawn."""
        return SynthesisParameters(size=self.sample_size, view=NEAR)


class Person(NamedTuple):
    """Somebody who was drawn: the sample, and how the head (n, 3) differs from the rest shape, in millimetres."""

    sample: Sample
    deviation: NDArray[np.float64]


def posed(index: int, stream: int, parameters: DrawingParameters) -> tuple[Head, View]:
    """The head of an index and from where it is seen, which is soon known."""
    generator = np.random.default_rng([parameters.seed, stream, index])
    return sample_head_and_view(head_surface(), generator, parameters.synthesis)


def draw_person(index: int, stream: int, parameters: DrawingParameters) -> Person | None:
    """The person of an index; None for some of those whom portraits seldom show like that.

    None also for a head that was not the first that was drawn for its sample.
    """
    seed = [parameters.seed, stream, index]
    head, view = posed(index, stream, parameters)
    unusual = abs(view.yaw) > PORTRAIT_YAW or abs(view.pitch) > PORTRAIT_PITCH
    if unusual and np.random.default_rng([*seed, 1]).random() > UNUSUAL_SHARE:
        return None
    sample = synthesise(np.random.default_rng(seed), parameters.synthesis)
    if abs(view.yaw - sample.yaw) > SAME_POSE or abs(view.pitch - sample.pitch) > SAME_POSE:
        return None
    return Person(sample, deviation(template_vertices(head.vertices)))


def looks_at(
    person: Person,
    count: int,
    face_basis: Floats,
    parameters: DrawingParameters,
    generator: Generator,
    backgrounds: Bytes,
    distractors: list[Bytes],
) -> Iterator[Look]:
    """Some looks at a person.

    Parameters
    ----------
    face_basis : (k, f, 3)
        The basis of heads at the face's vertices.
    backgrounds : (n, m, m, 3) uint8
    distractors : list of (S, S, 4) uint8
        Images of other people.
    """
    own = person.deviation[face_vertices(load_template())]
    coefficients = np.einsum("knc,nc->k", face_basis, own).astype(np.float32)
    for _ in range(count):
        made = augment(
            person.sample, parameters.resolution, generator, backgrounds, distractors, parameters.augmentation
        )
        yield Look(
            made.image.transpose(2, 0, 1),
            made.mask,
            quantised(made.correspondence, CORRESPONDENCE_STEPS),
            quantised(made.geometry, GEOMETRY_STEPS),
            np.sin(np.radians(made.pose)).astype(np.float32),
            made.landmarks,
            coefficients,
            np.asarray((own**2).sum(), np.float32),
            np.asarray(says_enough(person.sample), np.float32),
        )
