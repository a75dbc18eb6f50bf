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
#: How often it is looked for, from where the network has been believed, and again from where it is corrected.
CLEANINGS, AGAIN = 2, 1


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
        registration, slid = _registered(target, aligned, placed, namer, clock)
        if scan.is_coloured:
            slid = follow_picture(slid, target, views[0].picture)
        fit = fit_to_surface(
            fit_mouth(slid, target, maps),
            template,
            target,
            lambda stage, fraction: clock.progress(stage, (1 + fraction) / 2),
        )
        vertices, followed = follow_clean_parts(fit.vertices, template, placed)
        fit = replace(fit, vertices=clear_eyeballs(template, vertices), followed=followed)
    return TemplateFit(target, registration, fit)


def _registered(
    target: TargetIndex, aligned: Array, placed: Scan, namer: Namer | None, clock: StageClock
) -> tuple[Registration, Array]:
    """The template registered to what the network says, and slid to where it belongs on the scan, in its axes."""
    template = load_template()

    def registered(start: Array, names: Array, part: float) -> Registration:
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

    registration = registered(aligned, template.canonical, 0.0)
    if namer is not None:
        surface = ScanSurface(placed)
        likely = _likely(registration.vertices, target, surface, CLEANINGS)
        if likely is not None:
            registration = registered(likely, namer(likely), 1.0)
            likely = _likely(registration.vertices, target, surface, AGAIN)
        slid = None if likely is None else slide(likely, likely, template, target)
        if slid is not None and slid is not likely:
            return registration, slid
    return registration, slide(registration.vertices, aligned, template, target)


def _likely(registered: Array, target: TargetIndex, surface: ScanSurface, cleanings: int) -> Array | None:
    """The likeliest head on a scan; None if it is another one, as of an expression that the basis cannot say."""
    template, likely = load_template(), registered
    for _ in range(cleanings):
        # Ears that lie beside the scan's do not look clean yet.
        clean = clean_parts(likely, template, surface)
        followed = [part for name, part in clean.items() if name in SHAPED]
        beyond = Beyond(surface, np.any(followed, axis=0)) if followed else None
        likely = likely_head(registered, template, target, beyond)
        if beyond is None:
            break
    apart = np.linalg.norm(likely - registered, axis=1)[template.groups["face"] > 0.5]
    return likely if np.percentile(apart, 90) < SlidingParameters().farthest else None


def _target(scan: Scan, views: Sequence[SeenView]) -> TargetMesh:
    canonical = canonical_of(scan, views)
    known = np.isfinite(canonical).all(axis=1)
    triangles = scan.triangles[known[scan.triangles].all(axis=1)]
    if len(triangles) == 0:
        raise FaceNotFoundError(NO_FACE)
    used, triangles = np.unique(triangles, return_inverse=True)
    placed = views[0].picture.viewpoint.pose.apply(scan.vertices[used])
    return make_target(placed, triangles.reshape(-1, 3), canonical[used])
