"""How long work tells what it is doing and is told to stop."""

from collections.abc import Callable

#: The stages in their order: names, as in progress messages and in the report's `seconds`, and an artist's words.
STAGE_LABELS = {
    "start": "Starting",
    "detect": "Finding the face",
    "network": "Reading the face",
    "target": "Building the surface",
    "alignment": "Aligning the head",
    "registration": "Fitting the head",
    "detail": "Adding detail",
    "scene": "Building the object",
}
STAGES = tuple(STAGE_LABELS)

#: Called as `progress(stage, fraction)` with a stage of `STAGES` and the stage's completed fraction in [0, 1]. It may
#: raise `pix2vertex_blender.errors.Cancelled`, which passes through the algorithm unchanged.
Progress = Callable[[str, float], None]


def silent(stage: str, fraction: float) -> None:
    """Ignore progress."""
