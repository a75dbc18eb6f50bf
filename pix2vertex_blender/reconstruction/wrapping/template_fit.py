"""The template is registered to what the network says of a scan, and drawn onto the scan's own surface."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

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
from .beyond_face import clean_parts, follow_clean_parts
from .correspondence import SeenView, canonical_of
from .head_search import NO_FACE
from .likely_head import Beyond, likely_head
from .picture_terms import follow_picture
from .scan import Scan
from .scan_surface import ScanSurface
from .second_look import Namer
from .surface_fit import SlidingParameters, SurfaceFit, fit_to_surface, slide

Array = NDArray[np.float64]

#: What of a clean scan beyond the face tells how a person looks; a neck ends anyhow.
SHAPED = ("left ear", "right ear", "scalp")


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


def fit_template(
    scan: Scan, views: Sequence[SeenView], maps: FaceMaps, seed: int, clock: StageClock, namer: Namer | None = None
) -> TemplateFit:
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
    namer : Namer, optional
        Looks at the likeliest head as the scan was looked at.

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
        if namer is None:
            registration, slid = _registered_once(target, aligned, clock)
        else:
            registration, slid = _registered_twice(target, aligned, surface, namer, clock)
        if scan.is_coloured:
            slid = follow_picture(slid, target, views[0].picture)
        fit = fit_to_surface(
            fit_mouth(slid, target, maps),
            template,
            target,
            lambda stage, fraction: clock.progress(stage, (1 + fraction) / 2),
        )
        vertices, followed = follow_clean_parts(fit.vertices, template, surface)
        fit = replace(fit, vertices=clear_eyeballs(template, vertices), followed=followed)
    return TemplateFit(target, registration, fit)


def _registered_once(target: TargetIndex, aligned: Array, clock: StageClock) -> tuple[Registration, Array]:
    """The template registered to what the network says, and slid until it bends the mean head least."""
    registration = _registered(target, aligned, load_template().canonical, clock, 0)
    return registration, _slid(registration, target, aligned)


def _registered_twice(
    target: TargetIndex, aligned: Array, surface: ScanSurface, namer: Namer, clock: StageClock
) -> tuple[Registration, Array]:
    """The template registered, and again with the likeliest head's names, and slid until it bends that head least."""
    template = load_template()
    first = _registered(target, aligned, template.canonical, clock, 0)
    beyond = _beyond(first.vertices, surface)
    likely = likely_head(first.vertices, template, target, beyond)
    if beyond is not None:
        # Ears that lie beside the scan's do not look clean yet.
        beyond = _beyond(likely, surface)
        likely = likely_head(first.vertices, template, target, beyond)
    if not _alike(likely, first):
        return first, _slid(first, target, aligned)
    second = _registered(target, likely, namer(likely), clock, 1)
    likely = likely_head(second.vertices, template, target, beyond)
    slid = slide(likely, likely, template, target) if _alike(likely, second) else None
    return second, _slid(second, target, aligned) if slid is None else slid


def _registered(target: TargetIndex, start: Array, names: Array, clock: StageClock, part: int) -> Registration:
    """The template registered from where it is (n, 3) to what the network calls (n, 3) its vertices."""
    template = load_template()
    return register(
        start,
        template.faces,
        names,
        target,
        NETWORK_MAPS,
        template.groups["face"],
        mirror=template.mirror,
        progress=lambda stage, fraction: clock.progress(stage, (part + fraction) / 4),
    )


def _slid(registration: Registration, target: TargetIndex, reference: Array) -> Array:
    """The registered template where it bends a reference (n, 3) least, or where it is."""
    slid = slide(registration.vertices, reference, load_template(), target)
    return registration.vertices if slid is None else slid


def _beyond(vertices: Array, surface: ScanSurface) -> Beyond | None:
    """What the scan shows beyond the face of a template (n, 3) that lies on it; None where it is not clean."""
    clean = clean_parts(vertices, load_template(), surface)
    followed = [part for name, part in clean.items() if name in SHAPED]
    return Beyond(surface, np.any(followed, axis=0)) if followed else None


def _alike(likely: Array, registration: Registration) -> bool:
    """Whether the likeliest head is the registered one, and not of an expression that the basis cannot say."""
    face = load_template().groups["face"] > 0.5
    apart = np.linalg.norm(likely - registration.vertices, axis=1)[face]
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
