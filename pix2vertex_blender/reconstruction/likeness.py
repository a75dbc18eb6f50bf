"""The likeliest head: what is seen of a face, weighed against how faces differ and how the networks err.

The registered head follows the maps, and so has their errors, as large as what makes a face differ from the mean. But
errors of one place go together with those of others, and so do the shapes of noses, cheeks and jaws. A linear estimate
learns both from rendered people whose true heads are known (`training.identity.likeness`): the conditional mean of a
head, given where the maps show some points of the template and which of them are seen. A network that looks at all of
the square at once (`network.identity`) estimates the same coefficients. What both say together becomes the head's, as
it was best for people whom neither had met (`training.identity.blend`).
"""

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..data_files import check
from ..errors import FaceNotFoundError
from ..exchange.camera import Camera
from ..exchange.maps import OPEN, FaceMaps
from ..geometry.similarity import Similarity, fit_similarity
from ..paths import LIKENESS_FILE
from ..template import Template, load_template
from .network.maps import read_maps

#: Canonical units (millimetres over 120) within which a pixel shows a point, and the width of its pixels' weights.
SHOWN, WIDTH = 4.0 / 120, 2.5 / 120
#: Points looked for at once: what their distances from all pixels take stays in the processor's cache.
CHUNK = 16
#: Fewer points than this say nothing about a person.
FEWEST_POINTS = 60


#: Confidence of the maps up to which their head stays as it is registered, and from which it changes most.
DOUBTED, TRUSTED = 0.6, 0.8
#: Millimetres by which the likeliest heads of a picture and of its mirror image may differ before they count less, and
#: from which they do not count (`benchmarks.agreement`).
AGREEING, CONTRARY = 1.9, 2.5
#: Of so many of the first ways in which people differ, a face's proportions, the picture itself tells most.
PROPORTIONS = 3
#: What stays of a registered head in the picture, where the maps are to be trusted: of its proportions, of its other
#: forms, and of forms in which people do not differ, most of which are errors of the maps.
KEPT_PROPORTIONS, KEPT_FORMS, KEPT_BEYOND = 0.75, 0.5, 0.25
#: What stays of its depth; of forms in which people do not differ nothing.
KEPT_DEPTH = 0.15


#: By how much what a head has of its own is enlarged where several photos became one head: their heads, each enlarged
#: already (`emphasis`), differ by what is wrong with them, so that their mean is drawn to the mean head once more.
SPREAD = 1.1


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


@dataclass(frozen=True)
class LikenessModel:
    """A linear estimate of heads, in millimetres of the template's rest shape.

    Attributes
    ----------
    points : (p,) int
        Vertices of the template that are looked for in the maps.
    shown_mean : (p, 3)
        Their mean deviation from the rest shape, zero for those that are not seen.
    seen_mean : (p,)
        How often they are seen.
    seen_weight : float
        Millimetres that being seen counts beside the deviations.
    regression : (4 p, k)
        From what is shown and seen, without the means, to coefficients.
    coefficient_mean : (k,)
    basis : (k, n, 3)
        Deviations of all vertices of level 0; orthonormal over those of the face.
    joint : (2 k, k)
        From the coefficients that the maps tell and those that the identity network reads to those of the head.
    joint_offset : (k,)
    """

    points: NDArray[np.int64]
    shown_mean: NDArray[np.float64]
    seen_mean: NDArray[np.float64]
    seen_weight: float
    regression: NDArray[np.float64]
    coefficient_mean: NDArray[np.float64]
    basis: NDArray[np.float64]
    joint: NDArray[np.float64]
    joint_offset: NDArray[np.float64]

    @cached_property
    def mirror(self) -> NDArray[np.float64]:
        """What makes coefficients (..., k) those of the mirrored heads, from the right: (k, k)."""
        template = load_template()
        face = face_vertices(template)
        mirrored = (self.basis * (-1, 1, 1))[:, template.mirror]
        matrix: NDArray[np.float64] = np.einsum("knc,lnc->kl", mirrored[:, face], self.basis[:, face], optimize=True)
        return matrix


@cache
def load_likeness() -> LikenessModel:
    """The estimate that ships."""
    check(LIKENESS_FILE)
    return read_likeness(LIKENESS_FILE)


def read_likeness(path: Path) -> LikenessModel:
    """The estimate of a file that `training.identity.likeness` wrote."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name].astype(np.float64) for name in file.files}
    points, weight = arrays.pop("points").astype(np.int64), float(arrays.pop("seen_weight"))
    return LikenessModel(points=points, seen_weight=weight, **arrays)


def likeness_strength(confidence: float) -> float:
    """How far the likeliest head is to be trusted, 0 to 1: where the maps are unsure, that would be the mean head."""
    return float(np.clip((confidence - DOUBTED) / (TRUSTED - DOUBTED), 0.0, 1.0))


def agreement_strength(apart: float) -> float:
    """How far the likeliest head is to be trusted, 0 to 1, if those of picture and mirror image are so far apart."""
    return float(np.clip((CONTRARY - apart) / (CONTRARY - AGREEING), 0.0, 1.0))


def face_vertices(template: Template) -> NDArray[np.bool_]:
    """The vertices (n,) that belong to the face and by which heads are laid over each other."""
    chosen: NDArray[np.bool_] = template.groups["face"] > 0.5
    return chosen


def shown_points(maps: FaceMaps, canonical: NDArray[np.floating]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Where the maps show points of the template.

    Parameters
    ----------
    maps : FaceMaps
    canonical : (p, 3)
        Their canonical coordinates.

    Returns
    -------
    places : (p, 3)
        Millimetres in the camera's axes.
    seen : (p,) bool
        Whether any pixel shows the point.
    """
    skin = maps.mask & (maps.opening < OPEN)
    shown, geometry = maps.correspondence[skin], maps.geometry[skin]
    from_origin, sought = (shown**2).sum(1), np.asarray(canonical, dtype=np.float32)
    places, nearest = np.empty((len(sought), 3)), np.empty(len(sought))
    for first in range(0, len(sought), CHUNK):
        some = slice(first, first + CHUNK)
        squared = from_origin - 2 * sought[some] @ shown.T
        nearest[some] = squared.min(axis=1)
        weights = np.exp((squared.min(axis=1, keepdims=True) - squared) / (2 * WIDTH**2))
        places[some] = (weights @ geometry) / weights.sum(axis=1, keepdims=True)
    return places, nearest + (canonical**2).sum(1) < SHOWN**2


def shown_deviations(
    maps: FaceMaps, template: Template, points: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]] | None:
    """How far the maps show points of the template from where the rest shape has them, without pose, place and size.

    Returns
    -------
    deviations : (p, 3)
        Millimetres, zero for points that are not seen.
    seen : (p,) bool

    None if too few are seen.
    """
    places, seen = shown_points(maps, template.canonical[points])
    if seen.sum() < FEWEST_POINTS:
        return None
    rest = template.vertices[points]
    deviations = fit_similarity(places[seen], rest[seen]).apply(places) - rest
    deviations[~seen] = 0
    return deviations, seen


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


def view_deviations(
    views: NDArray[np.float32], template: Template, points: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """The mean of `shown_deviations` (p, 3) over views (k, 8, S, S), and in what share of them a point is seen (p,).

    None if any view shows too little.
    """
    found = deviations_by_view(views, template, points)
    return None if found is None else (found[0].mean(axis=0), found[1].mean(axis=0))


def deviations_by_view(
    views: NDArray[np.float32], template: Template, points: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]] | None:
    """`shown_deviations` (k, p, 3) and (k, p) of views (k, 8, S, S); None if any view shows too little."""
    shown = []
    for view in views:
        try:
            deviations = shown_deviations(read_maps(view[None]), template, points)
        except FaceNotFoundError:
            return None
        if deviations is None:
            return None
        shown.append(deviations)
    places, seen = zip(*shown, strict=True)
    return np.stack(places), np.stack(seen)


def likeliest(
    vertices: NDArray[np.float64], camera: Camera, likeness: Likeness, model: LikenessModel
) -> NDArray[np.float64]:
    """The registered head (n, 3), in the camera's axes, on its way to the likeliest one.

    Nearer or farther a vertex moves along its line of sight, so that this part changes nothing in the picture.
    """
    own, to_rest = own_coefficients(vertices, model)
    beyond = to_rest.apply(vertices) - load_template().vertices - np.einsum("k,knc->nc", own, model.basis)
    change = likeness.coefficients - own
    kept = np.where(np.arange(len(own)) < PROPORTIONS, KEPT_PROPORTIONS, KEPT_FORMS)
    across = np.einsum("k,knc->nc", (1 - kept) * change, model.basis) - (1 - KEPT_BEYOND) * beyond
    deep = np.einsum("k,knc->nc", (1 - KEPT_DEPTH) * change, model.basis) - beyond
    # Vectors turn and scale with the frame, and do not move with it.
    to_camera = likeness.strength * to_rest.rotation / to_rest.scale
    nearer = camera.unproject(camera.project(vertices), vertices[:, 2] + (deep @ to_camera)[:, 2])
    return nearer + across @ to_camera * (1.0, 1.0, 0.0)


def spread(vertices: NDArray[np.float64], model: LikenessModel) -> NDArray[np.float64]:
    """A head (n, 3) in any frame, with what makes it differ from the mean one as people differ enlarged by `SPREAD`."""
    return vertices + (SPREAD - 1) * character(vertices, model)


def character(vertices: NDArray[np.float64], model: LikenessModel) -> NDArray[np.float64]:
    """In what (n, 3) a head in any frame differs from the mean one, laid over it by their faces, as people differ.

    Exaggerating what else there is would make folds and dents.
    """
    return differences(*own_coefficients(vertices, model), model)


def differences(coefficients: NDArray[np.float64], to_rest: Similarity, model: LikenessModel) -> NDArray[np.float64]:
    """What coefficients (k,) add to a head (n, 3) in the frame from which `to_rest` lays it over the mean one."""
    added: NDArray[np.float64] = np.einsum("k,knc->nc", coefficients, model.basis) @ to_rest.rotation / to_rest.scale
    return added


def own_coefficients(vertices: NDArray[np.float64], model: LikenessModel) -> tuple[NDArray[np.float64], Similarity]:
    """What a head (n, 3) in any frame has of each way (k,) in which people differ, and what lays it over the mean."""
    template = load_template()
    face = face_vertices(template)
    to_rest = fit_similarity(vertices[face], template.vertices[face])
    own = np.einsum("knc,nc->k", model.basis[:, face], to_rest.apply(vertices)[face] - template.vertices[face])
    return own, to_rest
