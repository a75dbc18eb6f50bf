"""What operators share that have something computed in the worker process, without stopping Blender's window."""

import contextlib
import time
from abc import abstractmethod
from collections.abc import Callable, Generator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import bpy

from ...errors import Pix2VertexError
from ...exchange.progress import STAGE_LABELS
from ..process import session
from ..process.faults import explain
from ..process.job import Job, JobStatus
from ..process.session import SESSION
from ..translations import translate

_TICK_SECONDS = 0.1

BUSY = "{label} is running; press Esc to cancel it"
CANCELLED = "{label}: cancelled"

#: Yields jobs of the worker, gets each back when it is done, and returns what to tell the artist.
Work = Generator[Job, Job, str]


class WorkerOperator:
    """Mixed into an operator with the option UNDO, it runs jobs with stage, bar, Esc, error sentence and one undo step.

    The operator defines `work`, a generator without arguments::

        def work(self):
            result = self.temporary_file(".npz")
            job = yield session.worker().submit("texture", ..., result=str(result))
            ...                       # build what `result` holds, with bpy.context
            return "Photo projected"  # the report at the end

    Between two yields Blender's window is alive: whatever the work needs of Blender's data afterwards it keeps as
    `scene.reference.Reference` and looks up again. A job that fails raises Pix2VertexError at its yield, so that work
    on many photos can go on with the next; any exception that leaves `work` ends the operator with its sentence, and
    one that is a fault of ours gets an entry in the log. When the artist cancels, GeneratorExit is raised at the yield.

    Called from a script or without a window, the operator blocks until the work is done. In a window it runs as a modal
    operator that passes every event on except Esc.

    Attributes
    ----------
    stage_labels : mapping
        The artist's words for the stages that the jobs report.
    """

    stage_labels: ClassVar[Mapping[str, str]] = STAGE_LABELS

    # Of Blender's Operator, which the class with this mixin also has as a base.
    bl_idname: ClassVar[str]
    bl_label: ClassVar[str]
    options: Any
    report: Callable[[set[str], str], None]
    poll_message_set: ClassVar[Callable[[str], None]]

    @abstractmethod
    def work(self) -> Work:
        """The work itself."""

    def progress_of(self, job: Job) -> tuple[str, float]:
        """What to show while a job runs: words and a fraction."""
        return f"{self.stage_labels.get(job.stage, 'Starting')} {job.fraction:.0%}", job.fraction

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """One thing at a time; what else the operator needs, `poll_idle` says."""
        if SESSION.operator:
            cls.poll_message_set(translate(BUSY.format(label=SESSION.label)))
            return False
        return cls.poll_idle(context)

    @classmethod
    def poll_idle(cls, _context: bpy.types.Context) -> bool:
        """Whether the operator can run while nothing else does; it says with `poll_message_set` why not."""
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Run as a modal operator in a window."""
        return self.execute(context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Run to the end when called by a script or without a window; otherwise start and return."""
        SESSION.begin(type(self).bl_idname, self.bl_label, self._abandon)  # the instance has the name of the class
        self._files: list[Path] = []
        self._job: Job | None = None
        self._timer: bpy.types.Timer | None = None
        self._work = self.work()
        if (result := self._guarded(lambda: self._advance(lambda: next(self._work)))) is not None:
            return result
        if self.options.is_invoke and not bpy.app.background:
            self._timer = context.window_manager.event_timer_add(_TICK_SECONDS, window=context.window)
            context.window_manager.modal_handler_add(self)
            return {"RUNNING_MODAL"}
        while (result := self._guarded(self._look)) is None:
            try:
                time.sleep(_TICK_SECONDS)
            except KeyboardInterrupt:
                self._cancel_job()
        return result

    def modal(self, _context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Look for news on each tick; everything but Esc goes on to Blender."""
        if event.type == "ESC" and event.value == "PRESS":
            self._cancel_job()
        elif event.type != "TIMER":
            return {"PASS_THROUGH"}
        return self._guarded(self._look) or {"PASS_THROUGH"}

    def cancel(self, _context: bpy.types.Context) -> None:
        """Blender ends the operator, for instance because another file is opened or its window closed."""
        self._abandon()

    def temporary_file(self, suffix: str) -> Path:
        """A path for a file that is deleted when the operator ends."""
        return self.temporary_files(suffix)[0]

    def temporary_files(self, *suffixes: str) -> list[Path]:
        """Paths for files that are deleted when the operator ends, with the same beginning of their names."""
        stem = f"{self.bl_idname}_{time.monotonic_ns()}"
        paths = [session.temporary_folder() / f"{stem}{suffix}" for suffix in suffixes]
        self._files += paths
        return paths

    def glimpse_file(self) -> Path | None:
        """A path where the worker may draw what is known so far, which is shown while the artist waits; only then."""
        if not self.options.is_invoke or bpy.app.background:
            return None
        from ...exchange.glimpse import GlimpseFile

        SESSION.glimpse = GlimpseFile(self.temporary_file(".npy"))
        return SESSION.glimpse.path

    def _look(self) -> set[str] | None:
        """Take up the worker's news; the operator's result once all work is done."""
        job = self._job
        if job is None:  # abandoned
            return {"CANCELLED"}
        if job.status is JobStatus.RUNNING:
            session.worker().poll()
        if job.status is JobStatus.RUNNING:
            self._show(*self.progress_of(job))
            return None
        if job.status is JobStatus.CANCELLED:
            self._end()
            self.report({"INFO"}, translate(CANCELLED.format(label=self.bl_label)))
            return {"CANCELLED"}
        if job.status is JobStatus.FAILED:
            error = Pix2VertexError(job.error)
            return self._advance(lambda: self._work.throw(error))
        return self._advance(lambda: self._work.send(job))

    def _advance(self, step: Callable[[], Job]) -> set[str] | None:
        """Go on with the work until it waits for another job; the operator's result if it has ended."""
        try:
            self._job = SESSION.job = step()
        except StopIteration as end:
            self._end()
            self.report({"INFO"}, translate(end.value))
            return {"FINISHED"}
        return None

    def _guarded(self, step: Callable[[], set[str] | None]) -> set[str] | None:
        """Take a step; an exception, whatever it is, ends the operator with a sentence."""
        try:
            return step()
        except Exception as error:
            self._end()
            SESSION.error = explain(error, self.bl_label)
            self.report({"ERROR"}, translate(SESSION.error))
            return {"CANCELLED"}
        except BaseException:
            self._end()
            raise

    def _abandon(self) -> None:
        """End from outside: the add-on is disabled, and Blender drops its operators without a word."""
        self._cancel_job()
        self._end()

    def _cancel_job(self) -> None:
        if self._job is not None:
            session.worker().cancel(self._job)

    def _show(self, text: str, fraction: float) -> None:
        has_news = SESSION.glimpse is not None and SESSION.glimpse.look()
        if not has_news and (text, fraction) == (SESSION.text, SESSION.fraction):
            return
        SESSION.text, SESSION.fraction = text, fraction
        if self._timer is not None:
            bpy.context.workspace.status_text_set(translate(f"{self.bl_label}: {text}   (Esc to cancel)"))
            _redraw_sidebars()

    def _end(self) -> None:
        """Leave nothing behind, however the work ended."""
        self._job = None
        SESSION.end()
        for step in (self._work.close, self._delete_files, self._leave_window):
            try:
                step()
            except Exception as error:
                explain(error, self.bl_label)

    def _delete_files(self) -> None:
        for file in self._files:
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)

    def _leave_window(self) -> None:
        if self._timer is not None:
            bpy.context.window_manager.event_timer_remove(self._timer)
            self._timer = None
            for workspace in bpy.data.workspaces:  # the artist may have changed to another one meanwhile
                workspace.status_text_set(None)
            _redraw_sidebars()


class PIX2VERTEX_OT_cancel(bpy.types.Operator):
    """Stop what is running"""

    bl_idname = "pix2vertex.cancel"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Only while something is running."""
        if not SESSION.running_job:
            cls.poll_message_set(translate("Nothing is running"))
            return False
        return True

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Tell the worker; the running operator notices at its next tick."""
        if job := SESSION.running_job:
            session.worker().cancel(job)
        return {"FINISHED"}


def _redraw_sidebars() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in {"VIEW_3D", "PREFERENCES"}:
                area.tag_redraw()


CLASSES = (PIX2VERTEX_OT_cancel,)
