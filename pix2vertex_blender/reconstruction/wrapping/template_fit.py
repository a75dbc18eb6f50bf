"""The template is registered to what the network says of a scan, and drawn onto the scan's own surface."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...errors import FaceNotFoundError
from ...exchange.maps import FaceMaps
from ...exchange.progress import Progress, StageClock
from ...template import load_template
from ..corrections.eyelids import clear_eyeballs
from ..corrections.mouth import fit_mouth
from ..registration.alignment import align
from ..registration.matching import TargetIndex
from ..registration.registration import NETWORK_MAPS, Registration, register
from ..registration.target import TargetMesh, make_target
from .beyond_face import clean_parts, follow_clean_parts
from .correspondence import SeenView, canonical_of
from .head_search import NO_FACE
from .likely_head import Beyond, LikelyParameters, likely_head
from .picture_terms import follow_picture
from .scan import Scan
from .scan_surface import ScanSurface
from .surface_fit import SlidingParameters, SurfaceFit, fit_to_surface, slide, without_cuts

Array = NDArray[np.float64]

#: What of a clean scan beyond the face tells how a person looks; a neck ends anyhow.
SHAPED = ("left ear", "right ear", "scalp")
#: How the head is found that tells which of them are clean.
ROUGHLY = LikelyParameters(rounds=4)


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
        placed = replace(scan, vertices=views[0].picture.viewpoint.pose.apply(scan.vertices))
        surface = ScanSurface(placed)
        registration = _registered(aligned, target, lambda stage, fraction: clock.progress(stage, fraction / 2))
        slid = _slid_from_likeliest(registration.vertices, target, aligned, surface)
        if scan.is_coloured:
            slid = follow_picture(slid, target, views[0].picture)
        fit = fit_to_surface(
            fit_mouth(slid, target, maps),
            template,
            target,
            lambda stage, fraction: clock.progress(stage, (1 + fraction) / 2),
        )
        vertices, followed = follow_clean_parts(fit.vertices, template, surface)
        vertices = without_cuts(clear_eyeballs(template, vertices), template)
        fit = replace(fit, vertices=vertices, followed=followed)
    return TemplateFit(target, registration, fit)


def _registered(aligned: Array, target: TargetIndex, progress: Progress) -> Registration:
    """The aligned template (n, 3) registered to what the network says."""
    template = load_template()
    return register(
        aligned,
        template.faces,
        template.canonical,
        target,
        NETWORK_MAPS,
        template.groups["face"],
        mirror=template.mirror,
        progress=progress,
    )


def _slid_from_mean(registered: Array, target: TargetIndex, aligned: Array) -> Array:
    """The registered template (n, 3) where it bends the mean head (n, 3) least, or where it is."""
    slid = slide(registered, aligned, load_template(), target)
    return registered if slid is None else slid


def _slid_from_likeliest(registered: Array, target: TargetIndex, aligned: Array, surface: ScanSurface) -> Array:
    """The registered template (n, 3) where it bends the likeliest head least, or the mean one (n, 3)."""
    template, beyond = load_template(), _beyond(registered, surface)
    if beyond is not None:
        # Ears that lie beside the scan's do not look clean yet.
        beyond = _beyond(likely_head(registered, template, target, beyond, ROUGHLY), surface)
    likely = likely_head(registered, template, target, beyond)
    slid = slide(likely, likely, template, target) if _alike(likely, registered) else None
    return _slid_from_mean(registered, target, aligned) if slid is None else slid


def _beyond(vertices: Array, surface: ScanSurface) -> Beyond | None:
    """What the scan shows beyond the face of a template (n, 3) that lies on it; None where it is not clean."""
    clean = clean_parts(vertices, load_template(), surface)
    followed = [part for name, part in clean.items() if name in SHAPED]
    return Beyond(surface, np.any(followed, axis=0)) if followed else None


def _alike(likely: Array, registered: Array) -> bool:
    """Whether the likeliest head is the registered one, and not of an expression that the basis cannot say."""
    face = load_template().groups["face"] > 0.5
    apart = np.linalg.norm(likely - registered, axis=1)[face]
    return bool(np.percentile(apart, 90) < SlidingParameters().farthest)


def _target(scan: Scan, views: Sequence[SeenView]) -> TargetMesh:
    canonical = canonical_of(scan, views)
    known = np.isfinite(canonical).all(axis=1)
    triangles = scan.triangles[known[scan.triangles].all(axis=1)]
    if len(triangles) == 0:
        raise FaceNotFoundError(NO_FACE)
    used, triangles = np.unique(triangles, return_inverse=True)
    placed = views[0].picture.viewpoint.pose.apply(scan.vertices[used])
    return make_target(placed, triangles.reshape(-1, 3), canonical[used])
