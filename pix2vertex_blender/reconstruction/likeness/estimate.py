"""Whose head it is: what the maps show and what the identity network reads, together."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...template import load_template
from .model import LikenessModel, face_vertices
from .shown import deviations_by_view

#: Confidence of the maps up to which their head stays as it is registered, and from which it changes most.
DOUBTED, TRUSTED = 0.6, 0.8
#: Millimetres by which the likeliest heads of a picture and of its mirror image may differ before they count less, and
#: from which they do not count (`benchmarks.agreement`).
AGREEING, CONTRARY = 1.9, 2.5


@dataclass(frozen=True)
class Likeness:
    """A person's likeliest head.

    Attributes
    ----------
    coefficients : (k,)
        Of the model's basis.
    strength : float
        How far what is known of it is to be trusted, 0 to 1.
    apart : float
        Millimetres by which that of the picture differs from that of its mirror image.
    """

    coefficients: NDArray[np.float64]
    strength: float
    apart: float = 0.0


def estimate(
    views: NDArray[np.float32], read: NDArray[np.float64], confidence: float, model: LikenessModel
) -> Likeness | None:
    """The likeliest head.

    Parameters
    ----------
    views : (k, 8, S, S)
        What the network says about an upright square that the face fills, and about its mirror image. Each is looked at
        by itself: in the mean of both the points lie differently, because correspondences are smoothed as well.
    read : (2, k)
        What the identity network says about the square and its mirror image.
    confidence : float
        Of the maps that the head was registered to.
    model : LikenessModel

    Returns
    -------
    Likeness, or None if too little of a face is seen.
    """
    found = deviations_by_view(views, load_template(), model.points)
    if found is None:
        return None
    shown = estimate_coefficients(model, *found)
    apart = disagreement(model, shown, read)
    strength = likeness_strength(confidence) * agreement_strength(apart)
    return Likeness(blend(model, shown.mean(axis=0), read), strength, apart)


def likeness_strength(confidence: float) -> float:
    """How far the likeliest head is to be trusted, 0 to 1: where the maps are unsure, that would be the mean head."""
    return float(np.clip((confidence - DOUBTED) / (TRUSTED - DOUBTED), 0.0, 1.0))


def agreement_strength(apart: float) -> float:
    """How far the likeliest head is to be trusted, 0 to 1, if those of picture and mirror image are so far apart."""
    return float(np.clip((CONTRARY - apart) / (CONTRARY - AGREEING), 0.0, 1.0))


def estimate_coefficients(
    model: LikenessModel, deviations: NDArray[np.floating], seen: NDArray[np.floating] | NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Coefficients (..., k) of the likeliest heads, from what `view_deviations` gives (..., p, 3) and (..., p)."""
    shown = (deviations - model.shown_mean).reshape(*seen.shape[:-1], -1)
    features = np.concatenate([shown, model.seen_weight * (seen - model.seen_mean)], axis=-1)
    coefficients: NDArray[np.float64] = features @ model.regression + model.coefficient_mean
    return coefficients


def blend(model: LikenessModel, shown: NDArray[np.float64], read: NDArray[np.float64]) -> NDArray[np.float64]:
    """Coefficients (..., k) of the likeliest heads, from those that the maps tell and those that the network reads.

    Parameters
    ----------
    shown : (..., k)
        From `estimate_coefficients`.
    read : (..., 2, k)
        Of the picture and of its mirror image, as `network.identity.read_identity` gives them.
    """
    both = np.concatenate([shown, readings_together(model, read)], axis=-1)
    blended: NDArray[np.float64] = both @ model.joint + model.joint_offset
    return blended


def readings_together(model: LikenessModel, read: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean (..., k) of what the network reads (..., 2, k) of a picture and of its mirror image."""
    mean: NDArray[np.float64] = (read[..., 0, :] + read[..., 1, :] @ model.mirror) / 2
    return mean


def disagreement(model: LikenessModel, shown: NDArray[np.float64], read: NDArray[np.float64]) -> float:
    """Millimetres, over the face, by which the likeliest head of a picture differs from that of its mirror image.

    Parameters
    ----------
    shown, read : (2, k)
        What maps tell and what the network reads of the picture and of its mirror image, as in `blend`; what is shown
        of the latter is mirrored back already.
    """
    back = np.stack([read[0], read[1] @ model.mirror])
    one, other = np.concatenate([shown, back], axis=1) @ model.joint
    return float(np.linalg.norm(one - other) / np.sqrt(face_vertices(load_template()).sum()))
