"""Reconstruct Folder: all photos of a folder become faces in the scene or files; a failure never stops the rest."""

import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import bpy

from ...errors import PhotoError
from ...exchange.progress import STAGES
from ..process import session
from ..process.faults import explain
from ..process.job import Job
from ..properties.scene import BATCH_TARGETS, EXPORT_FORMATS, EXPORT_PRESETS
from ..translations import translate
from .export import SUFFIXES, face_writer
from .reconstruction_choices import ReconstructionChoices
from .settings import take_settings
from .worker_operator import Work, WorkerOperator

if TYPE_CHECKING:
    from ..batch.destinations import Destination
    from ..batch.table import Outcome

NO_FOLDER = "Choose a folder with photos first."
SUMMARY = "{done} of {count} photos reconstructed, {failed} failed"
POSITION = "{position} of {count}: {photo}, {stage}"
DEFAULT_OUTPUT = "faces"


class PIX2VERTEX_OT_reconstruct_folder(ReconstructionChoices, WorkerOperator, bpy.types.Operator):
    """Reconstruct the faces of all photos in a folder; photos that fail are listed and stop nothing"""

    bl_idname = "pix2vertex.reconstruct_folder"
    bl_label = "Reconstruct Folder"
    bl_options = {"UNDO"}

    directory: bpy.props.StringProperty(
        name="Photos", description="Folder with the photos", subtype="DIR_PATH", options={"SKIP_SAVE"}
    )
    target: bpy.props.EnumProperty(
        name="Into", description="Where the faces go", items=BATCH_TARGETS, options={"SKIP_SAVE"}
    )
    output: bpy.props.StringProperty(
        name="Output",
        description="Folder for the files; the folder 'faces' beside the photos if empty",
        subtype="DIR_PATH",
        options={"SKIP_SAVE"},
    )
    preset: bpy.props.EnumProperty(
        name="For", description="The program that the files are for", items=EXPORT_PRESETS, options={"SKIP_SAVE"}
    )
    file_format: bpy.props.EnumProperty(
        name="Format", description="The kind of files", items=EXPORT_FORMATS, options={"SKIP_SAVE"}
    )
    again: bpy.props.BoolProperty(
        name="Finished Ones Again",
        description="Reconstruct also the photos whose files an earlier run has written",
        default=False,
        options={"SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Take the scene's folder, or let the artist choose one."""
        self._take_scene_settings(context)
        if self.directory:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def work(self) -> Work:
        """Reconstruct the photos one after the other."""
        from ..batch.names import printable, result_names
        from ..batch.table import BATCH, TABLE_NAME, left_out_in, photos_in

        self._take_scene_settings(bpy.context)
        if not self.directory:
            raise PhotoError(NO_FOLDER)
        folder = Path(bpy.path.abspath(self.directory)).absolute()
        photos = photos_in(folder)
        names = result_names(photos, [TABLE_NAME])
        destination = self._destination(folder, len(photos))
        BATCH.outcomes, BATCH.left_out = [], left_out_in([folder])
        try:
            for position, photo in enumerate(photos):
                self._now = _Position(position, len(photos), printable(photo.name))
                outcome = destination.is_finished(photo)
                if outcome is None:
                    outcome = yield from self._reconstruct(photo, names[photo], position, destination)
                    destination.record(outcome)
                BATCH.outcomes.append(outcome)
        except GeneratorExit:
            bpy.ops.ed.undo_push(message=self.bl_label)  # Blender takes no step for an operator that is cancelled
            raise
        destination.end()
        if BATCH.left_out:
            self.report({"INFO"}, translate(BATCH.left_out))
        return summary()

    def progress_of(self, job: Job) -> tuple[str, float]:
        """Which photo it is, and how far all of them are."""
        stage, _fraction = super().progress_of(job)
        now = self._now
        text = POSITION.format(position=now.position + 1, count=now.count, photo=now.photo, stage=stage)
        begun = STAGES.index(job.stage) if job.stage in STAGES else 0
        return text, (now.position + (begun + job.fraction) / len(STAGES)) / now.count

    def _reconstruct(
        self, photo: Path, name: str, position: int, destination: "Destination"
    ) -> "Generator[Job, Job, Outcome]":
        """One photo, whatever becomes of it."""
        from ..batch.table import DONE, FAILED, Outcome

        started = time.perf_counter()
        result = self.temporary_file(".npz")
        options = {"device": self.device, "detail_level": self.detail_level}
        try:
            yield session.worker().submit("reconstruct", photo=str(photo), options=options, result=str(result))
            from ...exchange.result import Reconstruction

            reconstruction = Reconstruction.load(result)
            files = destination.take(reconstruction, photo, name, position)
        except Exception as error:
            return Outcome(photo, FAILED, explain(error, str(photo)), None, time.perf_counter() - started)
        finally:
            result.unlink(missing_ok=True)
        confidence = reconstruction.report.confidence
        return Outcome(photo, DONE, "", confidence, time.perf_counter() - started, files)

    def _destination(self, folder: Path, count: int) -> "Destination":
        from ..batch.destinations import FilesDestination, SceneDestination
        from ..batch.table import options_text

        if self.target == "SCENE":
            return SceneDestination(folder, count, self.with_eyeballs)
        output = Path(bpy.path.abspath(self.output)).absolute() if self.output else folder / DEFAULT_OUTPUT
        write = face_writer(self.preset, self.file_format)
        names = ("device", "detail_level", "with_eyeballs", "preset")
        options = options_text({name: getattr(self, name) for name in names})
        return FilesDestination(output, SUFFIXES[self.file_format], write, self.with_eyeballs, self.again, options)

    def _take_scene_settings(self, context: bpy.types.Context) -> None:
        """Use the scene's settings for what the caller did not set."""
        settings = context.scene.pix2vertex
        batch = settings.batch
        take_settings(self, batch, "directory", "target", "output", "preset", "file_format", "again")
        take_settings(self, settings, "device", "detail_level", "with_eyeballs")
        if self.options.is_invoke and not batch.directory:
            batch.directory = self.directory


def summary() -> str:
    """How many photos of the last batch are done."""
    from ..batch.table import BATCH

    count, failed = len(BATCH.outcomes), len(BATCH.failures)
    return SUMMARY.format(done=count - failed, count=count, failed=failed)


@dataclass(frozen=True)
class _Position:
    """Which of how many photos is being reconstructed."""

    position: int
    count: int
    photo: str


CLASSES = (PIX2VERTEX_OT_reconstruct_folder,)
