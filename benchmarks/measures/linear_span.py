"""What a linear face model cannot express: the projection of a mesh onto its span (pix2vertex fig. 12)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pix2vertex_blender.geometry.similarity import Similarity, fit_similarity
from pix2vertex_blender.template import Template
from pix2vertex_blender.template.canonical import to_millimetres
from training.face_model import FACE, FaceModel

from .surface import Points, Surface

PROJECTION_ITERATIONS = 10
SIMILARITY_PARAMETERS = 7
#: Standard deviation of the expression coefficients, which lie in [0, 1]; that of the identity's is 1.
EXPRESSION_DEVIATION = 0.4
#: Variance in square millimetres that a coordinate is thought to have beyond the span.
NOISE_VARIANCE = 1.0


@dataclass(frozen=True)
class LinearModel:
    """Mean and directions of a linear model at some vertices.

    Attributes
    ----------
    mean : (n, 3)
    directions : (k, n, 3)
    deviations : (k,)
        Standard deviations of the coefficients.
    """

    mean: Points
    directions: NDArray[np.float64]
    deviations: NDArray[np.float64]


@dataclass(frozen=True)
class Projection:
    """The nearest shape of the model's span.

    Attributes
    ----------
    vertices : (n, 3)
        In the frame of the mesh that was projected.
    coefficients : (k,)
    residuals : (n,)
        Distances of the mesh's vertices from them.
    """

    vertices: Points
    coefficients: NDArray[np.float64]
    residuals: NDArray[np.float64]


def project(vertices: Points, model: LinearModel, noise_variance: float = NOISE_VARIANCE) -> Projection:
    """Project a mesh onto the span of the model and of all similarities, by ridge regression.

    Minimises |v - T(mean + directions^T a)|^2 / noise_variance + |a / deviations|^2 over the coefficients a and the
    similarity T, by Gauss-Newton steps in the model's frame.

    Parameters
    ----------
    vertices : (n, 3)
        In correspondence with the model's.
    model : LinearModel
    noise_variance : float
        Strength of the ridge in square millimetres.

    Raises
    ------
    ValueError
        If the number of vertices differs.
    """
    if vertices.shape != model.mean.shape:
        raise ValueError(f"vertices must have the model's shape {model.mean.shape}, not {vertices.shape}")
    count = len(model.directions)
    basis = model.directions.reshape(count, -1)
    ridge = np.diag(np.concatenate([noise_variance / model.deviations**2, np.zeros(SIMILARITY_PARAMETERS)]))
    coefficients, shape = np.zeros(count), model.mean
    for _ in range(PROJECTION_ITERATIONS):
        to_model: Similarity = fit_similarity(shape, vertices).inverse()
        wanted = (to_model.apply(vertices) - model.mean).ravel()
        rows = np.concatenate([basis, _small_similarities(shape)])
        coefficients = np.linalg.solve(rows @ rows.T + ridge, rows @ wanted)[:count]
        shape = model.mean + (coefficients @ basis).reshape(-1, 3)
    projected = fit_similarity(shape, vertices).apply(shape)
    return Projection(projected, coefficients, np.linalg.norm(vertices - projected, axis=1))


def _small_similarities(shape: Points) -> NDArray[np.float64]:
    """How a small translation, turn and change of size move a shape (n, 3): (7, 3 n)."""
    translations = np.broadcast_to(np.eye(3)[:, None], (3, *shape.shape))
    turns = np.cross(np.eye(3)[:, None], shape[None])
    return np.concatenate([translations, turns, shape[None]]).reshape(SIMILARITY_PARAMETERS, -1)


def model_at_template(face_model: FaceModel, template: Template, chosen: NDArray[np.integer]) -> LinearModel:
    """The face model at chosen vertices (n,) of the template, which lie on its mean neutral face."""
    triangles = face_model.triangles[(face_model.triangles < FACE.stop).all(axis=1)]
    places = Surface(face_model.neutral, triangles).nearest(to_millimetres(template.canonical[chosen]))
    directions = np.concatenate([face_model.identity, face_model.expression]).reshape(-1, len(face_model.neutral), 3)
    deviations = np.ones(len(directions))
    deviations[len(face_model.identity) :] = EXPRESSION_DEVIATION
    return LinearModel(
        places.interpolate(face_model.neutral),
        np.stack([places.interpolate(direction) for direction in directions]),
        deviations,
    )
