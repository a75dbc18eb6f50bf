"""The head that several photos of one person show."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ...exchange.progress import Progress
from ...exchange.report import Report
from ...exchange.view import View
from ...expression.neutral import rested, worn_expression
from ...geometry.similarity import Similarity, fit_similarity
from ...template import load_template
from ..corrections.eyelids import balls, clear_eyeballs
from ..likeness.emphasis import spread
from ..likeness.model import load_likeness
from ..seen_face import SeenFace
from .evidence import Array, Evidence, evidence_of
from .fusion import fuse
from .parallax import Shot, correct_by_parallax

#: A photo that counts less than this against one that agrees is told of.
LITTLE_WEIGHT = 0.5
#: The sum of an expression's coefficients below which it is taken for the face's own shape: neutral faces that are
#: rendered and reconstructed have less, nearly all of them, and smiling ones more.
LEAST_EXPRESSION = 1.2
#: One photo's head is drawn to what is likeliest as far as one photo needs it. Several tell more by themselves: what
#: that has added counts less with the square of their number, and whole up to this. A scan's head from five photos is
#: nearest with a third of it or less, and those of rendered people from three with three quarters or more.
LIKELY_PHOTOS = 2.6


@dataclass(frozen=True)
class Registered:
    """A photo whose face is registered by itself.

    Attributes
    ----------
    photo : str
        The file's path.
    seen : SeenFace
    vertices : (n, 3)
        The registered template at level 0 with the photo's expression, in the camera's axes.
    coefficients : (52,)
        Of the expression that it seems to show by itself.
    pins : (68, 2)
        The artist's.
    report : Report
        Of the photo alone.
    likeness : (n, 3)
        What the likeliest head has added to the registered one, in the camera's axes.
    """

    photo: str
    seen: SeenFace
    vertices: Array
    coefficients: Array
    pins: Array
    report: Report
    likeness: Array

    @property
    def name(self) -> str:
        """The file's name."""
        return self.report.photo

    @property
    def confidence(self) -> float:
        """The network's, in [0, 1]."""
        return self.seen.maps.confidence

    @property
    def key(self) -> bytes:
        """What puts photos into an order that does not depend on how they were given."""
        return hashlib.sha256(self.seen.crop.tobytes()).digest()


@dataclass(frozen=True)
class CommonHead:
    """A head from several photos.

    Attributes
    ----------
    vertices : (n, 3)
        In the head's frame, millimetres.
    first : Registered
        The photo that shows most of it.
    views : tuple of View
        Of all photos, that of `first` first.
    weights, distances : tuple of float
        Of the photos in the order in which they were given, see `Fusion`.
    likeness : (n, 3)
        In the head's frame, the mean of the photos'.
    """

    vertices: Array
    first: Registered
    views: tuple[View, ...]
    weights: tuple[float, ...]
    distances: tuple[float, ...]
    likeness: Array


def common_head(photos: Sequence[Registered], progress: Progress) -> CommonHead:
    """The head of photos that show one person."""
    template = load_template()
    face = template.groups["face"]
    if len(photos) == 1:
        return _head_alone(photos[0])
    expressions = shown_expressions(np.array([photo.coefficients for photo in photos]))
    share = min(1.0, (LIKELY_PHOTOS / len(photos)) ** 2)
    freer = [replace(photo, vertices=photo.vertices - (1 - share) * photo.likeness) for photo in photos]
    evidence = [evidence_in(photo, expression) for photo, expression in zip(freer, expressions, strict=True)]
    pause = partial(progress, "registration", 0.5)
    fusion = fuse(evidence, pause=pause)
    shown = [weight * each.seen for weight, each in zip(fusion.weights, evidence, strict=True)]
    order = np.argsort(-np.array(shown), kind="stable").tolist()
    head, seen_from = spread(fusion.vertices, load_likeness()), list(fusion.poses)
    agreeing = [index for index in order if fusion.weights[index] >= LITTLE_WEIGHT]
    shots = [_shot(photos[index], seen_from[index], head, expressions[index]) for index in agreeing]
    head, corrected = correct_by_parallax(head, shots, pause=pause)
    for index, pose in zip(agreeing, corrected, strict=True):
        seen_from[index] = pose
    # Lips shut, since there is no expression, and lids in front of the eyeballs; then upright again.
    head = clear_eyeballs(template, rested(head, balls(template, head)))
    turn = replace(fit_similarity(template.vertices, head, face), scale=1.0)
    poses = [pose.after(turn) for pose in seen_from]
    views = [_view(*parts) for parts in zip(photos, poses, expressions, strict=True)]
    added = [_in_head(share * photo.likeness, view.head_to_camera) for photo, view in zip(photos, views, strict=True)]
    return CommonHead(
        vertices=turn.inverse().apply(head),
        first=photos[order[0]],
        views=tuple(views[index] for index in order),
        weights=fusion.weights,
        distances=fusion.disagreements,
        likeness=np.average(added, axis=0, weights=fusion.weights),
    )


def _head_alone(photo: Registered) -> CommonHead:
    """The head of one photo as it would be by itself, with its expression."""
    template = load_template()
    pose = replace(fit_similarity(template.vertices, photo.vertices, template.groups["face"]), scale=1.0)
    view = _view(photo, pose, np.zeros_like(photo.coefficients))
    likeness = _in_head(photo.likeness, pose.matrix)
    return CommonHead(pose.inverse().apply(photo.vertices), photo, (view,), (1.0,), (0.0,), likeness)


def _shot(photo: Registered, pose: Similarity, head: Array, expression: Array) -> Shot:
    """A photo of a head that wears an expression (52,)."""
    maps = photo.seen.maps
    return Shot(photo.seen.crop, maps.camera, maps.mask, pose, worn_expression(pose.apply(head), expression))


def _in_head(offsets: Array, head_to_camera: Array) -> Array:
    """Offsets (n, 3) of a camera's axes in the head's frame."""
    turned: Array = offsets @ np.linalg.inv(head_to_camera[:3, :3]).T
    return turned


def shown_expressions(coefficients: Array) -> Array:
    """What of the coefficients (k, 52) of photos is expression and not the face itself.

    A face alone cannot tell raised brows from brows that are high. What all photos show is the face's, unless it is
    much; what one shows beyond that is its expression, unless it is so little that it is as likely an error.
    """
    common = coefficients.min(axis=0)
    beyond = coefficients - (common if common.sum() < LEAST_EXPRESSION else 0.0)
    shown: Array = np.where(beyond.sum(axis=1, keepdims=True) < LEAST_EXPRESSION, 0.0, beyond)
    return shown


def evidence_in(photo: Registered, expression: Array) -> Evidence:
    """What a photo knows of the head without its expression (52,)."""
    vertices = photo.vertices
    return evidence_of(photo.seen.maps, vertices, vertices - worn_expression(vertices, expression))


def _view(photo: Registered, pose: Similarity, expression: Array) -> View:
    seen = photo.seen
    return View(
        seen.photo_size,
        seen.crop_to_photo,
        pose.matrix,
        seen.maps,
        seen.crop_png,
        photo.pins,
        photo.photo,
        expression,
        photo.vertices,
        photo.likeness,
    )
