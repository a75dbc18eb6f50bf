"""From a photo to a reconstruction."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..exchange.progress import Progress
from ..exchange.protocol import Preparation, Request

if TYPE_CHECKING:
    from ..exchange.result import Reconstruction


def reconstruct_face(request: Request, progress: Progress) -> dict[str, Any]:
    """Reconstruct the face of `request["photo"]` with `request["options"]` and save it as `request["result"]`.

    If there are `request["photos"]`, the head is that of the person whom they all show.
    If the request names a file `glimpse`, what is known of the face is drawn into it as soon as it is. If it names the
    saved reconstruction `source`, its vertices are saved as in `refit_face`. The settings `detail` of the face's
    sliders may be there as in the job `detail`.
    """
    progress("start", 0.0)
    from ..exchange.glimpse import leave_glimpse, show_nobody
    from ..reconstruction.pipeline import Options, reconstruct  # torch takes seconds to load: only when there is work

    options = dict(request["options"])
    if options.get("face_box") is not None:
        options["face_box"] = tuple(options["face_box"])
    options["pins"] = {int(landmark): tuple(pixel) for landmark, pixel in options.get("pins", {}).items()}
    show = partial(leave_glimpse, Path(request["glimpse"])) if "glimpse" in request else show_nobody
    if "photos" in request:
        from ..reconstruction.several.together import reconstruct_together

        reconstruction = reconstruct_together(request["photos"], Options(**options), progress, show)
    else:
        reconstruction = reconstruct(Path(request["photo"]), Options(**options), progress, show)
    _with_detail(reconstruction, request, progress).save(Path(request["result"]))
    if "source" in request:
        from ..exchange.result import Reconstruction

        _save_vertices(Reconstruction.load(Path(request["source"])), request["vertices"])
    return {"result": request["result"]}


def refit_face(request: Request, progress: Progress) -> dict[str, Any]:
    """Fit the saved reconstruction `request["source"]` to `request["pins"]` and save it as `request["result"]`.

    `request["points"]` may hold `PinnedPoints` as lists. The vertices (n, 3) that the source had at its level are saved
    as `request["vertices"]`. The settings `detail` of the face's sliders may be there as in the job `detail`.
    """
    progress("start", 0.0)

    from ..exchange.result import Reconstruction
    from ..exchange.view import no_pins
    from ..reconstruction.refit import refit
    from ..shaping.points import PinnedPoints

    points = PinnedPoints.from_lists(request["points"]) if "points" in request else None
    pins = no_pins()
    for landmark, pixel in request["pins"].items():
        pins[int(landmark)] = pixel
    source = Reconstruction.load(Path(request["source"]))
    refitted = refit(source, pins, source.detail_level, progress, points)
    _with_detail(refitted, request, progress).save(Path(request["result"]))
    _save_vertices(source, request["vertices"])
    return {"result": request["result"]}


def change_photos_of_face(request: Request, progress: Progress) -> dict[str, Any]:
    """Make the head of the saved reconstruction `request["source"]` from other photos; save it as `request["result"]`.

    `request["use"]` says for each of its views whether it is used, null takes it away; `request["photos"]` are added.
    `vertices` and `detail` as in `refit_face`.
    """
    progress("start", 0.0)
    from ..exchange.result import Reconstruction
    from ..reconstruction.pipeline import Options
    from ..reconstruction.several.together import change_photos

    source, options = Reconstruction.load(Path(request["source"])), Options(**request["options"])
    changed = change_photos(source, request["use"], request["photos"], options, progress)
    _with_detail(changed, request, progress).save(Path(request["result"]))
    _save_vertices(source, request["vertices"])
    return {"result": request["result"]}


def _with_detail(reconstruction: "Reconstruction", request: Request, progress: Progress) -> "Reconstruction":
    """The reconstruction with the detail that the face's sliders ask for."""
    from ..reconstruction.refit import DetailSettings, renewed_detail
    from ..template import load_template

    settings = DetailSettings(**request.get("detail", {}))
    if settings == DetailSettings():
        return reconstruction
    level = load_template(reconstruction.detail_level)
    pause = partial(progress, "detail", 1.0)
    detail = renewed_detail(reconstruction, reconstruction.vertices, level, settings, pause)
    return replace(reconstruction, detail=detail)


def _save_vertices(source: "Reconstruction", path: str) -> None:
    """Save the registered vertices of a face's record at the face's level."""
    import numpy as np

    from ..template import load_template

    np.save(Path(path), load_template().subdivide(source.coarse_vertices, source.detail_level))


def _load_refit() -> None:
    from ..reconstruction import refit  # noqa: F401


#: What can be loaded before it is needed, and how.
PREPARATIONS = {Preparation.REFIT: _load_refit}


def prepare(request: Request, progress: Progress) -> dict[str, Any]:
    """Load what the `Preparation` of the request stands for, so that the next job does not wait for its libraries."""
    progress("start", 0.0)
    PREPARATIONS[Preparation(request["preparation"])]()
    return {}


JOBS = {
    "reconstruct": reconstruct_face,
    "refit": refit_face,
    "change_photos": change_photos_of_face,
    "prepare": prepare,
}
