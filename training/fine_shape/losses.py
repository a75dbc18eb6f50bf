"""What a displaced head is compared with its true one by (Beyond 3DMM, section 5)."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from pix2vertex_blender.geometry.mesh import triangulate
from pix2vertex_blender.template import load_template

from .orthographic import SPAN, Side, middle
from .visible import corner_weights, gathered, surface_normals, visible_triangles

#: Pitch and yaw of the plaster's views (eq. 7).
VIEWS = ((0.0, 0.0), (0.0, 90.0), (0.0, -90.0), (30.0, 0.0), (-30.0, 0.0))
#: Of the descriptor beside squared millimetres.
DESCRIPTOR_WEIGHT = 10.0
#: What `--loss` names: squared error, squared error and descriptor, descriptor and guided error, guided error.
LOSSES = ("squared", "squared+plaster", "plaster+guided", "guided")


@dataclass(frozen=True)
class Drawing:
    """A plaster head from one view.

    Attributes
    ----------
    image : (B, P, P)
        How brightly a white head shines under a light from where it is seen; 0 beside it.
    corners : (B, P, P, 3) int64
        The vertices of the triangle at each pixel, 0 beside the head.
    weights : (B, P, P, 3)
        Their shares, 0 beside the head.
    """

    image: Tensor
    corners: Tensor
    weights: Tensor


@dataclass(frozen=True)
class Sculpture:
    """Draws faces as plaster sculptures.

    Attributes
    ----------
    size : int
        Pixels of a drawing's side.
    """

    size: int = 64

    @cached_property
    def triangles(self) -> Tensor:
        """The face's triangles (m, 3)."""
        template = load_template()
        triangles = triangulate(template.faces)
        chosen = triangles[(template.groups["face"] > 0.5)[triangles].all(axis=1)]
        return torch.from_numpy(np.ascontiguousarray(chosen, dtype=np.int64))

    def draw(self, vertices: Tensor, side: Side) -> Drawing:
        """Draw heads (B, n, 3) in the rest frame; the image has slopes to the vertices wherever it shows the face."""
        turned = (vertices - vertices.new_tensor(middle())) @ vertices.new_tensor(side.rotation).T
        half, scale = self.size / 2, self.size / SPAN
        points = torch.stack([half + scale * turned[..., 0], half - scale * turned[..., 1], turned[..., 2]], -1)
        index = visible_triangles(points, self.triangles, self.size)
        corners = self.triangles[index.clamp_min(0)]
        covered = (index >= 0)[..., None]
        weights = corner_weights(points, corners) * covered
        bright = functional.normalize(surface_normals(turned, self.triangles), dim=-1)[..., 2].clamp_min(0)
        image = (gathered(bright[..., None], corners)[..., 0] * weights).sum(-1)
        return Drawing(image, corners * covered, weights)


def squared_error(output: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
    """Weighted mean squared distance of vertices (B, n, 3) (eq. 6); weights (n,) or (B, n)."""
    total = (weights.sum() * (len(output) if weights.dim() == 1 else 1)).clamp_min(1e-9)
    return ((output - truth).square().sum(-1) * weights).sum() / total


def descriptor_distance(output: list[Drawing], truth: list[Drawing]) -> Tensor:
    """The plaster sculpture descriptor's distance (eq. 7), the mean over heads.

    It is the root of a picture's mean square, not of its sum, so that it does not depend on how finely is drawn.
    """
    distances = [
        (ours.image - true.image).square().mean((1, 2)).add(1e-12).sqrt()
        for ours, true in zip(output, truth, strict=True)
    ]
    return torch.stack(distances).sum(0).mean()


@torch.no_grad()
def guiding_weights(output: list[Drawing], truth: list[Drawing], count: int) -> Tensor:
    """How much each vertex (B, n) is to blame for what looks different (eq. 8), with a mean of 1.

    Every pixel's error goes to the vertices that the output shows there, and to those that the truth shows.
    """
    total = output[0].image.new_zeros(len(output[0].image), count)
    for ours, true in zip(output, truth, strict=True):
        error = (ours.image - true.image).abs()[..., None]
        for drawing in (ours, true):
            shares = (error * drawing.weights.clamp_min(0)).flatten(1)
            total.scatter_add_(1, drawing.corners.flatten(1), shares)
    return total / total.mean(1, keepdim=True).clamp_min(1e-9)


def shape_loss(name: str, output: Tensor, truth: Tensor, face: Tensor, sculpture: Sculpture) -> Tensor:
    """One of `LOSSES` between heads (B, n, 3) in the rest frame.

    Parameters
    ----------
    name : str
    output, truth : (B, n, 3)
    face : (n,)
        How much each vertex counts for the squared error.
    sculpture : Sculpture
    """
    if name == "squared":
        return squared_error(output, truth, face)
    ours, true = drawings(sculpture, output), drawings(sculpture, truth)
    if name == "squared+plaster":
        return squared_error(output, truth, face) + DESCRIPTOR_WEIGHT * descriptor_distance(ours, true)
    guided = squared_error(output, truth, guiding_weights(ours, true, output.shape[1]))
    return guided if name == "guided" else guided + DESCRIPTOR_WEIGHT * descriptor_distance(ours, true)


def drawings(sculpture: Sculpture, heads: Tensor) -> list[Drawing]:
    """Heads from all of `VIEWS`."""
    return [sculpture.draw(heads, Side(pitch, yaw)) for pitch, yaw in VIEWS]
