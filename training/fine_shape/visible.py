"""Meshes drawn in torch: each pixel's triangle is found once, and all that is told of it has slopes to the vertices.

What changes when a triangle comes to hide another has no slope.
"""

import numpy as np
import torch
from torch import Tensor

from .orthographic import fragments


def visible_triangles(points: Tensor, triangles: Tensor, size: int) -> Tensor:
    """Index of the triangle at each pixel (B, P, P), -1 where there is none.

    Parameters
    ----------
    points : (B, n, 3)
        Pixels, and depth in millimetres, larger is nearer.
    triangles : (m, 3) int64
    size : int
        Pixels of a picture's side, P.
    """
    drawn = [fragments(each.detach().double().cpu().numpy(), triangles.numpy(), size) for each in points]
    return torch.stack([torch.from_numpy(each.triangle.astype(np.int64)) for each in drawn])


def corner_weights(points: Tensor, corners: Tensor) -> Tensor:
    """Weights (B, P, P, 3) of the corners (B, P, P, 3) of the pixels' triangles at the pixels' centres."""
    a, b, c = gathered(points[..., :2], corners).unbind(-2)
    centres = torch.arange(corners.shape[1], dtype=points.dtype) + 0.5
    pixels = torch.stack(torch.meshgrid(centres, centres, indexing="xy"), -1)
    area = _cross(b - a, c - a)
    area = torch.where(area.abs() > 1e-9, area, torch.ones_like(area))
    second, third = _cross(pixels - a, c - a) / area, _cross(b - a, pixels - a) / area
    return torch.stack([1 - second - third, second, third], -1)


def surface_normals(vertices: Tensor, triangles: Tensor) -> Tensor:
    """Normals (B, n, 3) of vertices (B, n, 3), as long as the triangles (m, 3) around are large."""
    # Selected, not indexed: the slopes of that take half the time.
    a, b, c = vertices.index_select(1, triangles.flatten()).unflatten(1, triangles.shape).unbind(-2)
    across = torch.linalg.cross(b - a, c - a)
    normals = torch.zeros_like(vertices)
    for corner in range(3):
        normals = normals.index_add(1, triangles[:, corner], across)
    return normals


def gathered(values: Tensor, corners: Tensor) -> Tensor:
    """Values (B, n, k) at the corners (B, P, P, 3) of the pixels' triangles: (B, P, P, 3, k)."""
    flat = corners.flatten(1)[..., None].expand(-1, -1, values.shape[-1])
    return values.gather(1, flat).unflatten(1, corners.shape[1:])


def _cross(a: Tensor, b: Tensor) -> Tensor:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]
