"""Ears, scalp and neck are drawn onto a scan where it is clean, as with a bald cap; elsewhere they stay completed.

The network says nothing of them, so that only the scan tells. A part is followed if most of it has the scan near and
facing the same way, if the scan there is as smooth as a stiff template that is laid onto it, which hair is not, and,
where it has colours, if they are about those of the face.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...exchange.progress import silent
from ...geometry.extension import SmoothExtension
from ...geometry.mesh import normalise, triangulate, vertex_normals
from ...template import Template
from ..corrections.picture_edges import DARK
from ..registration.contacts import Folds
from ..registration.deformation import Array
from ..registration.elasticity import Deformable
from ..registration.matching import Matches
from ..registration.registration import RegistrationParameters, facing, fit_closely, robust_weights
from ..registration.untangling import Untangler
from .scan_surface import PointsOnScan, ScanSurface


@dataclass(frozen=True)
class BeyondParameters:
    """When parts beyond the face are followed, and how. Lengths are in millimetres.

    Attributes
    ----------
    stiff, soft : tuple of float
        Stiffnesses, as those of `SurfaceParameters`: of the fit that decides, and of those that follow it.
    rounds : int
        Outer iterations at each.
    reach, largest_angle : float
        The nearest point of the scan counts if it is no farther away and its normal differs by no more degrees.
    least_share : float
        Of a part's vertices such points are there for at least this share.
    roughest, roughest_ear : float
        Degrees between the normals of scan and stiff template in the median: those of a made-up scalp with bumps of two
        millimetres, as of hair, are more, those of a smooth one 1, and ears have folds that are their own.
    most_unlike : float
        The logarithm of the ratio of colours to those of the face, in the median.
    point_weight : float
        See `SurfaceParameters`.
    fading, smoothing : float
        How far from what is followed the deformation fades to none, and over what length it is averaged.
    """

    stiff: tuple[float, ...] = (1e9,)
    soft: tuple[float, ...] = (1e8, 1e7, 1e6, 1e5)
    rounds: int = 3
    reach: float = 15.0
    largest_angle: float = 50.0
    least_share: float = 0.6
    roughest: float = 8.0
    roughest_ear: float = 20.0
    most_unlike: float = 0.5
    point_weight: float = 0.02
    fading: float = 60.0
    smoothing: float = 1.0


def follow_clean_parts(
    vertices: NDArray[np.float64],
    template: Template,
    surface: ScanSurface,
    parameters: BeyondParameters = BeyondParameters(),
) -> tuple[NDArray[np.float64], tuple[str, ...]]:
    """Draw what lies beyond the face onto a scan that is clean there.

    Parameters
    ----------
    vertices : (n, 3)
        The template, whose face lies on the scan.
    template : Template
    surface : ScanSurface
        In the same axes, in millimetres.
    parameters : BeyondParameters

    Returns
    -------
    vertices : (n, 3)
        The face is where it was.
    followed : tuple of str
        The names of `parts`.
    """
    clean = clean_parts(vertices, template, surface, parameters)
    if not clean:
        return vertices, ()
    stiffnesses = (*parameters.stiff, *parameters.soft)
    moved = _fitted(vertices, template, surface, clean, stiffnesses, parameters)
    face, whole = template.groups["face"], np.any(list(clean.values()), axis=0)
    change = np.where(whole[:, None], moved - vertices, 0.0)
    # What lies between the face and what is followed goes a part of the way, and so does what lies beyond.
    spread = SmoothExtension(vertices, template.faces).extend(
        change, np.maximum(whole, face), np.zeros(3), parameters.smoothing, parameters.fading
    )
    followed = vertices + (1 - face)[:, None] * spread
    crossed = Untangler(vertices, triangulate(template.faces), Folds(vertices, triangulate(template.faces))).find(
        followed
    )
    # What would fold over itself is not as clean as it seemed.
    return (vertices, ()) if crossed.any.any() else (followed, tuple(clean))


def clean_parts(
    vertices: NDArray[np.float64],
    template: Template,
    surface: ScanSurface,
    parameters: BeyondParameters = BeyondParameters(),
) -> dict[str, NDArray[np.bool_]]:
    """Those of `parts` on which a scan is skin, for a template (n, 3) whose face lies on it."""
    near = _near(vertices, template, surface, parameters)
    inside = {name: part for name, part in parts(template).items() if near[part].mean() >= parameters.least_share}
    if not inside:
        return {}
    stiff = _fitted(vertices, template, surface, inside, parameters.stiff, parameters)
    return _clean(stiff, template, surface, inside, parameters)


def parts(template: Template) -> dict[str, NDArray[np.bool_]]:
    """The vertices (n,) of each part that is followed or not as a whole."""
    groups = template.groups
    ears = groups["ears"] > 0.5
    return {
        "left ear": ears & (groups["left"] > 0.5),
        "right ear": ears & (groups["right"] > 0.5),
        "scalp": (groups["scalp"] > 0.5) & ~ears,
        "neck": (groups["neck"] > 0.5) & ~ears,
    }


def _near(vertices: Array, template: Template, surface: ScanSurface, parameters: BeyondParameters) -> NDArray[np.bool_]:
    """Which vertices (n,) have the scan nearby, facing the same way."""
    found = surface.nearest(vertices)
    alike = facing(vertex_normals(vertices, template.faces), surface.normals(found), parameters.largest_angle)
    return found.inside & (found.distances < parameters.reach) & alike


def _clean(
    stiff: Array,
    template: Template,
    surface: ScanSurface,
    chosen: dict[str, NDArray[np.bool_]],
    parameters: BeyondParameters,
) -> dict[str, NDArray[np.bool_]]:
    """The chosen parts on which the scan is skin, for a stiff template (n, 3) that lies on it."""
    found, near = surface.nearest(stiff), _near(stiff, template, surface, parameters)
    corners = surface.scan.triangles[found.triangles]
    smoothed = normalise(np.einsum("kc,kcx->kx", found.weights, surface.scan.normals()[corners]))
    cosines = np.einsum("ij,ij->i", vertex_normals(stiff, template.faces), smoothed)
    angles = np.degrees(np.arccos(np.clip(cosines, -1, 1)))
    unlike = _unlike_face(template, surface, found, near)
    clean = {}
    for name, part in chosen.items():
        seen = part & near
        roughest = parameters.roughest_ear if name.endswith("ear") else parameters.roughest
        if near[part].mean() < parameters.least_share or np.median(angles[seen]) > roughest:
            continue
        if np.median(unlike[seen]) <= parameters.most_unlike:
            clean[name] = part
    return clean


def _unlike_face(
    template: Template, surface: ScanSurface, found: PointsOnScan, near: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """How much the colours of points (n,) differ from the typical one of the face: logarithms; 0 without colours."""
    face = near & (template.groups["face"] > 0.5)
    if not surface.scan.is_coloured or not face.any():
        return np.zeros(len(near))
    colours = np.log(surface.colours(surface.looks(found)).astype(np.float64) + DARK)
    unlike: NDArray[np.float64] = np.abs(colours - np.median(colours[face], axis=0)).max(axis=1)
    return unlike


def _fitted(
    vertices: Array,
    template: Template,
    surface: ScanSurface,
    chosen: dict[str, NDArray[np.bool_]],
    stiffnesses: tuple[float, ...],
    parameters: BeyondParameters,
) -> Array:
    """The template with its face and the chosen parts drawn to the scan, ever more softly."""
    weights = np.maximum(template.groups["face"], np.any(list(chosen.values()), axis=0))
    current = vertices
    for stiffness in stiffnesses:
        sheet = Deformable(current, template.faces, template.canonical, weights, parameters.fading)
        settings = replace(
            RegistrationParameters(),
            last_stiffness=stiffness,
            most_rounds=parameters.rounds,
            point_weight=parameters.point_weight,
        )

        def match(moved: Array, sheet: Deformable = sheet) -> tuple[Matches, Array]:
            return _matches(moved, sheet, surface, parameters)

        folds = Folds(sheet.reference, sheet.triangles)
        current = fit_closely(sheet, sheet.reference, match, folds, settings, silent).vertices * sheet.unit
    return current


def _matches(
    vertices: Array, sheet: Deformable, surface: ScanSurface, parameters: BeyondParameters
) -> tuple[Matches, Array]:
    """The nearest points of the scan, and how much (n,) each counts."""
    found = surface.nearest(vertices * sheet.unit)
    corners = surface.scan.vertices[surface.scan.triangles[found.triangles]]
    points = np.einsum("kc,kcx->kx", found.weights, corners) / sheet.unit
    normals = surface.normals(found)
    matches = Matches(points, normals, np.zeros_like(points), found.distances / sheet.unit, found.inside)
    believed = found.inside & (found.distances < parameters.reach) & (sheet.weights > 0)
    believed &= facing(sheet.normals(vertices), normals, parameters.largest_angle)
    if not believed.any():
        return matches, np.zeros(len(vertices))
    robust = robust_weights(vertices, matches, believed, RegistrationParameters().outlier_factor)
    return matches, sheet.weights * sheet.mass * believed * robust
