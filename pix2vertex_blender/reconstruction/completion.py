"""From a fitted template to a reconstruction: detail is added, and everything put together in the head's frame."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..exchange.progress import StageClock
from ..exchange.report import Report
from ..exchange.result import Reconstruction
from ..exchange.view import View
from ..expression.lip_edges import shut_share, touching_edges, with_lip_edges
from ..expression.mouth import Wearer
from ..expression.neutral import worn_expression
from ..expression.parts import place_parts
from ..geometry.similarity import Similarity, fit_similarity
from ..template import load_template
from ..template.eyeballs import place_both
from .corrections.mouth import seen_lips
from .corrections.pins import landmark_matrix
from .detail.reading import read_detail
from .detail.shown_face import ShownFace
from .likeness.model import character, load_likeness
from .photo.boxes import box_around
from .seen_face import SeenFace
from .several.detail import detail_of_photos, detail_views
from .texture.irises import look_of


@dataclass(frozen=True)
class FittedHead:
    """The template at level 0 fitted to what is seen, in the camera's axes and millimetres.

    Attributes
    ----------
    seen : SeenFace
        The photo, or the first of several.
    registered, pinned : (c, 3)
        Without and with the pins.
    pins : (68, 2)
        In photo pixels, NaN where there is none.
    likeness : (c, 3), optional
        What the likeliest head has added to the registered one.
    own : View, optional
        Where the head is made from several photos, this one's `photo`, `expression`, and pose, whose size is kept.
    others : tuple of View
        The other photos.
    """

    seen: SeenFace
    registered: NDArray[np.float64]
    pinned: NDArray[np.float64]
    pins: NDArray[np.float64]
    likeness: NDArray[np.float64] | None = None
    own: View | None = None
    others: tuple[View, ...] = ()

    def worn(self) -> NDArray[np.float64]:
        """What the photo's expression adds (c, 3) to a head that is made without one, from several photos."""
        if self.own is None:
            return np.zeros_like(self.pinned)
        return worn_expression(self.pinned, self.own.expression)

    def pose(self) -> Similarity:
        """How the head stands before the photo's camera; made from several photos, it keeps the common size."""
        template = load_template()
        size = float(np.cbrt(np.linalg.det(self.own.head_to_camera[:3, :3]))) if self.own is not None else 1.0
        return replace(fit_similarity(template.vertices, self.registered, template.groups["face"]), scale=size)

    def view(self, pose: Similarity) -> View:
        """What is kept of the photo; where it is one of several, with what was known of it as one of them."""
        seen, own = self.seen, self.own
        view = View(seen.photo_size, seen.crop_to_photo, pose.matrix, seen.maps, seen.crop_png, self.pins)
        if own is None:
            return view
        return replace(
            view, photo=own.photo, expression=own.expression, registered=own.registered, likeness=own.likeness
        )


def complete(head: FittedHead, detail_level: int, report: Report, clock: StageClock) -> Reconstruction:
    """Add detail, and turn everything from the camera's frame into the upright frame of the head.

    Parameters
    ----------
    head : FittedHead
    detail_level : int
        The subdivision level.
    report : Report
        What is known so far; landmarks, face box and times are added.
    clock : StageClock
    """
    template, level, seen = load_template(), load_template(detail_level), head.seen
    if head.own is None:
        registered, pinned = (with_seen_lips(each, seen, detail_level) for each in (head.registered, head.pinned))
        head = replace(head, registered=registered, pinned=pinned)
    with clock.stage("detail"):
        worn, pose = head.worn(), head.pose()
        vertices = template.subdivide(head.pinned, detail_level)
        shown = template.subdivide(head.pinned + worn, detail_level) if worn.any() else vertices
        views = (head.view(pose), *head.others)
        coarse_vertices, upright = _upright(head.pinned, pose), _upright(vertices, pose)
        pause = partial(clock.progress, "detail", 0.5)
        if len(chosen := detail_views(views)) > 1:
            detail = detail_of_photos(coarse_vertices, upright, level, chosen, pause=pause)
        else:
            detail = read_detail(shown, level, ShownFace.of(seen), pause=pause) @ pose.rotation / pose.scale
    wearer = Wearer.as_in_photo(coarse_vertices)
    automatic = landmark_matrix(detail_level) @ (head.registered + worn)
    return Reconstruction(
        vertices=upright,
        faces=level.faces.astype(np.int32),
        uvs=level.uvs.astype(np.float32),
        detail=detail,
        groups={name: weights.astype(np.float32) for name, weights in level.groups.items()},
        landmarks_68=level.landmarks_68.astype(np.int32),
        eyeballs=place_both(template, coarse_vertices),
        views=views,
        coarse_vertices=coarse_vertices,
        automatic_vertices=_upright(head.registered, pose),
        detail_level=level.level,
        report=_told(report, seen, level.landmark_points(shown), automatic, clock),
        mouth=place_parts(wearer),
        eye_look=look_of(head.pinned, seen.crop, seen.crop_camera),
        likeness=np.zeros((0, 3)) if head.likeness is None else head.likeness @ pose.rotation / pose.scale,
        character=character(wearer.neutral, load_likeness()),
    )


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
