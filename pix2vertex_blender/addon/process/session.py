"""What lives as long as Blender does: the worker process, the running work and the last error."""

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ...limits import environment
from ...paths import WORKER_SCRIPT
from ...worker import MODULE_PATH_VARIABLE
from .job import Job, JobStatus
from .preference_values import ADDON_PACKAGE, idle_seconds, memory_limit, threads

if TYPE_CHECKING:
    from ...exchange.glimpse import GlimpseFile
    from ...exchange.protocol import Preparation
    from .worker_client import WorkerClient


@dataclass
class Session:
    """The add-on's state outside of Blender's files.

    Attributes
    ----------
    worker : WorkerClient or None
        The client of the worker process; None until it is first needed.
    worker_settings : tuple or None
        The preferences with which the client was made; None for one that a test has put here.
    job : Job or None
        The last job that was asked for.
    operator, label : str
        The `bl_idname` and label of the operator whose work is running; empty while none is.
    text, fraction : str, float
        What it is doing and how far it is.
    glimpse : GlimpseFile or None
        What is known of the face so far, if the running operator has it drawn.
    error : str
        The sentence that tells why the last work failed; empty if it did not.
    last_operator : str
        The `bl_idname` of the operator that began last, in whose panel the error is shown.
    abandon : callable, optional
        Ends the running operator from outside and cleans up after it.
    log_folder : Path or None
        Where the logs of a run without a window go; the user's folder if None.
    """

    worker: "WorkerClient | None" = None
    worker_settings: tuple[float, int, float] | None = None
    job: Job | None = None
    operator: str = ""
    label: str = ""
    text: str = ""
    fraction: float = 0.0
    glimpse: "GlimpseFile | None" = None
    error: str = ""
    last_operator: str = ""
    abandon: Callable[[], None] | None = None
    log_folder: Path | None = None

    @property
    def running_job(self) -> Job | None:
        """The job that is running now."""
        return self.job if self.job is not None and self.job.status is JobStatus.RUNNING else None

    def begin(self, operator: str, label: str, abandon: Callable[[], None]) -> None:
        """An operator begins its work."""
        self.abandon = abandon
        self.operator = self.last_operator = operator
        self.label, self.text, self.fraction, self.error = label, "", 0.0, ""

    def end(self) -> None:
        """The operator's work has ended."""
        self.operator = self.label = self.text = ""
        self.abandon = self.glimpse = None


SESSION = Session()


def worker() -> "WorkerClient":
    """The client of the worker process, which starts when it gets its first job."""
    settings = (idle_seconds(), threads(), memory_limit())
    if SESSION.worker_settings not in (None, settings) and SESSION.running_job is None:
        _end_process()  # the preferences have changed
    if SESSION.worker is None:
        from ...serving import IDLE_SECONDS_VARIABLE
        from .worker_client import WorkerClient

        variables = {
            MODULE_PATH_VARIABLE: os.pathsep.join(_library_folders()),
            IDLE_SECONDS_VARIABLE: str(idle_seconds()),
            **environment(threads(), memory_limit()),
        }
        command = [sys.executable, *bpy.app.python_args, str(WORKER_SCRIPT)]
        SESSION.worker = WorkerClient(command, variables, user_folder() / "worker.log")
        SESSION.worker_settings = settings
    return SESSION.worker


def prepare(preparation: "Preparation") -> None:
    """Have the worker start and load what is needed soon, while the artist is busy; not in scripts, which go on."""
    if not bpy.app.background and worker().process_id is None:
        worker().submit("prepare", preparation=preparation)


def stop_worker() -> None:
    """End the worker process and the operator that waits for it, if any, and give the memory back."""
    if SESSION.abandon is not None:
        SESSION.abandon()
    _end_process()
    SESSION.job = None
    SESSION.end()


def _end_process() -> None:
    if SESSION.worker is not None:
        SESSION.worker.stop()
    SESSION.worker = SESSION.worker_settings = None


def user_folder() -> Path:
    """The folder for this user's files: the extension's own, or Blender's temporary one without an installation."""
    if SESSION.log_folder is not None:
        return SESSION.log_folder
    if ADDON_PACKAGE.startswith("bl_ext."):
        return Path(bpy.utils.extension_path_user(ADDON_PACKAGE, create=True))
    return temporary_folder()


def temporary_folder() -> Path:
    """The folder for files of this Blender session, deleted by Blender at its end."""
    folder = Path(bpy.app.tempdir) / "pix2vertex"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _library_folders() -> list[str]:
    """Where Blender finds libraries: its own and those from extensions' wheels."""
    return [folder for folder in sys.path if Path(folder).name in {"site-packages", "dist-packages"}]
