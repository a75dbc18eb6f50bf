"""From a photo to a reconstruction."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..worker import Progress, Request

if TYPE_CHECKING:
    from ..reconstruction.result import Reconstruction


def reconstruct_face(request: Request, progress: Progress) -> dict[str, Any]:
    """Reconstruct the face of `request["photo"]` with `request["options"]` and save it as `request["result"]`.

    If the request names the saved reconstruction `source`, its vertices are saved as in `refit_face`.
    """
    progress("start", 0.0)
    from ..reconstruction.pipeline import Options, reconstruct  # torch takes seconds to load: only when there is work

    options = dict(request["options"])
    if options.get("face_box") is not None:
        options["face_box"] = tuple(options["face_box"])
    options["pins"] = {int(landmark): tuple(pixel) for landmark, pixel in options.get("pins", {}).items()}
    reconstruction = reconstruct(Path(request["photo"]), Options(**options), progress)
    reconstruction.save(Path(request["result"]))
    if "source" in request:
        from ..reconstruction.result import Reconstruction

        _save_vertices(Reconstruction.load(Path(request["source"])), request["vertices"])
    return {"result": request["result"]}


def refit_face(request: Request, progress: Progress) -> dict[str, Any]:
    """Fit the saved reconstruction `request["source"]` to `request["pins"]` and save it as `request["result"]`.

    The vertices (n, 3) that the source had at its level are saved as `request["vertices"]`.
    """
    progress("start", 0.0)

    from ..reconstruction.fitting import refit
    from ..reconstruction.result import Reconstruction, no_pins

    pins = no_pins()
    for landmark, pixel in request["pins"].items():
        pins[int(landmark)] = pixel
    source = Reconstruction.load(Path(request["source"]))
    refit(source, pins, source.detail_level, progress).save(Path(request["result"]))
    _save_vertices(source, request["vertices"])
    return {"result": request["result"]}


def _save_vertices(source: "Reconstruction", path: str) -> None:
    """Save the registered vertices of a face's record at the face's level."""
    import numpy as np

    from ..template import load_template

    np.save(Path(path), load_template().subdivide(source.coarse_vertices, source.detail_level))


def prepare(_request: Request, progress: Progress) -> dict[str, Any]:
    """Load the libraries, so that the first reconstruction does not wait for them."""
    progress("start", 0.0)
    from ..reconstruction import pipeline

    return {"prepared": pipeline.__name__}


JOBS = {"reconstruct": reconstruct_face, "refit": refit_face, "prepare": prepare}
