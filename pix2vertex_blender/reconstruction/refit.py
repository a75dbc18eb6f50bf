"""A face that was reconstructed before, fitted again: to moved pins, and with its detail as the sliders want it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..exchange.detail_readings import DEFAULT_READING, Reading
from ..exchange.progress import Pause, Progress, StageClock, no_pause, silent
from ..exchange.result import Reconstruction
from ..expression.neutral import worn_expression
from ..geometry.extension import smoothed
from ..shaping.points import PinnedPoints
from ..template import Template, load_template
from .completion import FittedHead, complete
from .detail.reading import read_detail
from .detail.shown_face import ShownFace
from .fitting import follow_pins
from .registration.matching import TargetIndex
from .registration.target import build_target
from .seen_face import SeenFace
from .several.detail import detail_of_photos, detail_views


@dataclass(frozen=True)
class DetailSettings:
    """What the sliders say.

    Attributes
    ----------
    scale : float
        Multiplies the size of the wrinkles and folds that count as detail.
    smoothing : float
        Length in millimetres over which the detail is averaged along the surface; 0 leaves it as it is.
    reading : Reading
        By what the detail is read.
    """

    scale: float = 1.0
    smoothing: float = 0.0
    reading: Reading = DEFAULT_READING


def renewed_detail(
    face: Reconstruction,
    vertices: NDArray[np.floating],
    level: Template,
    settings: DetailSettings,
    pause: Pause = no_pause,
) -> NDArray[np.float64]:
    """Displacement vectors (n, 3) in millimetres in the head frame, from the crops kept with a face.

    Parameters
    ----------
    face : Reconstruction
    vertices : (n, 3)
        The registered mesh at the template level `level`, in the head frame.
    level : Template
    settings : DetailSettings
    pause : Pause

    Raises
    ------
    PhotoError
        If the crop cannot be read.
    """
    if len(views := detail_views(face.views)) > 1:
        way = settings.reading, settings.scale
        detail = detail_of_photos(face.coarse_vertices, vertices, level, views, *way, pause)
        return smoothed(detail, vertices, level.faces, settings.smoothing, pause)
    seen = SeenFace.of(face.view)
    worn = load_template().subdivide(worn_expression(face.coarse_vertices, face.view.expression), level.level)
    worn_now = face.view.frame.to_camera(vertices + worn)
    detail = read_detail(worn_now, level, ShownFace.of(seen), settings.reading, settings.scale, pause)
    rotation = face.view.head_to_camera[:3, :3]
    in_head = detail @ np.linalg.inv(rotation).T
    return smoothed(in_head, vertices, level.faces, settings.smoothing, pause)


def refit(
    reconstruction: Reconstruction,
    pins: NDArray[np.floating],
    detail_level: int,
    progress: Progress = silent,
    points: PinnedPoints | None = None,
) -> Reconstruction:
    """The reconstruction with landmarks at other pins (68, 2) in photo pixels, NaN where the landmark is free.

    Other points of the head may be pinned too.

    Raises
    ------
    PhotoError
        If the photo's crop is missing.
    """
    clock = StageClock(progress)
    seen = SeenFace.of(reconstruction.view)
    registered = reconstruction.view.frame.to_camera(reconstruction.automatic_vertices)
    with clock.stage("target"):
        target = TargetIndex(build_target(seen.maps))
    own, others = reconstruction.view, reconstruction.views[1:]
    # The pins are where the photo shows landmarks, which is with its expression.
    worn = worn_expression(registered, own.expression)
    with clock.stage("pins"):
        pinned = follow_pins(registered + worn, target, seen, pins, detail_level, progress, points) - worn
    report, turn = reconstruction.report, own.head_to_camera[:3, :3]
    likeness = reconstruction.likeness @ turn.T if len(reconstruction.likeness) else None
    head = FittedHead(seen, registered, pinned, np.array(pins), likeness, own, others)
    return complete(head, detail_level, report, clock)
