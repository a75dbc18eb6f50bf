"""What a person does in a movie: a take, frame by frame, smooth where the face is still."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

from ...animation.steady import steadied
from ...animation.take import Take
from ...errors import FaceNotFoundError
from ...exchange.progress import Progress, silent
from ...exchange.result import Reconstruction
from ...exchange.video_report import VideoReport
from ...expression.names import ARKIT_NAMES
from ...expression.neutral import neutral_face, photo_face
from ...rig.joints import GAZE
from ...template import load_template
from ...template.eyeballs import Ball, place_balls
from ..corrections.eyelids import balls
from ..pipeline import Networks, load_networks
from .eyes import RESOLUTION, SeenEyes, balls_in_camera, closed, eyes_of
from .movie import Moment, Movie
from .performance import Array, Performer, Pose
from .tracking import CutDetector, Sighting, Tracker

NOT_SEEN = "The face of {movie} was not found in any frame: choose a movie that shows it from near."
GAPS = "The face is not seen for {seconds:.1f} of {total:.1f} seconds; what lies between is bridged."
CUTS = "Cuts in the movie: {count}, the first at {at:.1f} seconds; nothing is averaged across them."
VARIES = "The frame rate varies from {low:.0f} to {high:.0f} a second; each frame keeps its time."

#: Seconds without the face that make a gap.
LEAST_GAP = 0.3
#: Frame rates that differ by this factor vary.
VARYING = 1.5
#: Seconds of work after which what is done is handed on.
KEEP_SECONDS = 2.0
#: Noise is taken for at least this: of coefficients, and of the radians of head and eyes.
LEAST_NOISE, LEAST_TURN, LEAST_GAZE = 0.01, 0.002, 0.02
#: Gaze (radians) below which the lids are as with eyes straight ahead.
STRAIGHT = np.radians(4.0)

_LEFT_RIGHT = ("Left", "Right")
_LOOKS = [ARKIT_NAMES.index(f"eyeLook{way}{side}") for side in _LEFT_RIGHT for way in ("Up", "Down", "In", "Out")]

_BLINKS = [ARKIT_NAMES.index(f"eyeBlink{side}") for side in _LEFT_RIGHT]
#: Where lids are closed by more, what is dark between them is lashes.
UNREADABLE = 0.3

#: Is given what is done so far, now and then.
Keep = Callable[[Take, VideoReport], None]


def keep_nothing(_take: Take, _report: VideoReport) -> None:
    """Wait for the end."""


@dataclass
class Performance:
    """What is known of a movie's frames so far; one entry for each that shows the face, where nothing else is said."""

    movie: str
    device: str
    began: float = field(default_factory=time.perf_counter)
    frame_times: list[float] = field(default_factory=list)  # of all frames
    cuts: list[float] = field(default_factory=list)  # seconds
    times: list[float] = field(default_factory=list)
    values: list[Array] = field(default_factory=list)  # (52,)
    turns: list[Array] = field(default_factory=list)  # (3, 3)
    eyes: list[SeenEyes] = field(default_factory=list)
    confidences: list[float] = field(default_factory=list)
    errors: list[float] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)  # entries that nothing is averaged across

    def add(self, at: float, pose: Pose, sighting: Sighting, eyes: SeenEyes) -> None:
        """Note a frame that shows the face."""
        if self.times and (at - self.times[-1] > LEAST_GAP or (self.cuts and self.times[-1] < self.cuts[-1])):
            self.starts.append(len(self.times))
        self.times.append(at)
        self.values.append(pose.coefficients)
        self.turns.append(sighting.turn @ pose.head.rotation)
        self.eyes.append(eyes)
        self.confidences.append(sighting.maps.confidence)
        self.errors.append(pose.error)

    def take(self, name: str) -> Take:
        """All that is known, smooth and from the first frame that shows the face on."""
        times, values = np.array(self.times), np.array(self.values)
        shut = closed(np.array([eyes.contrast for eyes in self.eyes]))
        # The network hardly sees that lids close.
        values[:, _BLINKS] = np.maximum(values[:, _BLINKS], shut)
        gaze = np.array([eyes.gaze.ravel() for eyes in self.eyes])
        gaze[shut.max(axis=1) > UNREADABLE] = np.nan
        for column in gaze.T:
            known = np.isfinite(column)
            column[:] = np.interp(times, times[known], column[known]) if known.any() else 0.0
        yaw, pitch, roll = np.unwrap(Rotation.from_matrix(np.array(self.turns)).as_euler("YXZ"), axis=0).T
        values = steadied(times, values, self.starts, LEAST_NOISE)
        head = steadied(times, np.stack([pitch, yaw, roll], axis=1), self.starts, LEAST_TURN)
        gaze = steadied(times, gaze, self.starts, LEAST_GAZE)
        values[:, _LOOKS] = looks_of(gaze)
        still = np.zeros(len(times))
        rotations = {"head": head}
        for part, (sideways, upwards) in (("left_eye", gaze.T[:2]), ("right_eye", gaze.T[2:])):
            rotations[part] = np.stack([-upwards, sideways, still], axis=1)
        shown = {each: np.clip(column, 0.0, 1.0) for each, column in zip(ARKIT_NAMES, values.T, strict=True)}
        take = Take(name, times - self.frame_times[0], shown, rotations, tuple(self.report().notes))
        return take if take.times[0] <= 0 else held_before(take)

    def report(self) -> VideoReport:
        """What there is to tell."""
        times = np.array(self.frame_times)
        total = float(times[-1] - times[0]) if len(times) else 0.0
        gaps = self._gaps()
        steps = np.diff(times)
        rates = [float(1 / np.percentile(steps, share)) for share in (95, 5, 50)] if len(steps) else []
        notes = []
        if gaps:
            notes.append(GAPS.format(seconds=sum(end - start for start, end in gaps), total=total))
        if self.cuts:
            notes.append(CUTS.format(count=len(self.cuts), at=self.cuts[0]))
        if rates and rates[1] > VARYING * rates[0]:
            notes.append(VARIES.format(low=rates[0], high=rates[1]))
        return VideoReport(
            movie=self.movie,
            frames=len(times),
            seen=len(self.times),
            seconds_of_movie=round(total, 3),
            gaps=gaps,
            cuts=[round(at, 3) for at in self.cuts],
            frame_rates=[round(rate, 2) for rate in rates],
            confidence=round(float(np.median(self.confidences)), 4) if self.confidences else 0.0,
            error_mm=round(float(np.median(self.errors)), 3) if self.errors else 0.0,
            frames_per_second=round(len(times) / max(time.perf_counter() - self.began, 1e-6), 2),
            notes=notes,
            device=self.device,
        )

    def _gaps(self) -> list[list[float]]:
        """Seconds from which and to which the face is not seen."""
        if not self.frame_times:
            return []
        marks = [self.frame_times[0], *self.times, self.frame_times[-1]]
        return [[round(start, 3), round(end, 3)] for start, end in pairwise(marks) if end - start > LEAST_GAP]


def follow(
    movie: Movie,
    face: Reconstruction,
    basis: str,
    device: str = "auto",
    progress: Progress = silent,
    keep: Keep = keep_nothing,
) -> tuple[Take, VideoReport]:
    """What a face does in a movie.

    Parameters
    ----------
    movie : Movie
    face : Reconstruction
        The person.
    basis : str
        What the coefficients are added to: NEUTRAL, the face without the expression of its photo, or PHOTO.
    device : str
        A name of `device.DEVICE_NAMES`.
    progress : Progress
    keep : Keep
        Is given what is done so far every two seconds.

    Returns
    -------
    take : Take
        Frames without the face are left out; before the first with it, the face is still.
    report : VideoReport

    Raises
    ------
    FaceNotFoundError
        If no frame shows a face.
    Cancelled
        If `progress` raised it.
    """
    progress("start", 0.0)
    networks = load_networks(device)
    actor = Actor(face, basis, networks)
    done, name = Performance(movie.name, networks.device.type), Path(movie.name).stem
    kept = time.perf_counter()
    for moment in movie.moments():
        fraction = min(1.0, moment.index / max(movie.count, moment.index + 1))
        progress("video", fraction)
        actor.act(moment, done, partial(progress, "video", fraction))
        if time.perf_counter() - kept > KEEP_SECONDS and done.times:
            keep(done.take(name), done.report())
            kept = time.perf_counter()
    if not done.times:
        raise FaceNotFoundError(NOT_SEEN.format(movie=movie.name))
    return done.take(name), done.report()


def held_before(take: Take) -> Take:
    """A take that begins at 0 with what its first frame has."""

    def held(values: Array) -> Array:
        return np.concatenate([values[:1], values])

    return Take(
        take.name,
        np.concatenate([[0.0], take.times]),
        {name: held(values) for name, values in take.values.items()},
        {part: held(rotation) for part, rotation in take.rotations.items()},
        take.notes,
    )


class Actor:
    """A person who is followed from frame to frame."""

    def __init__(self, face: Reconstruction, basis: str, networks: Networks) -> None:
        both = balls(load_template(), face.coarse_vertices)
        known = (neutral_face if basis == "NEUTRAL" else photo_face)(face.coarse_vertices, both)
        self._performer = Performer(known.vertices, known.offsets)
        self._balls: tuple[Ball, Ball] = place_balls(load_template(), known.vertices)
        self._tracker, self._cuts = Tracker(networks), CutDetector()

    def act(self, moment: Moment, done: Performance, pause: Callable[[], None]) -> None:
        """Add what a frame shows."""
        photo, performer = moment.photo, self._performer
        done.frame_times.append(moment.time)
        if self._cuts.is_cut(photo):
            self._tracker.forget()
            done.cuts.append(moment.time)
        sighting = self._tracker.follow(photo, moment.time, lambda _: pause())
        places = performer.places(sighting.maps) if sighting is not None else None
        if sighting is None or places is None:
            return
        pose = performer.pose(places)
        eyes = self._eyes(moment, sighting, pose)
        if np.abs(eyes.gaze).max() > STRAIGHT:  # which moves the lids
            given = np.zeros(len(ARKIT_NAMES))
            given[_LOOKS] = looks_of(eyes.gaze.reshape(1, 4))[0]
            pose = performer.pose(places, given)
        done.add(moment.time, pose, sighting, eyes)

    def _eyes(self, moment: Moment, sighting: Sighting, pose: Pose) -> SeenEyes:
        open_lids = pose.coefficients.copy()
        open_lids[_BLINKS] = 0.0
        shape = self._performer.neutral + np.tensordot(open_lids, self._performer.offsets, 1)
        camera = sighting.maps.camera.resized(RESOLUTION / len(sighting.maps.mask))
        both = balls_in_camera(self._balls, pose.head)
        return eyes_of(moment.photo, sighting.square, camera, pose.head.apply(shape), both)


def looks_of(gaze: Array) -> Array:
    """The coefficients (f, 8) of eyes that look (f, 4) sideways and up: up, down, in and out of left and right."""
    left, up_left, right, up_right = gaze.T / GAZE
    columns = [up_left, -up_left, -left, left, up_right, -up_right, right, -right]
    return np.clip(np.stack(columns, axis=1), 0.0, 1.0)
