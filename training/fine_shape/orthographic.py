"""Meshes seen without perspective, from angles about the rest frame: which triangle each pixel shows."""

from dataclasses import dataclass

import numpy as np

from pix2vertex_blender.template import load_template

from ..arrays import Booleans, Floats, Integers
from ..renderer.camera import rotation_matrix
from ..renderer.rasteriser import empty_fragments, rasterise

#: Millimetres along a side of a picture, so that it has the whole face with its surroundings.
SPAN = 240.0
#: How the renderer, which takes inverse distances, is told depths: at 0 mm, and more by so much for each nearer one.
INVERSE_DISTANCE, PER_MILLIMETRE = 1e-2, 1e-6
#: Depths in millimetres beyond which the background is not told apart.
FARTHEST = 5000.0


@dataclass(frozen=True)
class Fragments:
    """What is nearest at each pixel.

    Attributes
    ----------
    triangle : (S, S) int32
        Index of the nearest triangle, -1 where there is none.
    weights : (S, S, 3) float32
        Of its corners, zero where there is none.
    """

    triangle: Integers
    weights: Floats

    @property
    def covered(self) -> Booleans:
        """Where anything is (S, S)."""
        is_there: Booleans = self.triangle >= 0
        return is_there

    def interpolate(self, values: Floats, triangles: Integers) -> Floats:
        """Values (n, k) at the vertices at each pixel (S, S, k), zero where there is nothing."""
        corners = triangles[np.maximum(self.triangle, 0)]
        mixed: Floats = np.einsum("ijk,ijkc->ijc", self.weights, values[corners])
        return mixed


@dataclass(frozen=True)
class Side:
    """From where a head in the rest frame is seen.

    Attributes
    ----------
    pitch, yaw : float
        Degrees by which the head turns downwards, and to the right of the picture.
    """

    pitch: float
    yaw: float

    @property
    def rotation(self) -> Floats:
        """From the rest frame (3, 3)."""
        return rotation_matrix(self.yaw, self.pitch, 0.0).astype(np.float64)

    def project(self, points: Floats, size: int) -> Floats:
        """Pixels and depth in millimetres (n, 3) of points (n, 3), the face in the middle of size x size pixels."""
        turned = (points - middle()) @ self.rotation.T
        half, scale = size / 2, size / SPAN
        seen: Floats = np.column_stack([half + scale * turned[:, 0], half - scale * turned[:, 1], turned[:, 2]])
        return seen


def middle() -> Floats:
    """The middle (3,) of the rest shape's face in millimetres."""
    template = load_template()
    face = template.vertices[template.groups["face"] > 0.5]
    centre: Floats = (face.min(axis=0) + face.max(axis=0)) / 2
    return centre


def fragments(points: Floats, triangles: Integers, size: int) -> Fragments:
    """What is seen of a mesh.

    Parameters
    ----------
    points : (n, 3)
        Pixels and depth in millimetres, larger is nearer.
    triangles : (m, 3)
        Both sides are drawn.
    size : int
        Pixels of the square picture's side.
    """
    inverse = INVERSE_DISTANCE + PER_MILLIMETRE * np.clip(points[:, 2], -FARTHEST, FARTHEST)
    screen = np.column_stack([points[:, :2], inverse]).astype(np.float32)
    drawn = empty_fragments(size)
    rasterise(screen, triangles.astype(np.int32), drawn)
    # Its weights are those of a perspective view; without one they are linear in the picture.
    corners = screen[triangles[np.maximum(drawn.triangle, 0)], 2]
    second, third = (drawn.weights[..., k] * drawn.depth / corners[..., k + 1] for k in range(2))
    weights = np.stack([1 - second - third, second, third], axis=-1)
    weights[drawn.triangle < 0] = 0
    return Fragments(drawn.triangle, weights)
