"""What the coarse stage is taught by: the paper's losses (eqs. 8 to 13), and what is known of drawn people."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from .face import load_face
from .lessons import Lesson
from .model import Coefficients, LinearFace
from .renderer import Rendered, project, render


@dataclass(frozen=True)
class Weights:
    """Of eq. 8, those published but for the first two, and of what is known, which the paper did not have.

    Attributes
    ----------
    identity, expression : float
        Published is 1: there an outside network judges, here two looks at one person do.
    landmarks, photometric, regularisation : float
    truth : float
        0 for a training that is self-supervised alone.
    """

    identity: float = 0.1
    expression: float = 0.1
    landmarks: float = 0.5
    photometric: float = 2.0
    regularisation: float = 1.7e-3
    truth: float = 1.0


def coarse_loss(told: Coefficients, lesson: Lesson, face: LinearFace, spread: Coefficients, weights: Weights) -> Tensor:
    """The weighted sum (eq. 8), and the distance from what is true.

    Parameters
    ----------
    told : Coefficients
        Of the lesson's images.
    lesson : Lesson
    face : LinearFace
    spread : Coefficients
        Standard deviations, in which the distance from the truth is measured.
    weights : Weights
    """
    shape = face.shape(told)
    drawn = render(shape, told.rotation, told.camera, face.skin(told), told.light, lesson.images.shape[-1])
    places = landmarks(shape, told)
    loss = weights.photometric * photometric(lesson.images / 255, drawn, lesson.skin)
    loss = loss + weights.landmarks * (places - lesson.landmarks).abs().sum((1, 2)).mean()
    loss = loss + weights.regularisation * size(told)
    loss = loss + weights.identity * other_identity(told.identity)
    loss = loss + weights.expression * other_expression(told.expression)
    return loss + weights.truth * wrong(told, lesson.truth, face, spread) if weights.truth else loss


def photometric(images: Tensor, drawn: Rendered, skin: Tensor) -> Tensor:
    """Mean absolute difference of display values (B, 3, S, S) where skin (B, S, S) is seen and drawn (eq. 12).

    It is the mean over those pixels, not the sum over the picture, so that it does not depend on how finely is drawn.
    """
    counted = (skin & drawn.covered)[:, None]
    return ((images - drawn.images).abs() * counted).sum() / (3 * counted.sum()).clamp_min(1)


def landmarks(shape: Tensor, told: Coefficients) -> Tensor:
    """Places (B, 68, 2) of the landmarks, in widths of the picture from its middle."""
    points = shape[:, torch.from_numpy(load_face().landmarks)]
    return project(points @ told.rotation.transpose(1, 2), told.camera)


def size(told: Coefficients) -> Tensor:
    """Mean over faces of the squared lengths of identity, expression and albedo (eq. 13), in standard deviations."""
    parts = (told.identity, told.expression, told.albedo)
    return torch.stack([part.square().sum(1).mean() for part in parts]).sum()


def other_identity(codes: Tensor) -> Tensor:
    """One minus the cosine between identities (B, k) told from two looks at one person.

    It stands in the place of eq. 9, whose features are those of a network that recognises faces; there is none here
    whose licence and training could be shown, so that what is told itself is compared.
    """
    one, other = codes.chunk(2)
    return 1 - functional.cosine_similarity(one, other, dim=1, eps=1e-3).mean()


def other_expression(codes: Tensor) -> Tensor:
    """Distance between expressions (B, k) told from two looks at one moment; in the place of eq. 10, as eq. 9's."""
    one, other = codes.chunk(2)
    return (one - other).square().mean(1).add(1e-6).sqrt().mean()


def wrong(told: Coefficients, truth: Coefficients, face: LinearFace, spread: Coefficients) -> Tensor:
    """Mean squared error of each part in shares of its variance, summed over identity to light.

    Of identity, expression and albedo it is that of the vertices, so that what moves much of a face counts for more.
    """
    own = (face.identity, face.expression, face.albedo)
    vertices = [
        ((each - true).square() @ _variances(directions)).mean() / _variances(directions).sum()
        for each, true, directions in zip(told[:3], truth[:3], own, strict=True)
    ]
    others = [
        ((each - true) / unit).square().mean() for each, true, unit in zip(told[3:], truth[3:], spread[3:], strict=True)
    ]
    return torch.stack(vertices + others).sum()


def _variances(directions: Tensor) -> Tensor:
    """Over the vertices (k,) of directions (k, n, 3) that are a standard deviation long."""
    return directions.square().sum((1, 2))
