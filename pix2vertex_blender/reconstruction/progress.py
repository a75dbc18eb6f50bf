"""How long work tells what it is doing and is told to stop."""

from collections.abc import Callable

#: The stages in their order, as they are named in progress messages and in the report's `seconds`.
STAGES = ("start", "detect", "network", "target", "alignment", "registration", "detail", "scene")

#: Called as `progress(stage, fraction)` with a stage of `STAGES` and the stage's completed fraction in [0, 1]. It may raise
#: `pix2vertex_blender.errors.Cancelled`, which passes through the algorithm unchanged.
Progress = Callable[[str, float], None]


def silent(stage: str, fraction: float) -> None:
    """Ignore progress."""
