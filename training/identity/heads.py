"""The true heads of rendered people, drawn again from the seed of their samples, and the basis that says them."""

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.errors import DataFileError
from pix2vertex_blender.geometry.similarity import fit_similarity
from pix2vertex_blender.reconstruction.likeness.model import face_vertices
from pix2vertex_blender.template import load_template

from ..data.samples import Sample, list_samples
from ..face_sampling import ShapeParameters
from ..generate import TRAINING_STREAM
from ..renderer.camera import ViewParameters
from ..renderer.surface import head_surface
from ..renderer.synthesis import SynthesisParameters, sample_head_and_view
from ..template.vertices import template_vertices

#: Degrees by which the pose that is drawn again may differ from a sample's.
SAME_POSE = 1e-3


@dataclass(frozen=True)
class People:
    """Samples of `training.generate`, and what their heads can be drawn again with.

    Attributes
    ----------
    folder : Path
    seed : int
    stream : int
        Of `training.generate`.
    """

    folder: Path
    seed: int
    stream: int = TRAINING_STREAM

    def paths(self) -> list[Path]:
        """The samples there are now.

        Raises
        ------
        DataFileError
            If there are none.
        """
        found = list_samples(self.folder)
        if not found:
            raise DataFileError(f"There are no samples in {self.folder}: make some with python -m training.generate.")
        return found

    def deviation(self, sample: Sample, path: Path) -> NDArray[np.float64] | None:
        """Millimetres (n, 3) by which the head of the sample at `path` differs from the rest shape.

        Without pose, place and size: the head is laid over the rest shape by the face. None for a sample whose head is
        not the first that was drawn for it.
        """
        head = true_head(sample, self.seed, int(path.stem), self.stream)
        return None if head is None else deviation(head)


def people(text: str, stream: int = TRAINING_STREAM) -> People:
    """`People` of a command line's FOLDER=SEED."""
    folder, separator, seed = text.rpartition("=")
    if not separator or not seed.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not FOLDER=SEED")
    return People(Path(folder), int(seed), stream)


def true_head(sample: Sample, seed: int, index: int, stream: int = TRAINING_STREAM) -> NDArray[np.float64] | None:
    """The template's vertices (n, 3) on a sample's head; None if the head is not the first that was drawn for it."""
    generator = np.random.default_rng([seed, stream, index])
    parameters = SynthesisParameters(size=len(sample.mask), shape=ShapeParameters(), view=ViewParameters())
    head, view = sample_head_and_view(head_surface(), generator, parameters)
    if abs(view.yaw - sample.yaw) > SAME_POSE or abs(view.pitch - sample.pitch) > SAME_POSE:
        return None
    return template_vertices(head.vertices)


def deviation(head: NDArray[np.float64]) -> NDArray[np.float64]:
    """Millimetres (n, 3) by which a head differs from the rest shape, over which its face is laid."""
    template = load_template()
    face = face_vertices(template)
    difference: NDArray[np.float64] = (
        fit_similarity(head[face], template.vertices[face]).apply(head) - template.vertices
    )
    return difference


def mirrored(difference: NDArray[np.float64]) -> NDArray[np.float64]:
    """The deviation (n, 3) of the mirrored head."""
    flipped: NDArray[np.float64] = (difference * (-1, 1, 1))[load_template().mirror]
    return flipped
