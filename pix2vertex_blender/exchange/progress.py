"""How long work tells what it is doing and is told to stop."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

#: The stages in their order: names, as in progress messages and in the report's `seconds`, and an artist's words.
STAGE_LABELS = {
    "start": "Starting",
    "detect": "Finding the face",
    "network": "Reading the face",
    "target": "Building the surface",
    "alignment": "Aligning the head",
    "registration": "Fitting the head",
    "pins": "Following the pins",
    "detail": "Adding detail",
    "scene": "Building the object",
}
STAGES = tuple(STAGE_LABELS)

#: Those of a movie.
VIDEO_STAGES = {
    **STAGE_LABELS,
    "frames": "Choosing frames",
    "expressions": "Making the expressions",
    "video": "Following the face",
}

#: The stage in which faces are being looked for; the reduced photo is there when it begins.
SEARCHING = "detect"

#: Called as `progress(stage, fraction)` with a stage of `STAGES` and the stage's completed fraction in [0, 1]. It may
#: raise `pix2vertex_blender.errors.Cancelled`, which passes through the algorithm unchanged.
Progress = Callable[[str, float], None]


#: Called between the steps of work that has no fraction of its own, at least every half second. It may raise
#: `Cancelled` as well.
Pause = Callable[[], None]


def no_pause() -> None:
    """Go on at once."""


def silent(stage: str, fraction: float) -> None:
    """Ignore progress."""


@dataclass
class StageClock:
    """Tells the progress of the stages and measures them; a stage that comes again adds to its seconds."""

    progress: Progress
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure one stage."""
        self.progress(name, 0.0)
        started = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - started
        self.progress(name, 1.0)
