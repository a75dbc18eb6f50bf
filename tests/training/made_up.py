"""A training sample that needs no face model: an egg-shaped head with a face painted on its front."""

import numpy as np

from pix2vertex_blender.template import load_template
from training.data.samples import Sample
from training.renderer.camera import rotation_matrix

RADII = np.array([75.0, 105.0, 95.0])
MOUTH, MOUTH_RADII = np.array([0.0, -45.0]), np.array([20.0, 6.0])
MILLIMETRES_PER_SIDE = 330.0


def made_up_sample(size: int = 96, yaw: float = 24.0, pitch: float = -9.0, roll: float = 6.0) -> Sample:
    """The head seen from far away: its maps are those of the ellipsoid, exactly.

    Parameters
    ----------
    size : int
        Pixels of a side.
    yaw, pitch, roll : float
        How the head is turned, in degrees.
    """
    rotation = rotation_matrix(yaw, pitch, roll).astype(float)
    scale = size / MILLIMETRES_PER_SIDE
    grid = (np.arange(size) + 0.5 - size / 2) / scale
    x, y = np.meshgrid(grid, -grid)
    # The head's own coordinates along a pixel's line of sight are start + z * step; they end on the ellipsoid.
    start = np.stack([x, y, 0 * x], axis=-1) @ rotation / RADII
    step = rotation[2] / RADII
    half, rest = start @ step, (start**2).sum(-1) - 1
    root = half**2 - (step @ step) * rest
    head = root > 0
    z = (np.sqrt(np.maximum(root, 0)) - half) / (step @ step)
    points = np.stack([x, y, z])
    own = np.moveaxis((start + z[..., None] * step) * RADII, -1, 0)
    front = head & (own[2] > 0)
    mouth = ((((own[:2].T - MOUTH) / MOUTH_RADII) ** 2).sum(-1) < 1).T
    mask = np.where(front, np.where(mouth, 2, 1), 0).astype(np.uint8)
    tones = np.sin(own / 11.0)
    colours = np.clip(150 + 60 * tones + 40 * own[2] / RADII[2], 1, 255) * head
    image = np.concatenate([colours, 255.0 * head[None]]).astype(np.uint8).transpose(1, 2, 0)
    template = load_template()
    directions = template.canonical[template.landmarks_68]
    places = directions / np.linalg.norm(directions / RADII, axis=1, keepdims=True) @ rotation.T
    landmarks = size / 2 + scale * places[:, :2] * (1, -1)
    return Sample(
        image=np.ascontiguousarray(image),
        mask=mask,
        correspondence=(own * (mask > 0) / 120).astype(np.float32),
        geometry=(points * (mask > 0) * scale / (size / 2)).astype(np.float32),
        landmarks=landmarks.astype(np.float32),
        yaw=yaw,
        pitch=pitch,
        roll=roll,
        distance=200_000.0,
        geometry_scale=scale / (size / 2),
    )
