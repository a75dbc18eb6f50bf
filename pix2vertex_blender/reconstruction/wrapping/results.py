"""What is handed out of a wrapped head: the reconstruction, where it lies in the scan, and how well."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ...exchange.progress import StageClock
from ...exchange.report import Report
from ...exchange.result import Reconstruction
from ...exchange.view import View, no_pins
from ...exchange.wrap_report import WrapReport
from ...expression.mouth import Wearer
from ...expression.parts import place_parts
from ...geometry.mesh import triangulate, vertex_areas, vertex_normals
from ...geometry.similarity import Similarity, fit_similarity
from ...template import Template, load_template
from ...template.eyeballs import place_both
from ..photo.boxes import box_around
from ..photo.photo import Photo, cut_square, encode_png
from ..registration.matching import TargetIndex
from ..registration.registration import facing
from ..reports import registration_report, template_report, versions
from .correspondence import SeenView, with_true_geometry
from .head_part import HeadPart
from .scan import Scan
from .surface_detail import detail_of_scan
from .template_fit import TemplateFit

#: Distances from the scan are told of vertices no farther away than this (mm).
FARTHEST = 10.0
#: Resolution of the picture that is kept with the head.
CROP = 1024


@dataclass(frozen=True)
class WrappedHead:
    """Our head on a scan.

    Attributes
    ----------
    reconstruction : Reconstruction
        In the head frame, in real millimetres.
    placement : Similarity
        From the head frame to the scan's own coordinates.
    vertices : (c, 3)
        The template's vertices of level 0, in its order, in the scan's own coordinates.
    report : WrapReport
    """

    reconstruction: Reconstruction
    placement: Similarity
    vertices: NDArray[np.float64]
    report: WrapReport


def finished(
    scan: Scan,
    part: HeadPart,
    views: Sequence[SeenView],
    fit: TemplateFit,
    detail_level: int,
    device: str,
    clock: StageClock,
) -> WrappedHead:
    """Add detail, and turn everything into the upright frame of the head.

    Parameters
    ----------
    scan : Scan
        The whole.
    part : HeadPart
    views : sequence of SeenView
    fit : TemplateFit
    detail_level : int
        Of the result.
    device : str
        For the report.
    clock : StageClock
    """
    kept = _kept_view(views[0], part, fit)
    reconstruction = _reconstruction(kept, views[0], fit, detail_level, clock)
    placement = part.from_scan.inverse().after(views[0].picture.viewpoint.pose.inverse().after(_pose(kept)))
    vertices = placement.apply(reconstruction.coarse_vertices)
    report = _report(scan, part, views, fit, vertices, clock)
    return WrappedHead(
        reconstruction, placement, vertices, replace(report, matrix=placement.matrix.tolist(), device=device)
    )


def _pose(kept: View) -> Similarity:
    """From the head frame to the kept view's camera."""
    return Similarity(1.0, kept.head_to_camera[:3, :3], kept.head_to_camera[:3, 3])


def _reconstruction(
    kept: View, view: SeenView, fit: TemplateFit, detail_level: int, clock: StageClock
) -> Reconstruction:
    template, level = load_template(), load_template(detail_level)
    with clock.stage("detail"):
        vertices = template.subdivide(fit.surface.vertices, detail_level)
        detail = detail_of_scan(vertices, level, fit.target, partial(clock.progress, "detail", 0.5))
    upright = kept.frame.to_head
    coarse = upright(fit.surface.vertices)
    return Reconstruction(
        vertices=upright(vertices),
        faces=level.faces.astype(np.int32),
        uvs=level.uvs.astype(np.float32),
        detail=detail @ kept.head_to_camera[:3, :3],
        groups={name: weights.astype(np.float32) for name, weights in level.groups.items()},
        landmarks_68=level.landmarks_68.astype(np.int32),
        eyeballs=place_both(template, coarse),
        views=(kept,),
        coarse_vertices=coarse,
        automatic_vertices=coarse,
        detail_level=level.level,
        mouth=place_parts(Wearer.as_in_photo(coarse)),
        report=_photo_report(view, fit, clock),
    )


def _report(
    scan: Scan,
    part: HeadPart,
    views: Sequence[SeenView],
    fit: TemplateFit,
    vertices: NDArray[np.float64],
    clock: StageClock,
) -> WrapReport:
    """How the template lies on the scan, with its vertices (c, 3) in the scan's own coordinates."""
    template = load_template()
    distances, covered = distances_from(fit.surface.vertices, template, fit.target)
    return WrapReport(
        scan_vertices=len(scan.vertices),
        scan_triangles=len(scan.triangles),
        unit=part.unit,
        unit_found=part.unit_found,
        millimetres_per_unit=part.from_scan.scale,
        confidence=round(views[0].maps.confidence, 4),
        views=len(views),
        median_distance_mm=round(float(np.median(distances)), 4) if len(distances) else float("nan"),
        p95_distance_mm=round(float(np.percentile(distances, 95)), 4) if len(distances) else float("nan"),
        covered=round(covered, 4),
        followed=list(fit.surface.followed),
        landmarks_68=template.landmark_points(vertices).tolist(),
        seconds=clock.seconds,
        versions=versions(),
    )


def distances_from(
    vertices: NDArray[np.float64], template: Template, target: TargetIndex
) -> tuple[NDArray[np.float64], float]:
    """How far the face lies from a scan.

    Parameters
    ----------
    vertices : (n, 3)
        At level 0, in millimetres.
    template : Template
    target : TargetIndex

    Returns
    -------
    distances : (k,)
        Of the face's vertices for which the scan has a surface.
    covered : float
        Their share of the face's area.
    """
    face = template.groups["face"] > 0.5
    found = target.match_positions(vertices, face)
    apart = np.linalg.norm(found.points - vertices, axis=1)
    normals = vertex_normals(vertices, template.faces)
    lying = face & found.inside & (apart < FARTHEST) & facing(normals, found.normals, 60.0)
    areas = vertex_areas(vertices, triangulate(template.faces))
    return apart[lying], float(areas[lying].sum() / areas[face].sum())


def _kept_view(view: SeenView, part: HeadPart, fit: TemplateFit) -> View:
    """The view as later steps need it: texture, pins, camera; its pose parted from the shape (Beyond 3DMM, eq. 11)."""
    template, maps = load_template(), with_true_geometry(view, part.head)
    pose = fit_similarity(template.vertices, fit.surface.vertices, template.groups["face"])
    crop = cut_square(Photo("scan", view.picture.pixels), view.square, CROP).pixels
    return View(
        view.picture.viewpoint.size,
        view.square.to_photo(len(maps.mask)),
        replace(pose, scale=1.0).matrix,
        maps,
        encode_png(crop),
        no_pins(),
    )


def _photo_report(view: SeenView, fit: TemplateFit, clock: StageClock) -> Report:
    """What the head's record says of the picture that it keeps."""
    template = load_template()
    landmarks = view.picture.viewpoint.camera.project(template.landmark_points(fit.surface.vertices))
    return Report(
        photo="scan",
        photo_size=view.picture.viewpoint.size,
        confidence=round(view.maps.confidence, 4),
        second_pass=True,
        registration=registration_report(fit.registration),
        template=template_report(template),
        versions=versions(),
        landmarks_68=landmarks.tolist(),
        automatic_landmarks_68=landmarks.tolist(),
        face_box=list(box_around(landmarks)),
        seconds=clock.seconds,
    )
