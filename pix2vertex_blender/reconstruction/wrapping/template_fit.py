"""The template is registered to what the network says of a scan, and drawn onto the scan's own surface."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...errors import FaceNotFoundError
from ...exchange.maps import FaceMaps
from ...exchange.progress import StageClock
from ...template import load_template
from ..corrections.eyelids import clear_eyeballs
from ..corrections.mouth import fit_mouth
from ..registration.alignment import align
from ..registration.matching import TargetIndex
from ..registration.registration import NETWORK_MAPS, Registration, register
from ..registration.target import TargetMesh, make_target
from .beyond_face import follow_clean_parts
from .correspondence import SeenView, canonical_of
from .head_search import NO_FACE
from .picture_terms import follow_picture
from .scan import Scan
from .surface_fit import SurfaceFit, fit_to_surface, slide


@dataclass(frozen=True)
class TemplateFit:
    """The template on a scan, in the axes of the first view's camera.

    Attributes
    ----------
    target : TargetIndex
        What the views have read of the scan.
    registration : Registration
        To what the network says.
    surface : SurfaceFit
        To the scan itself.
    """

    target: TargetIndex
    registration: Registration
    surface: SurfaceFit


def fit_template(scan: Scan, views: Sequence[SeenView], maps: FaceMaps, seed: int, clock: StageClock) -> TemplateFit:
    """Fit the template to what views have read of a scan.

    Parameters
    ----------
    scan : Scan
        The part around the head, in millimetres.
    views : sequence of SeenView
        One or more.
    maps : FaceMaps
        Of the first view, with the scan's own surface.
    seed : int
    clock : StageClock

    Raises
    ------
    FaceNotFoundError
        If the views say nothing of the scan.
    """
    template = load_template()
    with clock.stage("target"):
        target = TargetIndex(_target(scan, views))
    with clock.stage("alignment"):
        generator, face = np.random.default_rng(seed), template.groups["face"]
        aligned = align(template.vertices, template.canonical, target, generator, weights=face).apply(template.vertices)
    with clock.stage("registration"):
        registration = register(
            aligned,
            template.faces,
            template.canonical,
            target,
            NETWORK_MAPS,
            face,
            mirror=template.mirror,
            progress=lambda stage, fraction: clock.progress(stage, fraction / 2),
        )
        slid = slide(registration.vertices, aligned, template, target)
        if scan.is_coloured:
            slid = follow_picture(slid, target, views[0].picture)
        fit = fit_to_surface(
            fit_mouth(slid, target, maps),
            template,
            target,
            lambda stage, fraction: clock.progress(stage, (1 + fraction) / 2),
        )
        placed = replace(scan, vertices=views[0].picture.viewpoint.pose.apply(scan.vertices))
        vertices, followed = follow_clean_parts(fit.vertices, template, placed)
        fit = replace(fit, vertices=clear_eyeballs(template, vertices), followed=followed)
    return TemplateFit(target, registration, fit)


def _target(scan: Scan, views: Sequence[SeenView]) -> TargetMesh:
    canonical = canonical_of(scan, views)
    known = np.isfinite(canonical).all(axis=1)
    triangles = scan.triangles[known[scan.triangles].all(axis=1)]
    if len(triangles) == 0:
        raise FaceNotFoundError(NO_FACE)
    used, triangles = np.unique(triangles, return_inverse=True)
    placed = views[0].picture.viewpoint.pose.apply(scan.vertices[used])
    return make_target(placed, triangles.reshape(-1, 3), canonical[used])
