"""A registered template is drawn onto a scan's own surface, with a stiffness that decreases (pix2vertex, eq. 8).

First it slides: the network's correspondence is some millimetres off, and a stiff template that is drawn to the true
surface, but hardly to points of it, comes to rest where its nose, lips and lids fit those of the scan.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...exchange.progress import Progress, silent
from ...geometry.mesh import triangulate
from ...geometry.similarity import fit_similarity
from ...template import Template
from ...template.canonical import SIZE
from ..registration.contacts import Folds, grow
from ..registration.deformation import Array
from ..registration.elasticity import Deformable
from ..registration.matching import Matches, TargetIndex
from ..registration.registration import RegistrationParameters, facing, fit_closely, robust_weights
from ..registration.untangling import RINGS, Untangler


@dataclass(frozen=True)
class SurfaceParameters:
    """How closely a scan is followed. Lengths are in millimetres on a face of the mean face's size.

    Attributes
    ----------
    stiffnesses : tuple of float
        In the unit of the registration. Its published last one, 10^6, lets the template bend over about 14 mm; each of
        these over 1.8 times less than the one before it, the last one over the template's edges.
    rounds : int
        Outer iterations at each.
    reach : float
        The nearest point of the scan counts if it is no farther away than this.
    canonical_reach : float
        And if the network takes it for a point no farther away than this, so that lips do not stick to chins.
    largest_angle : float
        And if its normal agrees, in degrees.
    point_weight : float
        What holds vertices on the surface from sliding, over the weight that draws them to it.
    fading : float
        How far from what is followed the deformation fades to none.
    """

    stiffnesses: tuple[float, ...] = (3e5, 3e4, 3e3)
    rounds: int = 3
    reach: float = 4.0
    canonical_reach: float = 15.0
    largest_angle: float = 50.0
    point_weight: float = 0.02
    fading: float = 15.0


@dataclass(frozen=True)
class SlidingParameters(SurfaceParameters):
    """How the template slides; what it is bent by is the deformation from the mean head, and all counts that is near.

    Attributes
    ----------
    farthest : float
        Where a tenth of the face slides farther than this, more than the network errs, it is a strong expression that
        bends the mean head, and nothing slides.
    """

    stiffnesses: tuple[float, ...] = (1e8, 1e7)
    rounds: int = 8
    reach: float = 8.0
    canonical_reach: float = 20.0
    point_weight: float = 0.001
    fading: float = 20.0
    farthest: float = 6.0


@dataclass(frozen=True)
class SurfaceFit:
    """The template on the scan.

    Attributes
    ----------
    vertices : (n, 3)
    matched : (n,) bool
        Which of them lie on the scan; the others follow them.
    followed : tuple of str
        The parts beyond the face that lie on it as well: see `beyond_face.parts`.
    """

    vertices: NDArray[np.float64]
    matched: NDArray[np.bool_]
    followed: tuple[str, ...] = ()


def slide(
    vertices: NDArray[np.float64],
    aligned: NDArray[np.float64],
    template: Template,
    target: TargetIndex,
    parameters: SlidingParameters = SlidingParameters(),
) -> NDArray[np.float64] | None:
    """Let the registered template (n, 3) slide along a scan until it is bent as little as possible.

    None where that would push lips through each other, or lead too far from where it is.

    Parameters
    ----------
    vertices : (n, 3)
    aligned : (n, 3)
        The head that is bent, the mean one or a likelier one, laid over the scan.
    template : Template
    target : TargetIndex
    parameters : SlidingParameters
    """
    sheet = Deformable(aligned, template.faces, template.canonical, template.groups["face"], parameters.fading)
    folds = Folds(sheet.reference, sheet.triangles)
    current = vertices / sheet.unit
    for stiffness in parameters.stiffnesses:
        settings = replace(
            RegistrationParameters(),
            last_stiffness=stiffness,
            most_rounds=parameters.rounds,
            point_weight=parameters.point_weight,
        )
        current = fit_closely(
            sheet, current, lambda moved: _matches(moved, sheet, target, parameters), folds, settings, silent
        ).vertices
    slid, tangles = _untangler(sheet, folds).repair(current)
    distances = np.linalg.norm(slid - vertices / sheet.unit, axis=1)[template.groups["face"] > 0.5]
    usable = np.percentile(distances, 90) < parameters.farthest and not tangles.any.any()
    return slid * sheet.unit if usable else None


def fit_to_surface(
    vertices: NDArray[np.float64],
    template: Template,
    target: TargetIndex,
    progress: Progress,
    parameters: SurfaceParameters = SurfaceParameters(),
) -> SurfaceFit:
    """Draw the registered template (n, 3) onto the surface of a scan.

    Only what is seen of a face is followed, where its normals agree with the scan's: not hair, shoulders or holes.
    """
    face = template.groups["face"]
    current, used = vertices, np.zeros(len(vertices))
    for number, stiffness in enumerate(parameters.stiffnesses):
        # What an earlier stiffness has bent is the shape from which the next one bends.
        sheet = Deformable(current, template.faces, template.canonical, face, parameters.fading)
        folds = Folds(sheet.reference, sheet.triangles)
        settings = replace(
            RegistrationParameters(),
            last_stiffness=stiffness,
            most_rounds=parameters.rounds,
            point_weight=parameters.point_weight,
        )

        def match(moved: Array, sheet: Deformable = sheet) -> tuple[Matches, Array]:
            return _matches(moved, sheet, target, parameters)

        def tell(stage: str, fraction: float, number: int = number) -> None:
            progress(stage, (number + fraction) / len(parameters.stiffnesses))

        fit = fit_closely(sheet, sheet.reference, match, folds, settings, tell)
        current, used = fit.vertices * sheet.unit, fit.used
    rest = Deformable(vertices, template.faces, template.canonical, face)
    repaired, _tangles = _untangler(rest, Folds(rest.reference, rest.triangles)).repair(current / rest.unit)
    return SurfaceFit(repaired * rest.unit, used > 0)


def without_cuts(vertices: NDArray[np.float64], template: Template) -> NDArray[np.float64]:
    """A head (n, 3) in millimetres whose cuts are smoothed away, also those that it had before it was drawn to a scan.

    What repairs a step takes what cut before that step for its shape; the mean head cuts nothing.
    """
    rest = fit_similarity(template.vertices, vertices, template.groups["face"]).apply(template.vertices)
    triangles = triangulate(template.faces)
    close = grow(template.groups["face"] > 0, triangles, RINGS)
    return Untangler(rest, triangles, Folds(vertices, triangles), close).repair(vertices)[0]


def _untangler(sheet: Deformable, folds: Folds) -> Untangler:
    """What finds cuts anywhere in the face: nostrils are no openings of the template, and lips have inner sides."""
    close = grow(sheet.weights > 0, sheet.triangles, RINGS)
    return Untangler(sheet.reference, sheet.triangles, folds, close)


def _matches(
    vertices: Array, sheet: Deformable, target: TargetIndex, parameters: SurfaceParameters
) -> tuple[Matches, Array]:
    """The nearest points of the scan, and how much (n,) each counts."""
    found = target.match_positions(vertices * sheet.unit, sheet.weights > 0).scaled(1 / sheet.unit)
    apart = np.linalg.norm(found.canonical - sheet.canonical, axis=1) * SIZE
    near = np.linalg.norm(vertices - found.points, axis=1) < parameters.reach
    believed = found.inside & near & (apart < parameters.canonical_reach)
    believed &= facing(sheet.normals(vertices), found.normals, parameters.largest_angle)
    if not believed.any():
        return found, np.zeros(len(vertices))
    robust = robust_weights(vertices, found, believed, RegistrationParameters().outlier_factor)
    return found, sheet.weights * sheet.mass * believed * robust
