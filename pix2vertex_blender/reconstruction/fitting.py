"""From what the network has seen to a fitted template: it is registered, and follows pins.

Needs no network, so that a face can be fitted again from what is kept with it.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import scipy.sparse as sparse
from numpy.typing import NDArray

from ..exchange.progress import Progress, StageClock, silent
from ..exchange.view import no_pins
from ..shaping.points import PinnedPoints
from ..template import load_template
from .corrections.eyelids import clear_eyeballs
from .corrections.lip_borders import sliding_skin, with_seen_borders
from .corrections.lip_relief import FINE, in_proportion, soft_lips
from .corrections.mouth import fit_mouth
from .corrections.pins import landmark_matrix, point_matrix, register_to_pins
from .corrections.tangles import untangled
from .likeness.emphasis import emphasised
from .likeness.estimate import Likeness
from .likeness.likeliest import likeliest
from .likeness.model import load_likeness
from .registration.alignment import align
from .registration.matching import TargetIndex
from .registration.registration import NETWORK_MAPS, Registration, register
from .registration.target import build_target
from .relief import coarse_forms, smoothing, with_mean_relief
from .seen_face import SeenFace

#: Lids that pins have drawn less than this (mm) into the space they keep from the eyeballs are left there.
LEAST_LIFT = 0.1
#: How often pins are followed: where they draw lids into the eyeballs, once is not enough.
PIN_ROUNDS = 3

#: A pin farther from its landmark than this share of the crop belongs to another face.
FARTHEST_PIN = 0.25


def prepare() -> None:
    """Compute what all faces need, so that fitting the first one does not wait for it."""
    load_likeness(), coarse_forms(), smoothing(FINE), soft_lips(), sliding_skin()


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
            likely = emphasised(likely, likeness.strength, load_likeness())
        likely = with_mean_relief(likely, 1.0 if likeness is None else 1.0 - likeness.strength)
        moved = likely - registration.vertices
        pause()
        bordered = in_proportion(with_seen_borders(likely, seen), likely)
        fitted = untangled(fit_mouth(bordered, target, seen.maps), pause)
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
