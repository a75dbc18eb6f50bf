"""One photo becomes a folder of files, in a Blender without a window."""

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path
from typing import Any, Protocol

import bpy
import numpy as np

from ...exchange.progress import STAGE_LABELS
from ...exchange.report import Report
from ...exchange.result import Reconstruction
from ...exchange.uv_layouts import WHOLE_HEAD
from ...geometry.raster import face_depth
from ...rig.names import NAMINGS
from ..export.export import export_face, export_fbx, export_glb, save_blend
from ..images.texture_size import side_of_texture
from ..process import session
from ..process.job import Job
from ..rig.rig import set_rig
from ..scene.face_object import build_face_object
from .errand import await_end
from .expression_job import add_expressions
from .finish_job import FINISHED, finish_face
from .maps_job import MAPS, write_maps
from .preview import compose_preview
from .texture_job import ORIGIN_FILE, TEXTURE_FILE, TextureImages, submit_texture, wear_texture, write_texture

_PREVIEW_SIZE = 512

PREVIEW = "preview.png"
#: Choices that the reconstruction knows nothing of.
_OF_THE_SCENE = ("expressions", "rig", "texture", "layout", "keep_light", "finish")
#: The artist's words for the stages, those of the texture too.
STAGE_WORDS = {**STAGE_LABELS, "texture": "Projecting the photo"}
#: The files of one photo.
RESULTS = (
    "face.blend",
    "face.fbx",
    "face.glb",
    "maps.npz",
    "report.json",
    "vertices.npy",
    PREVIEW,
    TEXTURE_FILE,
    ORIGIN_FILE,
    *MAPS,
    *FINISHED,
)


class Display(Protocol):
    """Where the progress of a photo is shown."""

    def show(self, stage: str, fraction: float) -> None:
        """Show how far a running stage is."""

    def show_end(self, stage: str, seconds: float) -> None:
        """Show how long a stage took."""


@dataclass(frozen=True)
class StageLines:
    """One line for each stage with its time, and on a terminal how far the running one is."""

    labels: Mapping[str, str] = field(default_factory=lambda: STAGE_WORDS)

    def show(self, stage: str, fraction: float) -> None:
        """Show how far a running stage is."""
        if sys.stdout.isatty():
            print(f"\r{self.labels[stage]:<24}{fraction:6.0%}", end="", flush=True)

    def show_end(self, stage: str, seconds: float) -> None:
        """Show how long a stage took."""
        start = "\r" if sys.stdout.isatty() else ""
        print(f"{start}{self.labels[stage]:<24}{seconds:6.1f} s", flush=True)


def write_photo_results(
    photos: Sequence[Path], choices: Mapping[str, Any], folder: Path, display: Display, with_preview: bool = True
) -> Report:
    """Reconstruct the face of photos and write everything about it into a folder; returns the report.

    The open Blender file is replaced by one that holds the face alone.

    Parameters
    ----------
    photos : sequence of Path
        What to reconstruct: one photo, or several that show the same person.
    choices : mapping
        Fields of `reconstruction.pipeline.Options`, which `expressions` the face gets, if any, and whether a `rig`; the
        size of its `texture`, if it gets one, the UVs' `layout` and whether to `keep_light`; what to `finish` it for.
    folder : Path
        An existing folder.
    display : Display
        Where to show the progress.
    with_preview : bool
        Write `preview.png`.

    Raises
    ------
    Pix2VertexError
        If the photo, a choice or the folder cannot be used.
    WorkerError
        If the worker failed.
    """
    clock = Clock(display)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    options = {name: value for name, value in choices.items() if name not in _OF_THE_SCENE}
    reconstruction = reconstruct_in_worker(photos, options, clock)
    images = _texture(reconstruction, photos[0], choices, clock) if "texture" in choices else None
    clock.enter("scene")
    with quiet():
        expressions, with_rig = choices.get("expressions", ""), choices.get("rig", False)
        face = _write_scene(reconstruction, folder, expressions, images, with_rig=with_rig)
        if finish := choices.get("finish"):
            finish_face(face, finish, folder)
    if with_preview:
        compose_preview(reconstruction, _PREVIEW_SIZE, folder / PREVIEW)
    _write_maps(reconstruction, folder)
    np.save(folder / "vertices.npy", reconstruction.coarse_vertices)
    clock.end()
    report = replace(
        reconstruction.report,
        seconds=clock.seconds,
        versions=reconstruction.report.versions | {"blender": bpy.app.version_string},
    )
    (folder / "report.json").write_text(report.to_json(indent=2) + "\n")
    return report


def _write_maps(reconstruction: Reconstruction, folder: Path) -> None:
    """Write what the network said, and the depth of the mesh in the same grid."""
    view, face = reconstruction.view, reconstruction.groups["face"]
    points = view.frame.to_camera(reconstruction.vertices + reconstruction.detail)
    height, width = view.maps.mask.shape
    mesh_depth = face_depth(points, reconstruction.faces, face, view.camera.project, (height, width))
    np.savez_compressed(
        folder / "maps.npz",
        crop_to_photo=view.crop_to_photo,
        mask=view.maps.mask,
        opening=view.maps.opening,
        correspondence=view.maps.correspondence,
        geometry=view.maps.geometry,
        network_depth=view.maps.depth,
        mesh_depth=mesh_depth.astype(np.float32),
    )


def _texture(reconstruction: Reconstruction, photo: Path, choices: Mapping[str, Any], clock: "Clock") -> TextureImages:
    """Have the worker texture the head from its photo, showing its progress."""
    clock.enter("texture")
    shown = Path(reconstruction.view.photo) if reconstruction.view.photo else photo
    keep_light, layout = choices.get("keep_light", False), choices.get("layout", WHOLE_HEAD)
    size = side_of_texture(choices["texture"], reconstruction, layout)
    job, images = submit_texture(result_file(), shown, size, layout, keep_light=keep_light)
    await_end(job, lambda: clock.show(job.fraction))
    return images


def _write_scene(
    reconstruction: Reconstruction,
    folder: Path,
    expressions: str,
    images: TextureImages | None = None,
    *,
    with_rig: bool,
) -> bpy.types.Object:
    """Write the Blender, FBX and glTF files of the face, and the images of its texture; returns the face."""
    face = build_face_object(reconstruction, bpy.context, with_eyeballs=True)
    if images is not None:
        wear_texture(face, images)
        write_texture(images, folder)
        write_maps(face, reconstruction.coarse_vertices, folder)
    if expressions:
        add_expressions(face, result_file(), expressions)
    if with_rig:
        set_rig(face, next(iter(NAMINGS)), with_neck=True)
    save_blend(folder / "face.blend")
    for name, write in (("face.fbx", export_fbx), ("face.glb", export_glb)):
        export_face(folder / name, face, write)
    return face


@contextmanager
def quiet() -> Iterator[None]:
    """Keep what Blender itself prints out of the progress; its exporters and renderers write past Python."""
    sys.stdout.flush()
    saved = os.dup(1)
    with Path(os.devnull).open("wb") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    try:
        with redirect_stderr(StringIO()):  # what went wrong comes as an exception, too
            yield
    finally:
        sys.stdout.flush()
        os.dup2(saved, 1)
        os.close(saved)


def result_file() -> Path:
    """Where the worker saves the reconstruction."""
    return session.temporary_folder() / "reconstruction.npz"


def reconstruct_in_worker(photos: Sequence[Path], choices: Mapping[str, Any], clock: "Clock") -> Reconstruction:
    """Have the worker reconstruct the face, showing its progress, and leave it in `result_file`."""
    result = result_file()
    paths = [str(photo.absolute()) for photo in photos]
    several = {"photos": paths} if len(paths) > 1 else {}
    job = session.worker().submit("reconstruct", photo=paths[0], **several, options=dict(choices), result=str(result))
    await_job(job, clock)
    reconstruction = Reconstruction.load(result)
    clock.take(reconstruction.report.seconds)
    return reconstruction


def await_job(job: Job, clock: "Clock") -> None:
    """Wait for a job of the worker, showing its stages.

    Raises
    ------
    Pix2VertexError, WorkerError
        If it failed.
    """

    def show() -> None:
        for stage in job.stages[clock.entered_stages :]:
            clock.enter(stage)
        clock.show(job.fraction)

    await_end(job, show)


@dataclass
class Clock:
    """Shows and measures the stages as they are seen from outside the worker."""

    display: Display
    started: float = field(default_factory=time.perf_counter)
    seconds: dict[str, float] = field(default_factory=dict)
    stage: str = ""
    entered: float = 0.0
    entered_stages: int = 0

    def enter(self, stage: str) -> None:
        """Note the stage that runs now; the first one began when the clock did."""
        self._leave()
        self.entered = time.perf_counter() if self.stage else self.started
        self.stage = stage
        self.entered_stages += 1

    def show(self, fraction: float) -> None:
        """Show how far the stage is."""
        if self.stage:
            self.display.show(self.stage, fraction)

    def take(self, seconds: dict[str, float]) -> None:
        """Replace what polling saw by what the worker measured; starting includes the worker's own start."""
        start = self.seconds.get("start", 0.0)
        self.seconds = {**seconds, "start": max(start, seconds.get("start", 0.0))}

    def end(self) -> None:
        """End the last stage and the whole."""
        self._leave()
        self.seconds["total"] = time.perf_counter() - self.started
        self.seconds = {name: round(value, 3) for name, value in self.seconds.items()}

    def _leave(self) -> None:
        if self.stage:
            self.seconds[self.stage] = time.perf_counter() - self.entered
            self.display.show_end(self.stage, self.seconds[self.stage])
