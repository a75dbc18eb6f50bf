"""From what the network has seen to a reconstruction: register the template, add detail, put everything together.

Needs no network, so that a face can be fitted again from what is kept with it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from ..exchange.progress import Progress, StageClock, silent
from ..exchange.report import Report
from ..exchange.result import Reconstruction
from ..exchange.view import View, no_pins
from ..expression.lip_edges import shut_share, touching_edges, with_lip_edges
from ..expression.mouth import Wearer
from ..expression.neutral import worn_expression
from ..expression.parts import place_parts
from ..geometry.similarity import Similarity, fit_similarity
from ..shaping.points import PinnedPoints
from ..template import load_template
from ..template.eyeballs import place_both
from .corrections.eyelids import clear_eyeballs
from .corrections.mouth import fit_mouth, seen_lips
from .corrections.pins import landmark_matrix, point_matrix, register_to_pins
from .corrections.tangles import untangled
from .detail.reading import read_detail
from .detail.shown_face import ShownFace
from .likeness import Likeness, character, likeliest, load_likeness
from .photo.boxes import box_around
from .registration.alignment import align
from .registration.matching import TargetIndex
from .registration.registration import NETWORK_MAPS, Registration, register
from .registration.target import build_target
from .relief import with_likely_relief
from .seen_face import SeenFace
from .several.detail import detail_of_photos, detail_views
from .texture.irises import look_of

#: Lids that pins have drawn less than this (mm) into the space they keep from the eyeballs are left there.
LEAST_LIFT = 0.1
#: How often pins are followed: where they draw lids into the eyeballs, once is not enough.
PIN_ROUNDS = 3

#: A pin farther from its landmark than this share of the crop belongs to another face.
FARTHEST_PIN = 0.25


def register_template(
    seen: SeenFace, seed: int, likeness: Likeness | None, clock: StageClock
) -> tuple[Registration, TargetIndex, NDArray[np.float64]]:
    """Align the template with what was seen and register it.

    Parameters
    ----------
    seen : SeenFace
    seed : int
        Of the random choices.
    likeness : Likeness, optional
        What the registered head becomes a part of the way.
    clock : StageClock

    Returns
    -------
    registration : Registration
    target : TargetIndex
    moved : (n, 3)
        What the likeness has added, in the camera's axes.

    Raises
    ------
    RegistrationError
        If too little of the face is seen.
    """
    template = load_template()
    visible = template.groups["face"]
    with clock.stage("target"):
        target = TargetIndex(build_target(seen.maps))
    with clock.stage("alignment"):
        generator = np.random.default_rng(seed)
        alignment = align(template.vertices, template.canonical, target, generator, weights=visible)
    with clock.stage("registration"):
        registration = register(
            alignment.apply(template.vertices),
            template.faces,
            template.canonical,
            target,
            NETWORK_MAPS,
            visible,
            mirror=template.mirror,
            progress=clock.progress,
        )
        pause = partial(clock.progress, "registration", 1.0)
        likely = registration.vertices
        if likeness is not None:
            likely = likeliest(likely, seen.maps.camera, likeness, load_likeness())
        likely = with_likely_relief(likely, likeness, load_likeness())
        moved = likely - registration.vertices
        pause()
        fitted = untangled(fit_mouth(likely, target, seen.maps), pause)
        registration = replace(registration, vertices=clear_eyeballs(template, fitted))
    return registration, target, moved


def believable_pins(
    pins: Mapping[int, tuple[float, float]], seen: SeenFace, registered: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Pins (68, 2) in photo pixels, NaN where there is none or it is too far from its landmark to mean this face."""
    chosen = no_pins()
    for landmark, pixel in pins.items():
        chosen[landmark] = pixel
    found = seen.frame.to_photo(landmark_matrix(0) @ registered)
    side = len(seen.maps.mask) * seen.frame.enlargement
    chosen[np.linalg.norm(chosen - found, axis=1) > FARTHEST_PIN * side] = np.nan
    return chosen


def follow_pins(
    registered: NDArray[np.float64],
    target: TargetIndex,
    seen: SeenFace,
    pins: NDArray[np.floating],
    detail_level: int,
    progress: Progress = silent,
    points: PinnedPoints | None = None,
) -> NDArray[np.float64]:
    """The registered template (n, 3), in the camera's axes, with its landmarks at the pins (68, 2) in photo pixels.

    Landmarks without a pin (NaN) follow the mesh; other `points` of it may be pinned too. Pins at the eyes may draw the
    lids into the eyeballs: then the lids are lifted out again, and the pins, which this has moved a little, are
    followed once more, `PIN_ROUNDS` times at most.
    """
    landmarks = np.flatnonzero(np.isfinite(pins).all(axis=1))
    points = points or PinnedPoints.none()
    if len(landmarks) + len(points.pixels) == 0:
        return registered
    pixels = seen.frame.from_photo(np.concatenate([pins[landmarks], points.pixels]))
    weights = sparse.vstack(
        [landmark_matrix(detail_level)[landmarks], point_matrix(points.places, detail_level)], format="csr"
    )

    def follow(vertices: NDArray[np.float64], done: int) -> NDArray[np.float64]:
        return register_to_pins(
            vertices,
            target,
            seen.maps.camera,
            weights,
            pixels,
            progress=lambda stage, fraction: progress(stage, (done + fraction) / PIN_ROUNDS),
        )

    pinned = follow(registered, 0)
    for done in range(1, PIN_ROUNDS):
        cleared = clear_eyeballs(load_template(), pinned)
        if np.abs(cleared - pinned).max() <= LEAST_LIFT:
            break
        pinned = follow(cleared, done)
    return pinned


def complete(
    seen: SeenFace,
    registered: NDArray[np.float64],
    pinned: NDArray[np.float64],
    pins: NDArray[np.float64],
    detail_level: int,
    report: Report,
    clock: StageClock,
    own: View | None = None,
    others: Sequence[View] = (),
    likeness: NDArray[np.float64] | None = None,
) -> Reconstruction:
    """Add detail, and turn everything from the camera's frame into the upright frame of the head.

    Parameters
    ----------
    seen : SeenFace
    registered, pinned : (c, 3)
        The registered template at level 0 without and with the pins, in the camera's axes.
    pins : (68, 2)
        In photo pixels, NaN where there is none.
    detail_level : int
        The subdivision level.
    report : Report
        What is known so far; landmarks, face box and times are added.
    clock : StageClock
    own : View, optional
        Where the head is made from several photos, this one's `photo`, `expression`, and pose, whose size is kept.
    others : sequence of View
        The other photos.
    likeness : (c, 3), optional
        What the likeliest head has added to the registered one, in the camera's axes.
    """
    template, level = load_template(), load_template(detail_level)
    if own is None:
        registered, pinned = (with_seen_lips(each, seen, detail_level) for each in (registered, pinned))
    with clock.stage("detail"):
        worn = worn_expression(pinned, own.expression) if own is not None else np.zeros_like(pinned)
        vertices = template.subdivide(pinned, detail_level)
        shown = template.subdivide(pinned + worn, detail_level) if worn.any() else vertices
        pose = _pose_of(registered, own)
        view = _view_of(seen, pose, pins, own)
        coarse_vertices = _upright(pinned, pose)
        camera = seen.maps.camera.resized(seen.enlargement)
        pause = partial(clock.progress, "detail", 0.5)
        if len(views := detail_views((view, *others))) > 1:
            detail = detail_of_photos(coarse_vertices, _upright(vertices, pose), level, views, pause=pause)
        else:
            face = ShownFace(seen.crop, camera, seen.maps.mask, seen.enlargement / seen.frame.enlargement)
            detail = read_detail(shown, level, face, pause=pause) @ pose.rotation / pose.scale
    wearer = Wearer.as_in_photo(coarse_vertices)
    automatic = landmark_matrix(detail_level) @ (registered + worn)
    return Reconstruction(
        vertices=_upright(vertices, pose),
        faces=level.faces.astype(np.int32),
        uvs=level.uvs.astype(np.float32),
        detail=detail,
        groups={name: weights.astype(np.float32) for name, weights in level.groups.items()},
        landmarks_68=level.landmarks_68.astype(np.int32),
        eyeballs=place_both(template, coarse_vertices),
        views=(view, *others),
        coarse_vertices=coarse_vertices,
        automatic_vertices=_upright(registered, pose),
        detail_level=level.level,
        report=_told(report, seen, level.landmark_points(shown), automatic, clock),
        mouth=place_parts(wearer),
        eye_look=look_of(pinned, seen.crop, camera),
        likeness=np.zeros((0, 3)) if likeness is None else likeness @ pose.rotation / pose.scale,
        character=character(wearer.neutral, load_likeness()),
    )


def _pose_of(registered: NDArray[np.float64], own: View | None) -> Similarity:
    """How the head that is registered in one photo stands before its camera; of several, it keeps the common size."""
    template = load_template()
    size = float(np.cbrt(np.linalg.det(own.head_to_camera[:3, :3]))) if own is not None else 1.0
    return replace(fit_similarity(template.vertices, registered, template.groups["face"]), scale=size)


def _view_of(seen: SeenFace, pose: Similarity, pins: NDArray[np.float64], own: View | None) -> View:
    """What is kept of the photo; where it is one of several, with what was known of it as one of them."""
    view = View(seen.photo_size, seen.crop_to_photo, pose.matrix, seen.maps, seen.crop_png, pins)
    if own is None:
        return view
    return replace(view, photo=own.photo, expression=own.expression, registered=own.registered, likeness=own.likeness)


def _told(
    report: Report, seen: SeenFace, landmarks: NDArray[np.float64], automatic: NDArray[np.float64], clock: StageClock
) -> Report:
    """The report with the landmarks (68, 3), as they are and without pins, the face's box and the times."""
    places = seen.frame.to_photo(landmarks)
    return replace(
        report,
        landmarks_68=places.tolist(),
        automatic_landmarks_68=seen.frame.to_photo(automatic).tolist(),
        face_box=box_around(places),
        seconds=clock.seconds,
    )


def with_seen_lips(head: NDArray[np.float64], seen: SeenFace, detail_level: int) -> NDArray[np.float64]:
    """A head (n, 3) in the camera's axes whose lips, at the level at which it is shown, are as far apart as is seen."""
    pairs = seen_lips(head, seen.maps)
    edges = touching_edges(head, shut_share(pairs.shut[1:-1]))
    return with_lip_edges(head, edges, detail_level, pairs.known[1:-1])


def _upright(points: NDArray[np.float64], pose: Similarity) -> NDArray[np.float64]:
    """Points (n, 3) in the head's frame; its unit is the millimetre of the camera's over the pose's scale."""
    return (points - pose.translation) @ pose.rotation / pose.scale
