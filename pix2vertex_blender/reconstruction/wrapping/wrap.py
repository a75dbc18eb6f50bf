"""From a scan to our head on it: the stages in their order."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import cv2
import numpy as np
import scipy
import torch
from numpy.typing import NDArray

from ...errors import FaceNotFoundError, OptionError
from ...exchange.maps import FaceMaps
from ...exchange.progress import Progress, StageClock, silent
from ...exchange.report import RegistrationReport, Report, TemplateReport
from ...exchange.result import Reconstruction
from ...exchange.view import View, no_pins
from ...exchange.wrap_report import AUTOMATIC, UNITS, WrapReport
from ...expression.mouth import Wearer, place_mouth
from ...geometry.mesh import triangulate, vertex_areas, vertex_normals
from ...geometry.similarity import Similarity, fit_similarity
from ...template import Template, load_template
from ...template.canonical import ORIGIN
from ...template.eyeballs import place_both
from ..corrections.eyelids import clear_eyeballs
from ..corrections.mouth import fit_mouth
from ..network.device import choose_device
from ..network.network import load_network
from ..photo.boxes import box_around
from ..photo.face_search import find_faces, localiser_of
from ..photo.photo import Photo, cut_square, encode_png
from ..registration.alignment import align
from ..registration.matching import TargetIndex
from ..registration.registration import NETWORK_MAPS, Registration, facing, register
from ..registration.target import TargetMesh, make_target
from ..second_pass import load_second_pass
from .correspondence import Reader, SeenView, canonical_of, with_true_geometry
from .depth_photo import DepthPhoto
from .head_search import NO_FACE, FoundHead, find_head, pose_of, read_head
from .scan import Scan, checked_scan, clustered
from .surface_detail import detail_of_scan
from .surface_fit import SurfaceFit, fit_to_surface, slide

#: Degrees to the head's left from which it is looked at.
YAWS = (-35.0, 0.0, 35.0)
#: Views of lower confidence say nothing.
LEAST_CONFIDENCE = 0.6
#: How far from the face's middle (mm of the mean face) a scan is looked at.
REACH = 170.0
#: A scan with more vertices there is made coarser, to cells of this side (mm of the mean face).
MOST_VERTICES, CELL = 250_000, 0.5
#: How far a head's size may be from the mean's, as a factor, for its scan's unit to be told by it.
LARGEST_FACTOR = 1.35
#: Distances from the scan are told of vertices no farther away than this (mm).
FARTHEST = 10.0
#: Resolution of the picture that is kept with the head.
CROP = 1024

UNKNOWN_UNIT = "unknown"


@dataclass(frozen=True)
class WrapOptions:
    """What a user can choose.

    Attributes
    ----------
    device : str
        A name of `device.DEVICE_NAMES`.
    detail_level : int
        Subdivision level of the result, 0 to 3.
    seed : int
        Of the random choices.
    unit : str
        The scan's unit, a name of `exchange.wrap_report.UNITS`, or `auto`: found from the head's size.
    """

    device: str = "auto"
    detail_level: int = 2
    seed: int = 0
    unit: str = AUTOMATIC


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


def wrap_mesh(scan: Scan, options: WrapOptions = WrapOptions(), progress: Progress = silent) -> WrappedHead:
    """Lay our head over the head of a scanned mesh.

    Raises
    ------
    Pix2VertexError
        With one sentence for the user, if the scan or an option cannot be used.
    Cancelled
        If `progress` raised it.
    """
    clock = StageClock(progress)
    with clock.stage("start"):
        reader = _reader(options.device)
        checked = checked_scan(scan)
    with clock.stage("detect"):
        found = find_head(checked, reader.localiser, partial(progress, "detect", 0.5))
        work = _Work.around(checked, found, options.unit)
    with clock.stage("network"):
        views = _looks(work, reader, YAWS, progress)
    return _wrap(scan, work, views, options, clock)


def wrap_depth_photo(
    photo: DepthPhoto, options: WrapOptions = WrapOptions(), progress: Progress = silent
) -> WrappedHead:
    """Lay our head over the surface that a depth photo shows, read in its own colours. Its unit is the millimetre.

    Raises
    ------
    Pix2VertexError
        With one sentence for the user, if the photo or an option cannot be used.
    Cancelled
        If `progress` raised it.
    """
    clock = StageClock(progress)
    with clock.stage("start"):
        reader = _reader(options.device)
        scan, picture = photo.surface(), photo.picture()
        checked = checked_scan(scan)
    with clock.stage("detect"):
        pixels = Photo("photo", picture.pixels)
        faces = find_faces(reader.localiser, pixels, lambda fraction: progress("detect", fraction))
        found = read_head(picture, faces[0].square, reader.localiser) if faces else None
        if found is None:
            raise FaceNotFoundError(NO_FACE)
        work = _Work.around(checked, replace(found, inside_out=False), "mm")
    with clock.stage("network"):
        # Where the face lies on its side in the photo, it is looked at as that of a mesh.
        own = reader.read(picture, faces[0].square) if faces[0].square.turn == 0 else None
        if own is None or own.maps.confidence < LEAST_CONFIDENCE:
            views = _looks(work, reader, YAWS, progress)
        else:
            # The network errs differently in a picture from the front.
            views = [own.moved(work.from_scan), *_looks(work, reader, (0.0,), progress)]
    return _wrap(scan, work, views, options, clock)


@dataclass(frozen=True)
class _Work:
    """The part of a scan around its head, moved to the origin and measured in millimetres.

    Attributes
    ----------
    scan : Scan
    head : Similarity
        From the mean face's millimetres.
    from_scan : Similarity
        From the scan's own coordinates; it turns nothing.
    unit : str
    unit_found : bool
    """

    scan: Scan
    head: Similarity
    from_scan: Similarity
    unit: str
    unit_found: bool

    @classmethod
    def around(cls, scan: Scan, found: FoundHead, unit: str) -> "_Work":
        """What is needed of a whole scan; `unit` as in `WrapOptions`."""
        name, millimetres = unit_of(found.pose.scale) if unit == AUTOMATIC else (unit, _millimetres(unit))
        centre = found.pose.apply(ORIGIN[None])[0]
        from_scan = Similarity(millimetres, np.eye(3), -millimetres * centre)
        head = Similarity(
            millimetres * found.pose.scale, found.pose.rotation, from_scan.apply(found.pose.translation[None])[0]
        )
        near = np.linalg.norm(scan.vertices - centre, axis=1) < REACH * found.pose.scale
        part = scan.part(near)
        part = replace(part, vertices=from_scan.apply(part.vertices))
        if len(part.vertices) > MOST_VERTICES:
            part = clustered(part.with_vertex_colours(), CELL * head.scale)
        return cls(part.turned_inside_out() if found.inside_out else part, head, from_scan, name, unit == AUTOMATIC)


def unit_of(scale: float) -> tuple[str, float]:
    """Name of a scan's unit and its millimetres, from the unit's length of a millimetre of the mean head.

    A head of no usual size has an unknown unit, which is taken for what makes the head as large as the mean one.
    """
    for name, millimetres in UNITS.items():
        if 1 / LARGEST_FACTOR < millimetres * scale < LARGEST_FACTOR:
            return name, millimetres
    return UNKNOWN_UNIT, 1 / scale


def _millimetres(unit: str) -> float:
    if unit not in UNITS:
        raise OptionError(f"There is no unit {unit}: choose one of {', '.join([AUTOMATIC, *UNITS])}.")
    return UNITS[unit]


def _reader(device_name: str) -> Reader:
    device = choose_device(device_name)
    return Reader(localiser_of(load_network(device=device)), load_second_pass(device))


def _looks(work: _Work, reader: Reader, yaws: Sequence[float], progress: Progress) -> list[SeenView]:
    """The views of a head that say something, first from the front, which tells better how the head is turned."""
    head, views = work.head, []
    for number, yaw in enumerate(sorted(yaws, key=abs)):
        progress("network", number / len(yaws))
        view = reader.look(work.scan, head, yaw, 0.0)
        if view is None or view.maps.confidence < LEAST_CONFIDENCE:
            continue
        views.append(view)
        if number == 0:
            head = pose_of(view.picture, view.square, view.maps) or head
    if not views and len(yaws) > 1:
        raise FaceNotFoundError(NO_FACE)
    return views


def _wrap(scan: Scan, work: _Work, views: list[SeenView], options: WrapOptions, clock: StageClock) -> WrappedHead:
    """Fit the template to the part of a scan that the views have read, in the axes of the first view's camera."""
    template, maps = load_template(), with_true_geometry(views[0], work.head)
    with clock.stage("target"):
        target = TargetIndex(_target(work.scan, views))
    with clock.stage("alignment"):
        generator, face = np.random.default_rng(options.seed), template.groups["face"]
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
        fit = fit_to_surface(
            fit_mouth(slid, target, maps),
            template,
            target,
            lambda stage, fraction: clock.progress(stage, (1 + fraction) / 2),
        )
        fit = replace(fit, vertices=clear_eyeballs(template, fit.vertices))
    kept = _kept_view(views[0], maps, fit_similarity(template.vertices, fit.vertices, template.groups["face"]))
    return _finished(scan, work, views, kept, target, registration, fit, options, clock)


def _target(scan: Scan, views: list[SeenView]) -> TargetMesh:
    canonical = canonical_of(scan, views)
    known = np.isfinite(canonical).all(axis=1)
    triangles = scan.triangles[known[scan.triangles].all(axis=1)]
    if len(triangles) == 0:
        raise FaceNotFoundError(NO_FACE)
    used, triangles = np.unique(triangles, return_inverse=True)
    placed = views[0].picture.viewpoint.pose.apply(scan.vertices[used])
    return make_target(placed, triangles.reshape(-1, 3), canonical[used])


def _finished(
    scan: Scan,
    work: _Work,
    views: list[SeenView],
    kept: View,
    target: TargetIndex,
    registration: Registration,
    fit: SurfaceFit,
    options: WrapOptions,
    clock: StageClock,
) -> WrappedHead:
    """Add detail, and turn everything into the upright frame of the head."""
    template, level = load_template(), load_template(options.detail_level)
    with clock.stage("detail"):
        vertices = template.subdivide(fit.vertices, options.detail_level)
        detail = detail_of_scan(vertices, level, target, partial(clock.progress, "detail", 0.5))
    upright, view = kept.frame.to_head, views[0]
    coarse, rotation = upright(fit.vertices), kept.head_to_camera[:3, :3]
    pose = Similarity(1.0, rotation, kept.head_to_camera[:3, 3])
    placement = work.from_scan.inverse().after(view.picture.viewpoint.pose.inverse().after(pose))
    distances, covered = distances_from(fit.vertices, template, target)
    reconstruction = Reconstruction(
        vertices=upright(vertices),
        faces=level.faces.astype(np.int32),
        uvs=level.uvs.astype(np.float32),
        detail=detail @ rotation,
        groups={name: weights.astype(np.float32) for name, weights in level.groups.items()},
        landmarks_68=level.landmarks_68.astype(np.int32),
        eyeballs=place_both(template, coarse),
        views=(kept,),
        coarse_vertices=coarse,
        automatic_vertices=coarse,
        detail_level=level.level,
        mouth=place_mouth(Wearer.as_in_photo(coarse)),
        report=_photo_report(view, fit.vertices, template, registration, clock),
    )
    report = WrapReport(
        scan_vertices=len(scan.vertices),
        scan_triangles=len(scan.triangles),
        unit=work.unit,
        unit_found=work.unit_found,
        millimetres_per_unit=work.from_scan.scale,
        confidence=round(view.maps.confidence, 4),
        views=len(views),
        median_distance_mm=round(float(np.median(distances)), 4) if len(distances) else float("nan"),
        p95_distance_mm=round(float(np.percentile(distances, 95)), 4) if len(distances) else float("nan"),
        covered=round(covered, 4),
        landmarks_68=placement.apply(template.landmark_points(coarse)).tolist(),
        matrix=placement.matrix.tolist(),
        device=options.device,
        seconds=clock.seconds,
        versions=_versions(),
    )
    return WrappedHead(reconstruction, placement, placement.apply(coarse), report)


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


def _kept_view(view: SeenView, maps: FaceMaps, pose: Similarity) -> View:
    """The view as later steps need it: texture, pins, camera. `pose` goes from the template to the camera's axes."""
    crop = cut_square(Photo("scan", view.picture.pixels), view.square, CROP).pixels
    return View(
        view.picture.viewpoint.size,
        view.square.to_photo(len(maps.mask)),
        replace(pose, scale=1.0).matrix,
        maps,
        encode_png(crop),
        no_pins(),
    )


def _photo_report(
    view: SeenView, vertices: NDArray[np.float64], template: Template, registration: Registration, clock: StageClock
) -> Report:
    """What the head's record says of the picture that it keeps."""
    landmarks = view.picture.viewpoint.camera.project(template.landmark_points(vertices))
    return Report(
        photo="scan",
        photo_size=view.picture.viewpoint.size,
        confidence=round(view.maps.confidence, 4),
        second_pass=True,
        registration=RegistrationReport(
            registration.iterations,
            registration.matches,
            round(registration.median_distance_mm, 4),
            registration.converged,
        ),
        template=TemplateReport(template.version, len(template.vertices), len(template.faces)),
        versions=_versions(),
        landmarks_68=landmarks.tolist(),
        automatic_landmarks_68=landmarks.tolist(),
        face_box=list(box_around(landmarks)),
        seconds=clock.seconds,
    )


def _versions() -> dict[str, str]:
    return {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "torch": torch.__version__,
        "opencv": cv2.__version__,
    }
