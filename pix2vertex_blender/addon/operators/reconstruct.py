"""Reconstruct Face: from the photo to an object."""

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import bpy
import numpy as np

from ...errors import PhotoError, Pix2VertexError, SceneError
from ...exchange.confidence import doubts, share_outside
from ...exchange.photo_files import PHOTO_GLOB
from ..process import session
from ..process.job import Job
from ..properties.scene import DESTINATIONS
from ..scene.face_object import active_face, build_face_object
from ..scene.face_update import add_missing_eyeballs, update_face_object
from ..scene.former_face import FormerFace, comes_from
from ..scene.reference import Reference, in_scene
from ..translations import translate
from ..views.arrival import arrive, show_in_local_views
from .expressions import changed_expressions
from .photo import chosen_photos
from .reconstruction_choices import ReconstructionChoices
from .settings import take_unset
from .texture import TEXTURE_STAGES, projected
from .worker_operator import Work, WorkerOperator

if TYPE_CHECKING:
    from ...exchange.result import Reconstruction

RECONSTRUCTED = "{face} reconstructed from {photo}"
USED = "The head is made from {used} of {count} photos"
UPDATED = "{face} updated from {photo}"


class _Files(NamedTuple):
    """What is exchanged with the worker: the face as it was, the new one, and the old one's registered vertices."""

    source: Path
    result: Path
    vertices: Path


class PIX2VERTEX_OT_reconstruct(ReconstructionChoices, WorkerOperator, bpy.types.Operator):
    """Build a face mesh from a portrait photo, or from several photos of the same person"""

    bl_idname = "pix2vertex.reconstruct"
    bl_label = "Reconstruct Face"
    bl_options = {"UNDO"}
    stage_labels: ClassVar = TEXTURE_STAGES

    filepath: bpy.props.StringProperty(
        name="Photo", description="Portrait photo; the scene's if empty", subtype="FILE_PATH", options={"SKIP_SAVE"}
    )
    files: bpy.props.CollectionProperty(
        name="Photos",
        description="Several photos of the same person, which become one head without expression",
        type=bpy.types.OperatorFileListElement,
        options={"SKIP_SAVE"},
    )
    directory: bpy.props.StringProperty(
        name="Folder", description="Where the photos are", subtype="DIR_PATH", options={"SKIP_SAVE"}
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
    with_texture: bpy.props.BoolProperty(
        name="Texture",
        description="Project the photo onto the face at once",
        default=False,
        options={"SKIP_SAVE"},
    )
    destination: bpy.props.EnumProperty(
        name="Result", description="Which object gets the face", items=DESTINATIONS, options={"SKIP_SAVE"}
    )
    filter_image: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_glob: bpy.props.StringProperty(default=PHOTO_GLOB, options={"HIDDEN", "SKIP_SAVE"})
    filter_folder: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Take the scene's photo, or let the artist choose one."""
        self._take_scene_settings(context)
        if self.filepath or self.files:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def work(self) -> Work:
        """Have the photo reconstructed, and update the active face or build a new one."""
        self._take_scene_settings(bpy.context)
        photos = self._photos()
        if not photos:
            raise PhotoError("Choose a photo first.")
        scene, former = Reference.to(bpy.context.scene), self._face_to_update(photos)
        files = _Files(*self.temporary_files("_source.npz", ".npz", ".npy"))
        request = self._request(photos, former)
        if former is not None:
            former.record.save(files.source)
            request |= {"source": str(files.source), "vertices": str(files.vertices), "detail": former.detail}
        yield session.worker().submit("reconstruct", result=str(files.result), **request)
        session.SESSION.glimpse = None  # from now on the head itself is seen
        from ...exchange.result import Reconstruction

        reconstruction, photo = Reconstruction.load(files.result), photos[0]
        if len(photos) > 1:
            photo = Path(reconstruction.view.photo)
            self._tell_of_views(reconstruction, len(photos))
        face, sentence = None, UPDATED
        if former is not None and self._is_of(former, reconstruction, len(photos)):
            face = yield from self._update(former, reconstruction, photo, files)
        if face is None:
            face, sentence = self._add(scene, reconstruction, photo), RECONSTRUCTED
        self._warn_if_unsure(reconstruction)
        sentence = sentence.format(face=face.name, photo=photo.name)
        if self.with_texture:
            yield from self._texture(face)
        return sentence

    def _is_of(self, former: FormerFace, reconstruction: "Reconstruction", photos: int) -> bool:
        """Whether the face is the one to update, now that it is known which face of a photo was reconstructed."""
        return photos > 1 or self.destination != "AUTO" or former.shows_same_face(reconstruction)

    def _update(
        self, former: FormerFace, reconstruction: "Reconstruction", photo: Path, files: _Files
    ) -> Generator[Job, Job, bpy.types.Object | None]:
        """Give a face the new shape, and return it as it is then; None if it has been deleted."""
        face, expressions = yield from changed_expressions(self, former, files.source, files.result)
        if face is None:
            return None
        before = np.load(files.vertices)
        update_face_object(face, reconstruction, before, bpy.context, photo=photo, expressions=expressions)
        if self.with_eyeballs:
            show_in_local_views(add_missing_eyeballs(face, reconstruction), face)
        return face

    def _add(self, scene: Reference, reconstruction: "Reconstruction", photo: Path) -> bpy.types.Object:
        """Build a new object in the scene for which it was asked for, and look at it."""
        with in_scene(scene):
            face = build_face_object(reconstruction, bpy.context, photo=photo, with_eyeballs=self.with_eyeballs)
        arrive(face, bpy.context)
        return face

    def _request(self, photos: list[Path], former: FormerFace | None) -> dict[str, Any]:
        """What the worker is asked for, but for files of results and of the face to update."""
        options = self._options()
        request: dict[str, Any] = {"photo": str(photos[0])}
        if len(photos) > 1:
            request["photos"] = [str(each) for each in photos]
            options = {name: options[name] for name in ("device", "detail_level", "seed")}
        elif former is not None and (pins := former.pins()):
            options["pins"] = pins
        if glimpse := self.glimpse_file():
            request["glimpse"] = str(glimpse)
        return request | {"options": options}

    def _texture(self, face: bpy.types.Object) -> Generator[Job, Job, None]:
        """Texture the face that is there now; whatever becomes of it, the face stays."""
        try:
            yield from projected(self, face, bpy.context.scene.pix2vertex_texture)
        except Pix2VertexError as error:
            self.report({"WARNING"}, translate(str(error)))
        except GeneratorExit:
            bpy.ops.ed.undo_push(message=self.bl_label)  # Blender takes no step for an operator that is cancelled
            raise

    def _face_to_update(self, photos: list[Path]) -> FormerFace | None:
        """The face that gets the new shape; None if an object is to be added."""
        face = active_face(bpy.context) if self.destination != "NEW" else None
        if self.destination == "ACTIVE":
            if face is None:
                raise SceneError("Select the face to update, or have a new object added.")
            return FormerFace.of(face, photos[0])
        if face is None or not any(comes_from(face, photo) for photo in photos):
            return None
        try:
            return FormerFace.of(face, photos[0])
        except Pix2VertexError as error:  # of another version, linked, locked or remodelled: it stays as it is
            self.report({"WARNING"}, translate(str(error)))
            return None

    def _photos(self) -> list[Path]:
        """The photos of the face: the chosen files, or the one photo."""
        return [Path(bpy.path.abspath(photo)) for photo in chosen_photos(self)]

    def _tell_of_views(self, reconstruction: "Reconstruction", count: int) -> None:
        """Say which photos were not used or count little, and why."""
        for view in reconstruction.report.views:
            if view.sentence:
                self.report({"WARNING"}, f"{view.photo}: {translate(view.sentence)}")
        used = sum(view.used for view in reconstruction.report.views)
        self.report({"INFO"}, translate(USED.format(used=used, count=count)))

    def _warn_if_unsure(self, reconstruction: "Reconstruction") -> None:
        report = reconstruction.report
        outside = share_outside(report.landmarks_68, reconstruction.view.photo_size)
        for sentence in doubts(report.confidence, outside, report.likeness, report.hidden):
            self.report({"WARNING"}, translate(sentence))

    def _take_scene_settings(self, context: bpy.types.Context) -> None:
        """Use the scene's settings for what the caller did not set."""
        settings = context.scene.pix2vertex
        if not self.filepath and not self.files and settings.others:
            for photo in (settings.photo, *(other.name for other in settings.others)):
                self.files.add().name = photo
        values: dict[str, Any] = {
            "filepath": settings.photo,
            "device": settings.device,
            "detail_level": settings.detail_level,
            "with_eyeballs": settings.with_eyeballs,
            "destination": settings.destination,
        }
        if not self.properties.is_property_set("filepath"):  # the chosen face is one of the scene's photo
            values |= {"face": settings.face, "face_box": settings.face_box if settings.use_face_box else (0, 0, 0, 0)}
        if self.options.is_invoke:  # a script says what it wants to wait for
            values["with_texture"] = settings.with_texture
        take_unset(self, values)
        if self.options.is_invoke and not settings.photo:
            settings.photo = self.filepath

    def _options(self) -> dict[str, Any]:
        """The fields of `reconstruction.pipeline.Options`."""
        options: dict[str, Any] = {"device": self.device, "detail_level": self.detail_level, "seed": self.seed}
        if any(self.face_box):
            options["face_box"] = list(self.face_box)
        if self.face:
            options["face"] = self.face
        return options


CLASSES = (PIX2VERTEX_OT_reconstruct,)
