"""Reconstruct Face: from the photo to an object, without ever stopping Blender's window."""

import time
from pathlib import Path
from typing import Any

import bpy

from ...errors import Pix2VertexError
from ...reconstruction.progress import STAGE_LABELS
from ...reconstruction.result import Reconstruction
from .. import session
from ..properties import DEVICES
from ..scene.face_object import build_face_object
from ..session import SESSION
from ..worker_client import Job, JobStatus

_TICK_SECONDS = 0.1


def job_text(job: Job) -> str:
    """The stage of a job and how far it is, in words."""
    return f"{STAGE_LABELS.get(job.stage, 'Starting')} {job.fraction:.0%}"


class PIX2VERTEX_OT_reconstruct(bpy.types.Operator):
    """Build a face mesh from a portrait photo"""

    bl_idname = "pix2vertex.reconstruct"
    bl_label = "Reconstruct Face"
    bl_options = {"UNDO"}

    filepath: bpy.props.StringProperty(
        name="Photo", description="Portrait photo; the scene's if empty", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    device: bpy.props.EnumProperty(
        name="Device", description="Where the network is computed", items=DEVICES, options={"SKIP_SAVE"}
    )
    detail_level: bpy.props.IntProperty(
        name="Detail Level",
        description="How often the head's faces are divided into four",
        min=0,
        max=3,
        default=2,
        options={"SKIP_SAVE"},
    )
    with_eyeballs: bpy.props.BoolProperty(
        name="Eyeballs", description="Add the eyeballs as child objects", default=False, options={"SKIP_SAVE"}
    )
    face_box: bpy.props.IntVectorProperty(
        name="Face Box",
        description="Left, top, width and height of the face in the photo; found automatically if all are zero",
        size=4,
        options={"SKIP_SAVE"},
    )
    face: bpy.props.IntProperty(
        name="Face",
        description="Which of several faces, beginning with 1 for the largest; chosen automatically if zero",
        min=0,
        options={"SKIP_SAVE"},
    )
    seed: bpy.props.IntProperty(name="Seed", description="Seed of the random choices", min=0, options={"SKIP_SAVE"})
    filter_image: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_folder: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """One reconstruction at a time."""
        if SESSION.running_job:
            cls.poll_message_set("A face is being reconstructed; press Esc to cancel it")
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Take the scene's photo, or let the artist choose one."""
        self._take_scene_settings(context)
        if self.filepath:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Run to the end when called by a script or without a window; otherwise start and return."""
        self._take_scene_settings(context)
        if not self.filepath:
            return self._fail("Choose a photo first.")
        SESSION.error = ""
        SESSION.job = job = self._submit()
        if self.options.is_invoke and not bpy.app.background:
            return self._start_modal(context, job)
        _wait_until_ended(job)
        return self._finish(context, job)

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Look for news on each tick; everything but Esc goes on to Blender."""
        job = self._job
        assert job is not None
        if event.type == "ESC" and event.value == "PRESS":
            session.worker().cancel(job)
        elif event.type != "TIMER":
            return {"PASS_THROUGH"}
        elif job.status is JobStatus.RUNNING:
            session.worker().poll()
        if job.status is JobStatus.RUNNING:
            self._show_progress(context, job_text(job))
            return {"PASS_THROUGH"}
        self._end_modal(context)
        return self._finish(context, job)

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator, for instance because another file is opened."""
        if (job := getattr(self, "_job", None)) is not None:
            session.worker().cancel(job)
            self._end_modal(context)

    def _take_scene_settings(self, context: bpy.types.Context) -> None:
        """Use the scene's settings for what the caller did not set."""
        settings = context.scene.pix2vertex
        for name, value in (
            ("filepath", settings.photo),
            ("device", settings.device),
            ("detail_level", settings.detail_level),
            ("with_eyeballs", settings.with_eyeballs),
        ):
            if not self.properties.is_property_set(name):
                setattr(self, name, value)
        if self.options.is_invoke and not settings.photo:
            settings.photo = self.filepath

    def _submit(self) -> Job:
        options: dict[str, Any] = {"device": self.device, "detail_level": self.detail_level, "seed": self.seed}
        if any(self.face_box):
            options["face_box"] = list(self.face_box)
        if self.face:
            options["face"] = self.face
        result = session.temporary_folder() / f"reconstruction_{time.monotonic_ns()}.npz"
        photo = bpy.path.abspath(self.filepath)
        return session.worker().submit("reconstruct", photo=photo, options=options, result=str(result))

    def _start_modal(self, context: bpy.types.Context, job: Job) -> set[str]:
        self._job: Job | None = job
        self._shown = ""
        self._timer = context.window_manager.event_timer_add(_TICK_SECONDS, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def _show_progress(self, context: bpy.types.Context, text: str) -> None:
        if text != self._shown:
            self._shown = text
            context.workspace.status_text_set(f"Reconstruct Face: {text}   (Esc to cancel)")
            _redraw_sidebars(context)

    def _end_modal(self, context: bpy.types.Context) -> None:
        context.window_manager.event_timer_remove(self._timer)
        for workspace in bpy.data.workspaces:  # the artist may have changed to another one meanwhile
            workspace.status_text_set(None)
        self._job = None
        _redraw_sidebars(context)

    def _finish(self, context: bpy.types.Context, job: Job) -> set[str]:
        """Turn the ended job into an object or a message."""
        if job.status is JobStatus.CANCELLED:
            self.report({"INFO"}, "Reconstruction cancelled")
            return {"CANCELLED"}
        if job.status is JobStatus.FAILED:
            return self._fail(job.error)
        result = Path(job.result["result"])
        try:
            photo = Path(bpy.path.abspath(self.filepath))
            reconstruction = Reconstruction.load(result)
            face = build_face_object(reconstruction, context, photo=photo, with_eyeballs=self.with_eyeballs)
        except Pix2VertexError as error:
            return self._fail(str(error))
        finally:
            result.unlink(missing_ok=True)
        self.report({"INFO"}, f"{face.name} reconstructed from {Path(self.filepath).name}")
        return {"FINISHED"}

    def _fail(self, sentence: str) -> set[str]:
        SESSION.error = sentence
        self.report({"ERROR"}, sentence)
        return {"CANCELLED"}


class PIX2VERTEX_OT_cancel(bpy.types.Operator):
    """Stop the running reconstruction"""

    bl_idname = "pix2vertex.cancel"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Only while something is running."""
        if not SESSION.running_job:
            cls.poll_message_set("Nothing is being reconstructed")
            return False
        return True

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """Tell the worker; the running operator notices at its next tick."""
        if job := SESSION.running_job:
            session.worker().cancel(job)
        return {"FINISHED"}


def _wait_until_ended(job: Job) -> None:
    """Wait for a job without a window; Ctrl C cancels it."""
    try:
        while job.status is JobStatus.RUNNING:
            time.sleep(_TICK_SECONDS)
            session.worker().poll()
    except KeyboardInterrupt:
        session.worker().cancel(job)


def _redraw_sidebars(context: bpy.types.Context) -> None:
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                area.tag_redraw()


CLASSES = (PIX2VERTEX_OT_reconstruct, PIX2VERTEX_OT_cancel)
