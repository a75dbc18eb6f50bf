"""The differentiable renderer of the coarse stage (coarse-to-fine, eqs. 3, 4 and 5).

Each picture is rasterised once; barycentric weights, normals, albedo and light follow in torch, so that all of them
have slopes. Which triangle a pixel shows has none, as in the paper's renderer.
"""

from functools import cache
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from ..fine_shape.visible import corner_weights, gathered, surface_normals, visible_triangles
from .face import load_face
from .truth import GAMMA

#: Linear colours are never darker than this, where their display values have no bounded slope.
DARKEST = 1e-3


class Rendered(NamedTuple):
    """Pictures.

    Attributes
    ----------
    images : (B, 3, S, S)
        Display values, about 0 to 1; 0 beside the face.
    covered : (B, S, S) bool
        Where the face is.
    """

    images: Tensor
    covered: Tensor


def render(shape: Tensor, rotation: Tensor, camera: Tensor, albedo: Tensor, light: Tensor, size: int) -> Rendered:
    """Draw faces under light (eq. 4).

    Parameters
    ----------
    shape : (B, n, 3)
        In the rest frame, millimetres.
    rotation : (B, 3, 3)
    camera : (B, 3)
        As in `truth.Placed`.
    albedo : (B, n, 3)
        Display values.
    light : (B, 9, 3)
    size : int
        Pixels of a side, S.
    """
    triangles = _triangles()
    turned = shape @ rotation.transpose(1, 2)
    points = torch.cat([size * (project(turned, camera) + 0.5), turned[..., 2:]], 2)
    index = visible_triangles(points, triangles, size)
    covered = index >= 0
    corners = triangles[index.clamp_min(0)]
    weights = corner_weights(points, corners)[..., None]
    normals = functional.normalize(surface_normals(turned, triangles), dim=-1)
    mixed = (gathered(torch.cat([normals, albedo], 2), corners) * weights).sum(-2)
    lit = mixed[..., 3:].clamp(0, 1) ** GAMMA * shade(functional.normalize(mixed[..., :3], dim=-1), light)
    displayed = lit.clamp_min(DARKEST) ** (1 / GAMMA) * covered[..., None]
    return Rendered(displayed.permute(0, 3, 1, 2), covered)


def project(turned: Tensor, camera: Tensor) -> Tensor:
    """Places (B, k, 2), in widths of the picture from its middle, of points (B, k, 3) in the camera's axes (eq. 5)."""
    flat = torch.stack([turned[..., 0], -turned[..., 1]], -1)
    return camera[:, None, :1] * flat + camera[:, None, 1:]


def shade(normals: Tensor, light: Tensor) -> Tensor:
    """What of a light (B, 9, 3) reaches unit normals (B, ..., 3), (B, ..., 3) in linear colours: eq. 3 without skin."""
    return torch.einsum("b...k,bkc->b...c", harmonics(normals), light)


def harmonics(normals: Tensor) -> Tensor:
    """The nine real spherical harmonics (..., 9) of unit normals (..., 3), scaled as in the product's light fit."""
    x, y, z = normals.unbind(-1)
    parts = [torch.ones_like(x), x, y, z, x * y, y * z, x * z, x * x - y * y, 1.5 * z * z - 0.5]
    return torch.stack(parts, -1)


@cache
def _triangles() -> Tensor:
    return torch.from_numpy(load_face().triangles.copy())
