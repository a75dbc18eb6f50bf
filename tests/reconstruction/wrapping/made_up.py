"""Made-up scans: our own head with other proportions, cut up and moved, so that the truth is known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.geometry.similarity import Similarity
from pix2vertex_blender.reconstruction.registration.matching import TargetIndex
from pix2vertex_blender.reconstruction.registration.target import make_target
from pix2vertex_blender.reconstruction.wrapping.scan import Scan
from pix2vertex_blender.template import load_template

#: How often the scan's faces are divided.
LEVEL = 1


@dataclass(frozen=True)
class MadeUpScan:
    """A scan whose head is known.

    Attributes
    ----------
    scan : Scan
    truth : (c, 3)
        Where the vertices of the template's level 0 are in it.
    surface : (m, 3) int
        The scan's triangles before anything was cut out.
    """

    scan: Scan
    truth: NDArray[np.float64]


def head_shape(seed: int) -> NDArray[np.float64]:
    """A head (c, 3) in millimetres that differs smoothly from the template."""
    template, generator = load_template(), np.random.default_rng(seed)
    vertices = template.vertices * (1 + generator.normal(0, 0.03, 3))
    for _ in range(12):
        centre = template.vertices[generator.choice(np.flatnonzero(template.groups["face"] > 0.5))]
        bump = generator.normal(0, 1.2, 3)
        # On both sides alike: a mouth that is drawn to one side is an expression.
        for mirrored in (np.ones(3), np.array([-1.0, 1.0, 1.0])):
            squared = ((template.vertices - centre * mirrored) ** 2).sum(axis=1)
            vertices = vertices + np.exp(-squared / (2 * 25.0**2))[:, None] * bump * mirrored
    return vertices


def made_up_scan(seed: int, millimetres: float = 1.0, *, turned: bool = True, hole: bool = True) -> MadeUpScan:
    """A scan of a made-up head with eyeballs and a floating bit.

    Parameters
    ----------
    seed : int
    millimetres : float
        In one of its units.
    turned : bool
        Whether z is up and the head askew; otherwise y is.
    hole : bool
        Whether a cheek has one.
    """
    template, level = load_template(), load_template(LEVEL)
    shape = head_shape(seed)
    head = template.subdivide(shape, LEVEL)
    triangles = triangulate(level.faces)
    if hole:
        cheek = head[np.argmin(np.linalg.norm(level.canonical - level.canonical[template.landmarks_68[2]], axis=1))]
        away = np.linalg.norm(head - cheek, axis=1) > 9.0
        triangles = triangles[away[triangles].all(axis=1)]
    balls = template.place_eyeballs(shape)
    bit = np.array([120.0, 90.0, 100.0]) + 3 * np.eye(4, 3)
    vertices = np.concatenate([head, balls, bit])
    parts = [triangles, triangulate(template.eyeballs.faces) + len(head), np.array([[0, 1, 2], [0, 1, 3]])]
    parts[2] = parts[2] + len(head) + len(balls)
    rotation = Rotation.from_euler("xyz", [80, 12, 30], degrees=True).as_matrix() if turned else np.eye(3)
    place = Similarity(1 / millimetres, rotation, np.array([3.0, -2.0, 5.0]) / millimetres)
    scan = Scan(place.apply(vertices), np.concatenate(parts).astype(np.int32))
    return MadeUpScan(scan, place.apply(shape))


def scanned_face(shape: NDArray[np.float64], level: int = 1) -> TargetIndex:
    """The surface of a head's face with its exact canonical coordinates."""
    fine = load_template(level)
    vertices = load_template().subdivide(shape, level)
    triangles = triangulate(fine.faces)
    face = fine.groups["face"] > 0.5
    return TargetIndex(make_target(vertices, triangles[face[triangles].all(axis=1)], fine.canonical))
