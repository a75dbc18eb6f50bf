"""The UV plane of the face: from vertices to texels and back."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pix2vertex_blender.geometry.texels import texel_grid
from pix2vertex_blender.template import load_template

#: The square of the template's UV plane that holds the face: its left and lower side, and how long they are.
LEFT, BELOW, SIDE = 0.17, 0.25, 0.66
#: Texels beyond the border of the mesh that continue it.
PADDING = 2.0


@dataclass(frozen=True)
class Plane:
    """A square of texels over the face.

    Attributes
    ----------
    corners : (U, U, 3) int64
        The vertices that a texel mixes.
    weights : (U, U, 3)
        Their shares.
    face : (U, U)
        How much a texel belongs to the face.
    places : (n, 2)
        Of the vertices, as `grid_sample` has them: -1 to 1 across and down. There is no seam in the face.
    """

    corners: Tensor
    weights: Tensor
    face: Tensor
    places: Tensor

    def at_texels(self, values: Tensor) -> Tensor:
        """Values (B, n, c) of the vertices at the texels (B, c, U, U)."""
        mixed = (values[:, self.corners] * self.weights[..., None]).sum(-2)
        return mixed.movedim(-1, 1)

    def at_vertices(self, maps: Tensor) -> Tensor:
        """Maps (B, c, U, U) at the vertices (B, n, c)."""
        places = self.places.to(maps)[None, None].expand(len(maps), -1, -1, -1)
        sampled = functional.grid_sample(maps, places, align_corners=False, padding_mode="border")
        return sampled[:, :, 0].movedim(1, -1)


@cache
def load_plane(size: int) -> Plane:
    """The plane with so many texels along a side."""
    template = load_template()
    uvs = (template.uvs - (LEFT, BELOW)) / SIDE
    grid = texel_grid(template.faces, uvs, size, PADDING)
    weights = np.clip(grid.weights, -0.5, 1.5)
    weights /= weights.sum(axis=-1, keepdims=True)
    face = grid.interpolate(template.groups["face"][:, None])[..., 0].clip(0, 1) * grid.covered
    places = np.zeros((len(template.vertices), 2), np.float32)
    # Where lids and lips turn inwards a vertex has two places: that of the face counts, so it is written last.
    order = np.argsort(template.groups["face"][template.faces].min(axis=1), kind="stable")
    places[template.faces[order].ravel()] = (uvs[order].reshape(-1, 2) * (2, -2) + (-1, 1)).astype(np.float32)
    return Plane(
        torch.from_numpy(grid.corners.astype(np.int64)),
        torch.from_numpy(weights.astype(np.float32)),
        torch.from_numpy(face.astype(np.float32)),
        torch.from_numpy(places),
    )
