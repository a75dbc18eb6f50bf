"""A movie of one face: the person, and what the person does."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..exchange.progress import Progress
from ..exchange.protocol import Request

if TYPE_CHECKING:
    from ..animation.take import Take
    from ..exchange.video_report import VideoReport


def person_of_movie(request: Request, progress: Progress) -> dict[str, Any]:
    """Save the head of the person in `request["movie"]` as `request["result"]`.

    The movie is a file or an image sequence of `rate` images a second; `options` are those of a reconstruction; frames
    are written into `folder`. The reply has the names of those that were used as `person`.
    """
    progress("start", 0.0)
    from ..exchange.glimpse import leave_glimpse, show_nobody
    from ..reconstruction.pipeline import Options
    from ..reconstruction.video.movie import open_movie
    from ..reconstruction.video.person import person_of

    show = partial(leave_glimpse, Path(request["glimpse"])) if "glimpse" in request else show_nobody
    movie = open_movie(Path(request["movie"]), request["rate"])
    face = person_of(movie, Path(request["folder"]), Options(**request["options"]), progress, show)
    face.save(Path(request["result"]))
    used = [view.photo for view in face.report.views if view.used]
    return {"person": used or [face.report.photo]}


def take_of_movie(request: Request, progress: Progress) -> dict[str, Any]:
    """Save what the face of the saved reconstruction `source` does in `request["movie"]` as the take `request["take"]`.

    What is done so far is there every two seconds. `basis` as in the job `expressions`; `rate` as in `person_of_movie`.
    The reply has the fields of `VideoReport` as `report`.
    """
    progress("start", 0.0)
    from dataclasses import asdict

    from ..animation.writing import write_take
    from ..exchange.result import Reconstruction
    from ..reconstruction.video.follow import follow
    from ..reconstruction.video.movie import open_movie

    place = Path(request["take"])

    def keep(take: "Take", _report: "VideoReport") -> None:
        write_take(take, place)

    movie, face = open_movie(Path(request["movie"]), request["rate"]), Reconstruction.load(Path(request["source"]))
    take, report = follow(movie, face, request["basis"], request["device"], progress, keep)
    write_take(take, place)
    return {"report": asdict(report)}


JOBS = {"video_person": person_of_movie, "video_take": take_of_movie}
