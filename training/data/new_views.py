"""New views and new shapes of rendered portraits: `python -m training.data.new_views SAMPLES FOLDER --count 1000`.

Full-view augmentation and shape transformation of Beyond 3DMM (sections 6.2 and 6.3) for training samples. What the new
view shows and the old one hides is stretched; samples that show much of that are turned less. The folder is one for
`training.train --data`, beside the samples that it was made from.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.random import Generator
from scipy.spatial import KDTree

from pix2vertex_blender.errors import Pix2VertexError
from pix2vertex_blender.exchange.turning import PARTS
from pix2vertex_blender.reconstruction.turning.anchors import extended
from pix2vertex_blender.reconstruction.turning.shapes import part_weights, somebody
from pix2vertex_blender.template import load_template

from ..arrays import Floats
from ..renderer.camera import rotation_matrix
from .derived import write_derived
from .sample_surface import Surface, at_points, redrawn, relit, surface_of
from .samples import Sample

#: A view may show at most so much of the face stretched.
MOST_STRETCHED = 0.06


@dataclass(frozen=True)
class ViewChanges:
    """What new samples differ by.

    Attributes
    ----------
    yaw, pitch : float
        Degrees to each side at most.
    shape_share : float
        Of samples that get parts of other people.
    amount : float
        How much those count at most, 1 for another person.
    """

    yaw: float = 20.0
    pitch: float = 12.0
    shape_share: float = 0.5
    amount: float = 1.2


def turned(sample: Sample, rotation: Floats) -> tuple[Sample, float]:
    """A sample seen from another side, and what share of its face is stretched.

    Parameters
    ----------
    sample : Sample
    rotation : (3, 3)
        In the camera's axes, about the face's centre.
    """
    surface = surface_of(sample)
    yaw, pitch, roll = _angles(rotation @ rotation_matrix(sample.yaw, sample.pitch, sample.roll))
    landmarks = surface.camera.project(_landmark_points(sample, surface) @ rotation.T)
    moved = surface.points @ rotation.T
    drawn, stretched = redrawn(sample, surface, moved, np.zeros_like(moved), None)
    result = replace(drawn, landmarks=landmarks.astype(np.float32), yaw=yaw, pitch=pitch, roll=roll)
    return result, stretched


def reshaped(sample: Sample, change: Floats) -> tuple[Sample, float]:
    """A sample with another shape of the face, and what share of the face is stretched.

    The background follows by eq. 16 and the shading changes by eq. 17.

    Parameters
    ----------
    sample : Sample
    change : (n, 3)
        By how many millimetres the template's vertices of level 0 move, in the head frame.
    """
    template, surface = load_template(), surface_of(sample)
    to_camera = rotation_matrix(sample.yaw, sample.pitch, sample.roll) * sample.geometry_scale
    skin = surface.face & (at_points(sample.mask, surface) == 1)
    shown = at_points(np.moveaxis(sample.correspondence, 0, -1), surface)[skin]
    distances, nearest = KDTree(template.canonical).query(shown, k=4)
    weights = 1 / (distances + 1e-3)
    step = (change[nearest] * weights[..., None]).sum(1) / weights.sum(1, keepdims=True)
    border = (surface.grid.pixels <= 0).any(1) | (surface.grid.pixels >= len(sample.mask)).any(1)
    steps = np.zeros_like(surface.points)
    steps[skin] = step @ to_camera.T
    steps = extended(steps, skin | border, surface.grid.edges)
    centre = change[template.groups["face"] > 0.5].mean(0) @ to_camera.T
    moved = surface.points + steps
    landmarks = _landmark_points(sample, surface) + change[template.landmarks_68] @ to_camera.T
    drawn, stretched = redrawn(sample, surface, moved, centre, relit(sample, surface, moved, skin))
    places = surface.camera.project(landmarks).astype(np.float32)
    return replace(drawn, landmarks=places), stretched


def varied(sample: Sample, changes: ViewChanges, generator: Generator) -> Sample:
    """A new view of a sample, perhaps of another shape; it turns as far as the picture allows."""
    if generator.random() < changes.shape_share:
        change = np.zeros_like(load_template().vertices)
        for part in PARTS:
            change += part_weights(part)[:, None] * somebody(generator) * generator.uniform(0, changes.amount)
        sample, _stretched = reshaped(sample, change)
    yaw, pitch = generator.uniform(-1, 1, 2) * (changes.yaw, changes.pitch)
    for _try in range(4):
        result, stretched = turned(sample, rotation_matrix(yaw, pitch, 0.0))
        if stretched <= MOST_STRETCHED:
            return result
        yaw, pitch = yaw / 2, pitch / 2
    return sample


def _landmark_points(sample: Sample, surface: Surface) -> Floats:
    """Where the landmarks are (68, 3): their pixels at the depth that the mean face has there.

    Their true depth is only known where they are seen.
    """
    template = load_template()
    mean = template.vertices[template.landmarks_68] - template.vertices[template.groups["face"] > 0.5].mean(axis=0)
    rotation = rotation_matrix(sample.yaw, sample.pitch, sample.roll)
    depth = sample.geometry_scale * (mean @ rotation.T)[:, 2]
    return surface.camera.unproject(sample.landmarks, depth)


def _angles(rotation: Floats) -> tuple[float, float, float]:
    """Yaw, pitch and roll in degrees of R_z(roll) R_x(pitch) R_y(yaw)."""
    yaw = np.arctan2(-rotation[2, 0], rotation[2, 2])
    pitch = np.arcsin(np.clip(rotation[2, 1], -1, 1))
    roll = np.arctan2(-rotation[0, 1], rotation[1, 1])
    return float(np.degrees(yaw)), float(np.degrees(pitch)), float(np.degrees(roll))


def write_new_views(samples: Path, folder: Path, count: int, changes: ViewChanges, seed: int) -> int:
    """Write new views of the first samples of a folder; returns how many were written, without those that are there.

    Raises
    ------
    DataFileError
        If there are no samples.
    """
    return write_derived(samples, folder, count, seed, lambda sample, generator: varied(sample, changes, generator))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line."""
    default = ViewChanges()
    parser = argparse.ArgumentParser(prog="python -m training.data.new_views", description="Write new views.")
    parser.add_argument("samples", type=Path, help="folder of rendered samples")
    parser.add_argument("folder", type=Path, help="where the new ones are written")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--yaw", type=float, default=default.yaw, help="degrees to each side at most")
    parser.add_argument("--pitch", type=float, default=default.pitch, help="degrees up and down at most")
    parser.add_argument("--shapes", type=float, default=default.shape_share, help="share with parts of other people")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    changes = ViewChanges(options.yaw, options.pitch, options.shapes)
    try:
        written = write_new_views(options.samples, options.folder, options.count, changes, options.seed)
    except Pix2VertexError as error:
        sys.exit(f"{error}")
    print(f"{written} new samples in {options.folder}")


if __name__ == "__main__":
    main()
