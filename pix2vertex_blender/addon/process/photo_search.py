"""The faces of the chosen photo, which the worker looks for in the background while the artist goes on."""

import time
from dataclasses import dataclass, field
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

from ...exchange.progress import SEARCHING
from . import faults, session
from .job import Job, JobStatus

#: Longer side in pixels of the reduced photo that is shown in Blender.
PREVIEW_SIDE = 768
_TICK_SECONDS = 0.2
_REMEMBERED = 8


@dataclass(frozen=True)
class FoundFace:
    """A face of the photo.

    Attributes
    ----------
    box : tuple of float
        Left, top, width and height in photo pixels.
    confidence : float
        The network's, in [0, 1].
    outside : float
        The share of its landmarks that lie outside the photo.
    """

    box: tuple[float, float, float, float]
    confidence: float
    outside: float = 0.0


@dataclass
class Search:
    """What is known about a photo.

    Attributes
    ----------
    photo : Path
    modified : int
        When the photo's file was changed last, in nanoseconds.
    preview : Path
        The file with the reduced photo, written by the worker.
    job : Job
        The search.
    pixels : (h, w, 3) uint8, optional
        The reduced upright photo, as soon as the worker has written it.
    size : tuple of int
        Width and height of the upright photo; zeros until `pixels` are there.
    faces : tuple of FoundFace
        The largest first, once the search has ended well.
    sentence : str
        Why the search failed.
    skipped : bool
        Whether the artist has drawn a box instead of waiting.
    """

    photo: Path
    modified: int
    preview: Path
    job: Job
    pixels: NDArray[np.uint8] | None = None
    size: tuple[int, int] = (0, 0)
    faces: tuple[FoundFace, ...] = ()
    sentence: str = ""
    skipped: bool = False

    @property
    def is_running(self) -> bool:
        """Whether there may be more to come."""
        return self.job.status is JobStatus.RUNNING and not self.sentence

    def skip(self) -> None:
        """Look no longer for faces, and keep the photo."""
        if self.is_running:
            self.skipped = True
            session.worker().cancel(self.job)

    def update(self) -> None:
        """Take up what the worker has said since; what goes wrong ends the search with a sentence."""
        try:
            self._take_up()
        except Exception as error:
            self.sentence = faults.explain(error, "find_faces")
            session.worker().cancel(self.job)

    def _take_up(self) -> None:
        if self.pixels is None and (SEARCHING in self.job.stages or self.job.status is JobStatus.DONE):
            with np.load(self.preview) as arrays:
                self.pixels = arrays["pixels"]
                width, height = (int(side) for side in arrays["size"])
            self.size = (width, height)
            self.preview.unlink()
        if self.job.status is JobStatus.DONE and not self.faces:
            self.faces = tuple(
                FoundFace(tuple(face["box"]), face["confidence"], face.get("outside", 0.0))
                for face in self.job.result["faces"]
            )
        if self.job.status is JobStatus.FAILED:
            self.sentence = self.job.error


@dataclass
class Searches:
    """The photos that have been looked at in this session, the last one last."""

    by_photo: dict[Path, Search] = field(default_factory=dict)

    def find(self, photo: Path) -> Search | None:
        """What is known about a photo; None if nothing is, or the file has changed since."""
        search = self.by_photo.get(photo)
        return search if search is not None and search.modified == _modified(photo) else None

    def begin(self, photo: Path, device: str) -> Search:
        """Look for the faces of a photo, and no longer for those of others."""
        for other in self.by_photo.values():
            if other.is_running:
                session.worker().cancel(other.job)
        preview = session.temporary_folder() / f"preview_{time.monotonic_ns()}.npy"
        job = session.worker().submit(
            "find_faces", photo=str(photo), device=device, preview=str(preview), preview_side=PREVIEW_SIDE
        )
        self.by_photo.pop(photo, None)
        self.by_photo[photo] = search = Search(photo, _modified(photo), preview, job)
        for oldest in list(self.by_photo)[:-_REMEMBERED]:
            del self.by_photo[oldest]
        return search

    def update(self) -> bool:
        """Take up the worker's news; whether more is to come."""
        if session.SESSION.worker is not None:
            session.SESSION.worker.poll()
        for photo, search in list(self.by_photo.items()):
            if not search.sentence:
                search.update()
            if search.job.status is JobStatus.CANCELLED and not (search.sentence or search.skipped):
                del self.by_photo[photo]
        return any(search.is_running for search in self.by_photo.values())


SEARCHES = Searches()


def search_of(settings: bpy.types.PropertyGroup) -> Search | None:
    """What is known about the photo of a scene's settings."""
    return SEARCHES.find(photo_of(settings)) if settings.photo else None


def photo_of(settings: bpy.types.PropertyGroup) -> Path:
    """The absolute path of the photo of a scene's settings."""
    return Path(bpy.path.abspath(settings.photo)).absolute()


def search_in_background(settings: bpy.types.PropertyGroup) -> None:
    """Have the faces of the settings' photo looked for, unless they are known or there is no such file."""
    photo = photo_of(settings)
    if is_file(photo) and SEARCHES.find(photo) is None:
        SEARCHES.begin(photo, settings.device)
        if not bpy.app.timers.is_registered(_tick):
            bpy.app.timers.register(_tick, first_interval=_TICK_SECONDS, persistent=True)  # also in another file


def is_file(photo: Path) -> bool:
    """Whether a photo is there; what cannot be a path at all is not."""
    try:
        return photo.is_file()
    except OSError:  # the name is too long, for instance
        return False


def wait(search: Search) -> None:
    """Wait for the end of a search, for scripts."""
    while search.is_running:
        time.sleep(_TICK_SECONDS / 4)
        SEARCHES.update()


def forget() -> None:
    """Forget all photos and stop looking, when the add-on is removed."""
    SEARCHES.by_photo.clear()
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)


@faults.ends_quietly
def _tick() -> float | None:
    """Show the worker's news; Blender calls this again after the seconds it returns."""
    running = SEARCHES.update()
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()
    return _TICK_SECONDS if running else None


def _modified(photo: Path) -> int:
    try:
        return photo.stat().st_mtime_ns
    except OSError:
        return 0
