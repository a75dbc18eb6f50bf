"""What is true of a drawn person in a photo: shape, expression, pose, camera, albedo and light (eqs. 1 to 5)."""

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from pix2vertex_blender.geometry.mesh import vertex_normals
from pix2vertex_blender.geometry.similarity import fit_similarity
from pix2vertex_blender.reconstruction.likeness.model import face_vertices
from pix2vertex_blender.reconstruction.texture.light import fit_light
from pix2vertex_blender.template import load_template
from pix2vertex_blender.template.canonical import to_millimetres

from ..arrays import Booleans, Bytes, Floats
from ..data.samples import FACE
from ..face_sampling import Head
from ..fine_shape.orthographic import fragments
from ..renderer.camera import View
from ..renderer.surface import TEXTURE_SIZE, texture_coordinates
from ..template.vertices import template_vertices
from .face import load_face

GAMMA = 2.2
#: Texels over which the renderer's skin is averaged, about as far apart as the face's vertices are.
TEXELS = 2.0
#: With fewer pixels of skin no light is told.
FEWEST = 60


@dataclass(frozen=True)
class Truth:
    """Of one person, on the vertices of `face.load_face`.

    Attributes
    ----------
    identity : (n, 3)
        Millimetres by which the head without expression differs from the rest shape, over which it is laid.
    expression : (n, 3)
        Millimetres that its expression adds.
    rotation : (3, 3)
        From the rest frame to the camera's axes of the picture that was drawn.
    pixels : (n, 2)
        Where that picture shows the vertices.
    albedo : (n, 3) uint8
        Display values of the skin.
    """

    identity: Floats
    expression: Floats
    rotation: Floats
    pixels: Floats
    albedo: Bytes

    @property
    def shape(self) -> Floats:
        """The head (n, 3) in the rest frame."""
        whole: Floats = load_face().mean + self.identity + self.expression
        return whole


@dataclass(frozen=True)
class Placed:
    """How one picture shows a person.

    Attributes
    ----------
    rotation : (3, 3)
        From the rest frame to the camera's axes.
    camera : (3,)
        Of the weak perspective (eq. 5), in widths of the picture: size of a millimetre, and where the rest frame's
        origin lies, right and down of the middle.
    light : (9, 3)
        Coefficients of the harmonics (eq. 3) for linear colours, as this picture shows the true albedo.
    """

    rotation: Floats
    camera: Floats
    light: Floats


def truth_of(head: Head, view: View, skin: Floats) -> Truth:
    """Of a drawn head, seen in a picture of half of the view's size, with skin (T, T, 3) in linear colours."""
    chosen, template = load_face().vertices, load_template()
    face = face_vertices(template)
    neutral, shown = template_vertices(head.neutral), template_vertices(head.vertices)
    laid = fit_similarity(neutral[face], template.vertices[face])
    identity, whole = laid.apply(neutral)[chosen], laid.apply(shown)[chosen]
    pixels = view.project(view.to_camera(shown[chosen].astype(np.float32)))[:, :2] / 2
    return Truth(
        identity - load_face().mean, whole - identity, view.rotation @ laid.rotation.T, pixels, _at_vertices(skin)
    )


def placed(truth: Truth, to_crop: Floats, image: Bytes, mask: Bytes) -> Placed | None:
    """How a crop shows somebody; None if it shows too little skin.

    Parameters
    ----------
    truth : Truth
    to_crop : (2, 3)
        From pixels of the picture that was drawn to those of the crop: turned, enlarged and shifted.
    image : (S, S, 3) uint8
    mask : (S, S) uint8
    """
    turn = np.eye(3)
    turn[:2, :2] = to_crop[:, :2] / np.sqrt(np.linalg.det(to_crop[:, :2]))
    turn[[0, 1], [1, 0]] *= -1  # rows of a picture run downwards
    rotation = turn @ truth.rotation
    turned = truth.shape @ rotation.T
    pixels = truth.pixels @ to_crop[:, :2].T + to_crop[:, 2]
    camera = fit_camera(turned, pixels / len(image) - 0.5)
    light = _light(turned, pixels, truth.albedo, image, mask == FACE)
    return None if light is None else Placed(rotation, camera, light)


def fit_camera(turned: Floats, places: Floats) -> Floats:
    """The weak perspective (3,) that shows points (n, 3) in the camera's axes nearest to places (n, 2) (eq. 5)."""
    flat = turned[:, :2] * (1, -1)
    centred = flat - flat.mean(axis=0)
    scale = (centred * (places - places.mean(axis=0))).sum() / (centred**2).sum()
    return np.array([scale, *(places.mean(axis=0) - scale * flat.mean(axis=0))])


def _light(turned: Floats, pixels: Floats, albedo: Bytes, image: Bytes, skin: Booleans) -> Floats | None:
    face = load_face()
    drawn = fragments(np.column_stack([pixels, turned[:, 2]]), face.triangles, len(image))
    shown = drawn.covered & skin
    if shown.sum() < FEWEST:
        return None
    attributes = np.column_stack([vertex_normals(turned, face.triangles), (albedo / 255.0) ** GAMMA])
    at_pixels = drawn.interpolate(attributes, face.triangles)[shown]
    normals = at_pixels[:, :3] / np.maximum(np.linalg.norm(at_pixels[:, :3], axis=1, keepdims=True), 1e-6)
    lit = (image[shown] / 255.0) ** GAMMA / np.maximum(at_pixels[:, 3:], 1e-3)
    # The product's fit, told what it has to guess otherwise: how bright the skin itself is at each place.
    return fit_light(normals, lit, np.ones(len(lit))).coefficients


def _at_vertices(skin: Floats) -> Bytes:
    """Display values (n, 3) of the renderer's skin."""
    columns, rows = _places().T
    smooth = cv2.GaussianBlur(skin, (0, 0), TEXELS)
    linear = cv2.remap(smooth, columns, rows, cv2.INTER_LINEAR)[:, 0]
    return np.round(255 * np.clip(linear, 0, 1) ** (1 / GAMMA)).astype(np.uint8)


@cache
def _places() -> Floats:
    """Columns and rows (n, 2) of the vertices in the renderer's texture."""
    rest = to_millimetres(load_template().canonical)[load_face().vertices]
    return np.clip(texture_coordinates(rest), 0, TEXTURE_SIZE - 1).astype(np.float32)
