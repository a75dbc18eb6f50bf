"""How people's heads differ, as a basis, and what was learnt of how their faces show it."""

from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...data_files import check
from ...geometry.similarity import Similarity, fit_similarity
from ...paths import LIKENESS_FILE
from ...template import Template, load_template


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


def face_vertices(template: Template) -> NDArray[np.bool_]:
    """The vertices (n,) that belong to the face and by which heads are laid over each other."""
    chosen: NDArray[np.bool_] = template.groups["face"] > 0.5
    return chosen


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
