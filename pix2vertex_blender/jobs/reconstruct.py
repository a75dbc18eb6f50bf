"""From a photo to a reconstruction."""

from pathlib import Path
from typing import Any

from ..worker import Progress, Request


def reconstruct_face(request: Request, progress: Progress) -> dict[str, Any]:
    """Reconstruct the face of `request["photo"]` with `request["options"]` and save it as `request["result"]`."""
    progress("start", 0.0)
    from ..reconstruction.pipeline import Options, reconstruct  # torch takes seconds to load: only when there is work

    options = dict(request["options"])
    if options.get("face_box") is not None:
        options["face_box"] = tuple(options["face_box"])
    reconstruction = reconstruct(Path(request["photo"]), Options(**options), progress)
    reconstruction.save(Path(request["result"]))
    return {"result": request["result"]}


def prepare(_request: Request, progress: Progress) -> dict[str, Any]:
    """Load the libraries, so that the first reconstruction does not wait for them."""
    progress("start", 0.0)
    from ..reconstruction import pipeline

    return {"prepared": pipeline.__name__}


JOBS = {"reconstruct": reconstruct_face, "prepare": prepare}
