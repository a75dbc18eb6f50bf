"""From several photos of one person to one head."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from ...errors import PhotoError, Pix2VertexError
from ...exchange.glimpse import Show, show_nobody
from ...exchange.progress import Progress, StageClock, silent
from ...exchange.report import ViewReport
from ...exchange.result import Reconstruction
from ...exchange.view import View, no_pins
from ...expression.neutral import expression_coefficients, worn_expression
from ...geometry.similarity import fit_similarity
from ...template import load_template
from ..completion import FittedHead, complete
from ..fitting import follow_pins, register_template
from ..pipeline import Networks, Options, load_networks, look, reconstruct, report_of
from ..registration.matching import TargetIndex
from ..registration.target import build_target
from ..seen_face import SeenFace
from .agreement import people, same_photos
from .common_head import LITTLE_WEIGHT, Registered, common_head, evidence_in, shown_expressions

#: More photos are not kept with a face.
MOST_PHOTOS = 64
#: Photos of which the networks are less sure are not used if there are better ones.
LEAST_CONFIDENCE = 0.6

TOO_MANY = "{count} photos are too many for one head: choose the best, {most} at most."
NO_PHOTOS = "Choose the photos of a person first."
NONE_USABLE = "None of the {count} photos can be used; of the first: {sentence}"
NOTHING_LEFT = "A face needs one photo at least: switch another one on or add one first."
SAME_AS = "It is the same photo as {photo} and counts once."
SOMEBODY_ELSE = (
    "It seems to show somebody else: the head is made from the others; take it out, or reconstruct it alone."
)
USELESS = "The face in it can hardly be read, so that it was left out: choose a sharper photo or take it out."
CONTRADICTS = "It contradicts the others by {distance:.1f} mm and counts {weight:.0%}."


def reconstruct_together(
    photo_paths: Sequence[Path | str],
    options: Options | None = None,
    progress: Progress = silent,
    show: Show = show_nobody,
) -> Reconstruction:
    """Turn photos of one person into one neutral head, each photo with its own camera and expression.

    The photo that shows most of the face comes first in `views`, the others follow; those that were not used are told
    of in `report.views` only. The head does not depend on the order of the photos.

    Parameters
    ----------
    photo_paths : sequence of Path
        One photo gives the head that it gives alone, with its expression.
    options : Options, optional
        `face`, `face_box` and `pins` belong to one photo and do not count here.
    progress : Progress
    show : Show
        Is shown what is known of each photo's face as soon as it is.

    Raises
    ------
    Pix2VertexError
        With one sentence for the user, if no photo or an option cannot be used.
    Cancelled
        If `progress` raised it.
    """
    options = options or Options()
    paths = [Path(path) for path in photo_paths]
    if not paths:
        raise PhotoError(NO_PHOTOS)
    if len(paths) > MOST_PHOTOS:
        raise PhotoError(TOO_MANY.format(count=len(paths), most=MOST_PHOTOS))
    if len(paths) == 1:
        return reconstruct(paths[0], options, progress, show)
    clock = StageClock(progress)
    found, told = _look_at(paths, options, clock, show)
    if not found:
        raise PhotoError(NONE_USABLE.format(count=len(paths), sentence=told[0].sentence))
    return _head_of(found, told, options.detail_level, clock)


def change_photos(
    face: Reconstruction,
    use: Sequence[bool | None],
    photo_paths: Sequence[Path | str] = (),
    options: Options | None = None,
    progress: Progress = silent,
) -> Reconstruction:
    """The head of a face from other photos than before; those that it has are not read again.

    Parameters
    ----------
    face : Reconstruction
        From one photo or several, with their crops.
    use : sequence of bool or None
        For each of its views whether the head shall be made from it; None takes it away. At least one has to be left.
    photo_paths : sequence of Path
        Photos of the same person to add.
    options, progress
        As in `reconstruct_together`.

    Raises
    ------
    Pix2VertexError
        With one sentence for the user, if no photo is left, a crop is missing, or no added photo can be used.
    """
    options = options or Options()
    paths = [Path(path) for path in photo_paths]
    if len(face.views) + len(paths) > MOST_PHOTOS:
        raise PhotoError(TOO_MANY.format(count=len(face.views) + len(paths), most=MOST_PHOTOS))
    if not paths and not any(use):
        raise PhotoError(NOTHING_LEFT)
    clock = StageClock(progress)
    known = {index: _kept(face, index) for index, wish in enumerate(use) if wish}
    found, told = _look_at(paths, options, clock) if paths else ({}, {})
    if paths and not found:
        raise PhotoError(told[0].sentence)
    count = len(face.views)
    together = known | {count + index: photo for index, photo in found.items()}
    sentences = {count + index: view for index, view in told.items()}
    changed = _head_of(together, sentences, face.detail_level, clock)
    return replace(changed, views=(*changed.views, *_switched_off(face, use, changed)))


def _look_at(
    paths: Sequence[Path], options: Options, clock: StageClock, show: Show = show_nobody
) -> tuple[dict[int, Registered], dict[int, ViewReport]]:
    """See and register photos; also what is wrong with those that cannot be used."""
    with clock.stage("start"):
        networks = load_networks(options.device)
    found: dict[int, Registered] = {}
    told: dict[int, ViewReport] = {}
    for index, path in enumerate(paths):
        try:
            found[index] = _register(path, networks, options, clock, show)
        except Pix2VertexError as error:
            told[index] = ViewReport(path.name, used=False, weight=0.0, sentence=str(error))
    return found, told


def _head_of(
    found: dict[int, Registered], told: dict[int, ViewReport], detail_level: int, clock: StageClock
) -> Reconstruction:
    """The head of the person whom most photos show."""
    with clock.stage("registration"):
        told = told | _left_out(found)
        chosen = sorted(found.keys() - told.keys(), key=lambda index: found[index].key)
        head = common_head([found[index] for index in chosen], clock.progress)
        for index, weight, distance in zip(chosen, head.weights, head.distances, strict=True):
            told[index] = _used(found[index], weight, distance)
    seen, best, pins = head.first.seen, head.views[0], head.first.pins
    placed = pinned = best.frame.to_camera(head.vertices)
    with clock.stage("pins"):
        if np.isfinite(pins).any():
            worn = worn_expression(placed, best.expression)
            target = TargetIndex(build_target(seen.maps))
            pinned = follow_pins(placed + worn, target, seen, pins, detail_level, clock.progress) - worn
    report = replace(head.first.report, views=[told[index] for index in sorted(told)])
    likeness = head.likeness @ best.head_to_camera[:3, :3].T
    fitted = FittedHead(seen, placed, pinned, pins, likeness, best, head.views[1:])
    return complete(fitted, detail_level, report, clock)


def _kept(face: Reconstruction, index: int) -> Registered:
    """A photo that a face is already made from."""
    view, vertices = face.views[index], face.registered_to(index)
    name = Path(view.photo).name or face.report.photo
    report = replace(face.report, photo=name, photo_size=view.photo_size, confidence=round(view.maps.confidence, 4))
    if len(view.registered):  # as one of several
        likeness = view.likeness if len(view.likeness) else np.zeros_like(vertices)
    else:
        likeness = face.likeness if len(face.likeness) else np.zeros_like(vertices)
        likeness = likeness @ view.head_to_camera[:3, :3].T
    return Registered(
        photo=view.photo or name,
        seen=SeenFace.of(view),
        vertices=vertices,
        coefficients=expression_coefficients(vertices),
        pins=view.pins,
        report=report,
        likeness=likeness,
    )


def _switched_off(face: Reconstruction, use: Sequence[bool | None], changed: Reconstruction) -> list[View]:
    """The views that are kept and not used, laid under the changed head."""
    template = load_template()
    weights = template.groups["face"]
    views = []
    for index, wish in enumerate(use):
        if wish is False:
            vertices = face.registered_to(index)
            pose = fit_similarity(changed.automatic_vertices, vertices, weights)
            kept = replace(face.views[index], head_to_camera=pose.matrix, registered=vertices, used=False)
            kept = replace(kept, likeness=_kept(face, index).likeness)
            views.append(replace(kept, photo=kept.photo or face.report.photo))
    return views


def _register(path: Path, networks: Networks, options: Options, clock: StageClock, show: Show) -> Registered:
    """See and register one photo."""
    sight = look(path, networks, replace(options, face=None, face_box=None, pins={}), clock, show)
    registration, _, likeness = register_template(sight.seen, options.seed, sight.likeness, clock)
    vertices, report = registration.vertices, report_of(sight, registration, networks.device)
    return Registered(str(path), sight.seen, vertices, expression_coefficients(vertices), no_pins(), report, likeness)


def _left_out(found: dict[int, Registered]) -> dict[int, ViewReport]:
    """Which photos the head is not made from, and why."""
    told: dict[int, ViewReport] = {}

    def leave_out(index: int, sentence: str) -> None:
        confidence = round(found[index].confidence, 4)
        told[index] = ViewReport(found[index].name, confidence, False, 0.0, sentence=sentence)

    order = sorted(found, key=lambda index: (found[index].key, index))
    firsts = same_photos([found[index].seen.crop for index in order])
    for index, first in zip(order, firsts, strict=True):
        if order[first] != index:
            leave_out(index, SAME_AS.format(photo=found[order[first]].name))
    rest = [index for index in order if index not in told]
    sure = [index for index in rest if found[index].confidence >= LEAST_CONFIDENCE]
    for index in rest if sure else ():
        if index not in sure:
            leave_out(index, USELESS)
    rest = sure or rest
    expressions = shown_expressions(np.array([found[index].coefficients for index in rest]))
    evidence = [evidence_in(found[index], each) for index, each in zip(rest, expressions, strict=True)]
    for index, person in zip(rest, people(evidence), strict=True):
        if person != 0:
            leave_out(index, SOMEBODY_ELSE)
    return told


def _used(photo: Registered, weight: float, distance: float) -> ViewReport:
    """What became of a photo that the head is made from."""
    sentence = CONTRADICTS.format(distance=distance, weight=weight) if weight < LITTLE_WEIGHT else ""
    return ViewReport(photo.name, round(photo.confidence, 4), True, round(weight, 3), round(distance, 3), sentence)
