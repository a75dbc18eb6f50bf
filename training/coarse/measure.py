"""How near coefficients come to what is true of people who were held out."""

from dataclasses import astuple, dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from benchmarks.measures.landmarks import OUTER_EYE_CORNERS
from benchmarks.tables import Cell
from pix2vertex_blender.reconstruction.texture.light import fit_light

from ..arrays import Floats
from ..fine_shape.visible import surface_normals
from .bank import Bank
from .face import load_face
from .lessons import Lesson, Lessons
from .losses import landmarks, photometric
from .model import Coefficients, LinearFace
from .network import CoarseNetwork
from .renderer import render, shade
from .truth import GAMMA

#: Columns after the row's name.
COLUMNS = (
    "NME, %",
    "R2 of identity",
    "R2 of expression",
    "pose, degrees",
    "albedo, of 255",
    "light, %",
    "photo, of 255",
)
#: Cosine from which a vertex counts as turned to the camera.
FACING = 0.2


@dataclass(frozen=True)
class Figures:
    """Means over people, in the order of `COLUMNS`.

    Attributes
    ----------
    nme : float
        Of the 68 landmarks in the picture, % of the distance of the outer corners of the eyes (eq. 18), which is taken
        on the head, so that it does not shrink when a head turns.
    identity, expression : float
        Share of the squared millimetres over the face by which people differ from the mean that is explained.
    pose : float
        Angle between rotations, degrees.
    albedo : float
        Mean absolute difference of display values at the vertices.
    light : float
        What reaches the true head's vertices that face the camera, each colour divided by its mean: the standard
        deviation of the difference, %. A light's strength and colour cannot be told from those of a skin.
    photo : float
        Eq. 12 in display values.
    """

    nme: float
    identity: float
    expression: float
    pose: float
    albedo: float
    light: float
    photo: float

    @property
    def row(self) -> tuple[Cell, ...]:
        """The values of `COLUMNS`."""
        return astuple(self)


@torch.no_grad()
def figures(told: Coefficients, lesson: Lesson, bank: Bank, face: LinearFace) -> Figures:
    """Of what is told of the looks of `Lessons.unmet`."""
    shape, skin = face.shape(told), face.skin(told)
    drawn = render(shape, told.rotation, told.camera, skin, told.light, lesson.images.shape[-1])
    identity, expression, albedo = (
        torch.from_numpy(values[~bank.learnt_people].astype(np.float32))
        for values in (bank.identity, bank.expression, bank.albedo)
    )
    means = (
        torch.from_numpy(values[bank.learnt_people].astype(np.float32).mean(0))
        for values in (bank.identity, bank.expression)
    )
    true = torch.from_numpy(load_face().mean.astype(np.float32)) + identity + expression
    right, left = load_face().landmarks[list(OUTER_EYE_CORNERS)]
    apart = (true[:, left] - true[:, right]).norm(dim=1) * lesson.truth.camera[:, 0]
    off = (landmarks(shape, told) - lesson.landmarks).norm(dim=2).mean(1) / apart
    cosine = ((told.rotation * lesson.truth.rotation).sum((1, 2)) - 1) / 2
    mean_identity, mean_expression = means
    return Figures(
        100 * float(off.mean()),
        _explained(torch.tensordot(told.identity, face.identity, 1), identity - mean_identity),
        _explained(torch.tensordot(told.expression, face.expression, 1), expression - mean_expression),
        float(torch.rad2deg(torch.acos(cosine.clamp(-1, 1))).mean()),
        float((255 * skin.clamp(0, 1) - albedo).abs().mean()),
        light_error(told.light, lesson.truth.light, true @ lesson.truth.rotation.transpose(1, 2)),
        255 * float(photometric(lesson.images / 255, drawn, lesson.skin)),
    )


def light_error(told: Tensor, true: Tensor, turned: Tensor) -> float:
    """`Figures.light` of lights (B, 9, 3) on true heads (B, n, 3) in the camera's axes."""
    triangles = torch.from_numpy(load_face().triangles)
    normals = functional.normalize(surface_normals(turned, triangles), dim=-1)
    facing = (normals[..., 2:] > FACING).float()
    total = facing.sum(1, keepdim=True)
    relative = []
    for light in (told, true):
        lit = shade(normals, light)
        relative.append(lit / ((lit * facing).sum(1, keepdim=True) / total).clamp_min(1e-3))
    squared = ((relative[0] - relative[1]).square() * facing).sum((1, 2)) / (3 * total[:, 0, 0])
    return 100 * float(squared.sqrt().mean())


def network_figures(network: CoarseNetwork, lessons: Lessons, face: LinearFace) -> Figures:
    """Of a network on people whom it has not met."""
    lesson = lessons.unmet()
    with torch.no_grad():
        told = network(lesson.images)
    return figures(told, lesson, lessons.bank, face)


def mean_figures(lessons: Lessons, face: LinearFace) -> Figures:
    """Of what is told without looking: the mean of the people and photos that are learnt from."""
    lesson = lessons.unmet()
    middle, _ = lessons.spread()
    told = Coefficients(*(part.expand(len(lesson.images), *part.shape[1:]) for part in middle))
    # The looks' mean of what is relative to the people's mean is zero, if all people are looked at as often.
    zero = {name: torch.zeros_like(getattr(told, name)) for name in ("identity", "expression", "albedo")}
    return figures(told._replace(**zero), lesson, lessons.bank, face)


@torch.no_grad()
def fitted_light_error(lessons: Lessons) -> float:
    """`Figures.light` of the light that the product fits, given the true head and taking its skin as even."""
    lesson, bank = lessons.unmet(), lessons.bank
    truth = lesson.truth
    shapes = _true_heads(bank)
    turned = shapes @ truth.rotation.transpose(1, 2)
    # Normals are drawn as if they were a skin's colours under an even light.
    normals = functional.normalize(surface_normals(turned, torch.from_numpy(load_face().triangles)), dim=-1)
    even = torch.zeros_like(truth.light)
    even[:, 0] = 1
    size = lesson.images.shape[-1]
    drawn = render(shapes, truth.rotation, truth.camera, normals / 2 + 0.5, even, size)
    lights = [_fitted(*each) for each in zip(drawn.images, drawn.covered & lesson.skin, lesson.images, strict=True)]
    return light_error(torch.from_numpy(np.array(lights, np.float32)), truth.light, turned)


def _fitted(normals: Tensor, shown: Tensor, image: Tensor) -> Floats:
    seen = functional.normalize(2 * normals[:, shown].T - 1, dim=1).double().numpy()
    colours = (image[:, shown].T.double().numpy() / 255) ** GAMMA
    return fit_light(seen, colours, np.ones(len(seen))).coefficients


def _true_heads(bank: Bank) -> Tensor:
    unmet = ~bank.learnt_people
    return torch.from_numpy((load_face().mean + bank.identity[unmet] + bank.expression[unmet]).astype(np.float32))


def _explained(told: Tensor, true: Tensor) -> float:
    """R2 of deviations (B, n, 3) from the mean."""
    return 1 - float((told - true).square().sum() / true.square().sum())
