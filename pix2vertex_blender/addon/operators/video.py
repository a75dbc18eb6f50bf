"""Face from Video: a movie becomes a face and its animation."""

from collections.abc import Generator
from pathlib import Path
from typing import Any, ClassVar

import bpy

from ...errors import SceneError
from ...exchange.photo_files import PHOTO_GLOB
from ...exchange.progress import VIDEO_STAGES
from ...rig.names import NAMINGS
from ..process import session
from ..process.job import Job
from ..properties.video import ACTORS
from ..rig.armature import rig_of
from ..scene.expressions import basis_of, set_expressions
from ..scene.face_object import active_face, build_face_object
from ..scene.face_update import renew_eyes_and_mouth
from ..scene.former_face import FormerFace
from ..scene.reference import Reference, in_scene
from ..scene.watched_face import WatchedFace
from ..translations import translate
from ..views.arrival import arrive
from .expressions import made_expressions
from .reconstruction_choices import ReconstructionChoices
from .rig import put_on
from .settings import take_unset
from .worker_operator import Work, WorkerOperator

NO_MOVIE = "Choose a movie of a face first."
NO_ACTOR = "Select the face that the movie shows, or have a new one made."
SO_FAR = "What was followed of {movie} until then is kept."


class PIX2VERTEX_OT_face_from_video(ReconstructionChoices, WorkerOperator, bpy.types.Operator):
    """Make a face of a movie, with expressions and a rig, and have it do what the person in the movie does"""

    bl_idname = "pix2vertex.face_from_video"
    bl_label = "Face from Video"
    bl_options = {"UNDO"}
    stage_labels: ClassVar = VIDEO_STAGES

    filepath: bpy.props.StringProperty(
        name="Movie",
        description="A movie of one face, or one image of a sequence",
        subtype="FILE_PATH",
        options={"SKIP_SAVE"},
    )
    actor: bpy.props.EnumProperty(name="Face", description="Who moves", items=ACTORS, options={"SKIP_SAVE"})
    start: bpy.props.IntProperty(
        name="Start Frame",
        description="Where in the scene the movie begins",
        default=1,
        options={"SKIP_SAVE"},
    )
    seed: bpy.props.IntProperty(name="Seed", description="Seed of the random choices", min=0, options={"SKIP_SAVE"})
    filter_movie: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_image: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_glob: bpy.props.StringProperty(default=PHOTO_GLOB, options={"HIDDEN", "SKIP_SAVE"})
    filter_folder: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Take the scene's movie, or let the artist choose one."""
        self._take_scene_settings(context)
        if self.filepath:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def work(self) -> Work:
        """Have the person made if it is a new one, then have the movie followed and the face animated."""
        self._take_scene_settings(bpy.context)
        if not self.filepath:
            raise SceneError(NO_MOVIE)
        render = bpy.context.scene.render
        movie = {
            "movie": str(Path(bpy.path.abspath(self.filepath))),
            "rate": render.fps / render.fps_base,
        }
        scene, source = Reference.to(bpy.context.scene), self.temporary_file(".npz")
        if self.actor == "NEW":
            face = yield from self._new_face(scene, source, movie)
        else:
            active = active_face(bpy.context)
            if active is None:
                raise SceneError(NO_ACTOR)
            face = active
            FormerFace.of(face).record.save(source)
        changed = self.actor == "NEW"
        try:
            watched = yield from self._rigged(face, source)
            changed = True
            sentence = yield from self._followed(watched, source, movie, scene)
        except GeneratorExit:
            if changed:
                bpy.ops.ed.undo_push(message=self.bl_label)  # Blender takes no step for a cancelled operator
            raise
        return sentence

    def _new_face(self, scene: Reference, source: Path, movie: dict[str, Any]) -> Generator[Job, Job, bpy.types.Object]:
        """The person in the movie, as an object."""
        from ...files import hidden_folder

        glimpse = {"glimpse": str(path)} if (path := self.glimpse_file()) else {}
        options = {"device": self.device, "detail_level": self.detail_level, "seed": self.seed}
        with hidden_folder(session.temporary_folder()) as folder:
            yield session.worker().submit(
                "video_person", folder=str(folder), options=options, result=str(source), **movie, **glimpse
            )
        session.SESSION.glimpse = None  # from now on the head itself is seen
        from ...exchange.result import Reconstruction

        with in_scene(scene):
            face = build_face_object(Reconstruction.load(source), bpy.context, with_eyeballs=self.with_eyeballs)
        arrive(face, bpy.context)
        return face

    def _rigged(self, face: bpy.types.Object, source: Path) -> Generator[Job, Job, WatchedFace]:
        """The face with expressions and a rig, which it gets where it has none."""
        from ..rig.rig import set_rig

        watched = WatchedFace.of(face)
        if not basis_of(face):
            made = yield from made_expressions(self, source, "NEUTRAL")
            from ...exchange.result import Reconstruction

            face = watched.find_to_change()
            renew_eyes_and_mouth(face, Reconstruction.load(source), made.mouth)
            set_expressions(face, "NEUTRAL", made)
        if rig_of(face) is None:
            set_rig(face, next(iter(NAMINGS)), with_neck=True)
        return WatchedFace.of(face)

    def _followed(
        self, watched: WatchedFace, source: Path, movie: dict[str, Any], scene: Reference
    ) -> Generator[Job, Job, str]:
        """Animate the face by the movie; where the artist stops it, by what was followed until then."""
        place = self.temporary_file("_take.json")
        basis = basis_of(watched.find_to_change())
        try:
            job = yield session.worker().submit(
                "video_take", source=str(source), basis=basis, device=self.device, take=str(place), **movie
            )
        except GeneratorExit:
            if place.exists():
                self.report({"INFO"}, translate(self._animated(watched, place, scene, [])))
                self.report({"INFO"}, translate(SO_FAR.format(movie=Path(self.filepath).name)))
            raise
        return self._animated(watched, place, scene, job.result["report"]["notes"])

    def _animated(self, watched: WatchedFace, place: Path, scene: Reference, notes: list[str]) -> str:
        from dataclasses import replace

        from ...animation.reading import read_take

        take = replace(read_take(place), name=Path(self.filepath).stem, notes=tuple(notes))
        sentence, remarks = put_on(watched.find_to_change(), take, scene.find() or bpy.context.scene, self.start)
        for kind, remark in remarks:
            self.report({kind}, translate(remark))
        return sentence

    def _take_scene_settings(self, context: bpy.types.Context) -> None:
        """Use the scene's settings for what the caller did not set."""
        shared, own = context.scene.pix2vertex, context.scene.pix2vertex_video
        take_unset(
            self,
            {
                "filepath": own.movie,
                "actor": own.actor,
                "device": shared.device,
                "detail_level": shared.detail_level,
                "with_eyeballs": shared.with_eyeballs,
            },
        )


CLASSES = (PIX2VERTEX_OT_face_from_video,)
