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
    options["pins"] = {int(landmark): tuple(pixel) for landmark, pixel in options.get("pins", {}).items()}
    reconstruction = reconstruct(Path(request["photo"]), Options(**options), progress)
    reconstruction.save(Path(request["result"]))
    return {"result": request["result"]}


def refit_face(request: Request, progress: Progress) -> dict[str, Any]:
    """Fit the saved reconstruction `request["source"]` to `request["pins"]` and save it as `request["result"]`."""
    progress("start", 0.0)
    import numpy as np

    from ..reconstruction.fitting import refit
    from ..reconstruction.result import Reconstruction, no_pins

    pins = no_pins()
    for landmark, pixel in request["pins"].items():
        pins[int(landmark)] = pixel
    source = Reconstruction.load(Path(request["source"]))
    refit(source, pins, source.detail_level, progress).save(Path(request["result"]))
    return {"result": request["result"], "pinned": int(np.isfinite(pins[:, 0]).sum())}


def prepare(_request: Request, progress: Progress) -> dict[str, Any]:
    """Load the libraries, so that the first reconstruction does not wait for them."""
    progress("start", 0.0)
    from ..reconstruction import pipeline

    return {"prepared": pipeline.__name__}


JOBS = {"reconstruct": reconstruct_face, "refit": refit_face, "prepare": prepare}
