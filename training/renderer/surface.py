"""What is known of the head's surface once for all: a texture space and how open each point is to light."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from ..arrays import Floats
from ..face_model import EYEBALLS, HEAD, LANDMARKS_68, SOCKETS, TEETH, FaceModel, load_face_model
from .rasteriser import draw_depth, vertex_normals

TEXTURE_SIZE = 512
# The texture is the unrolled cylinder around the axis x = 0, z = 20 mm, from -2 to 2 radians and from 130 mm down to
# -125 mm.
AXIS_Z = 20.0
HALF_ANGLE = 2.0
TOP, BOTTOM = 130.0, -125.0
OCCLUSION_DIRECTIONS = 96
OCCLUSION_MAP = 420


@dataclass(frozen=True)
class HeadSurface:
    """The model with what depends on its mean neutral head alone.

    Attributes
    ----------
    model : FaceModel
    normals : (n, 3) float32
    texture : (n, 2) float32
        Column and row of the vertices in the texture.
    angle : (n,) float32
        Around the head's vertical axis, zero in front, radians.
    landmarks : (68, 2) float32
        The landmarks in the texture.
    openness : (n,) float32
        Share of the sky that a vertex sees, weighted by the cosine.
    """

    model: FaceModel
    normals: Floats
    texture: Floats
    angle: Floats
    landmarks: Floats
    openness: Floats


@lru_cache(maxsize=1)
def head_surface() -> HeadSurface:
    """The surface of the shared face model, prepared once in a process."""
    model = load_face_model()
    normals = vertex_normals(model.neutral, model.triangles)
    texture = texture_coordinates(model.neutral)
    openness = _openness(model, normals)
    return HeadSurface(model, normals, texture, head_angle(model.neutral), texture[LANDMARKS_68], openness)


def head_angle(points: Floats) -> Floats:
    """Angle around the vertical axis of points (..., 3) of the neutral head."""
    return np.arctan2(points[..., 0], points[..., 2] - AXIS_Z).astype(np.float32)


def texture_coordinates(points: Floats) -> Floats:
    """Column and row (..., 2) in the texture of points (..., 3) of the neutral head."""
    column = (head_angle(points) + HALF_ANGLE) / (2 * HALF_ANGLE) * (TEXTURE_SIZE - 1)
    return np.stack([column, texture_row(points[..., 1])], -1).astype(np.float32)


def texture_row(height: Floats | float) -> Floats | float:
    """Row in the texture of a height on the neutral head in millimetres."""
    return (TOP - height) / (TOP - BOTTOM) * (TEXTURE_SIZE - 1)


@lru_cache(maxsize=1)
def texture_grid() -> tuple[Floats, Floats]:
    """Angle (S,) of the texture's columns in radians and height (S, 1) of its rows in millimetres."""
    steps = np.linspace(0, 1, TEXTURE_SIZE, dtype=np.float32)
    return (2 * steps - 1) * HALF_ANGLE, (TOP + steps * (BOTTOM - TOP))[:, None]


def _openness(model: FaceModel, normals: Floats) -> Floats:
    """Ambient occlusion of the mean neutral head by depth maps from many sides; mouth and eyes opened up a little."""
    generator = np.random.default_rng(1)
    seen, total = np.zeros(len(normals)), np.zeros(len(normals))
    scale = OCCLUSION_MAP / 420.0
    for _ in range(OCCLUSION_DIRECTIONS):
        direction = generator.standard_normal(3)
        direction /= np.linalg.norm(direction)
        right = np.cross([0, 1, 0.01], direction)
        right /= np.linalg.norm(right)
        up = np.cross(direction, right)
        points = (model.neutral @ np.stack([right, up, direction]).T).astype(np.float32)
        points[:, :2] = points[:, :2] * scale + OCCLUSION_MAP / 2
        points[:, 1] += 20 * scale * up[1]
        depth = np.full((OCCLUSION_MAP, OCCLUSION_MAP), -1e9, np.float32)
        draw_depth(points, model.triangles, depth)
        columns, rows = np.clip(points[:, :2].astype(int), 0, OCCLUSION_MAP - 1).T
        cosine = np.clip(normals @ direction, 0, None)
        seen += cosine * (depth[rows, columns] < points[:, 2] + 2.5)
        total += cosine
    openness = np.clip(1.15 * seen / np.maximum(total, 1e-6), 0.05, 1).astype(np.float32)
    openness[EYEBALLS] = np.clip(0.6 * openness[EYEBALLS] + 0.4, 0, 1)
    inside = slice(SOCKETS.start, TEETH.stop)
    openness[inside] = np.maximum(openness[inside], 0.35)
    openness[HEAD.start : HEAD.stop] **= 0.9
    return openness
