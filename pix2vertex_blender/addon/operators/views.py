"""The photos of a face that is made from several: which one is shown, which ones are used."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ...errors import SceneError
from ...exchange.photo_files import PHOTO_GLOB
from ..process import session
from ..scene.face_object import polled_face, store_origin
from ..scene.face_update import update_face_object
from ..scene.former_face import FormerFace
from ..scene.landmark_pins import current_pins, hide_pins, shows_pins, take_pins_of_record
from ..scene.record import read_record
from ..scene.watched_face import DELETED
from ..translations import translate
from ..views.looks import PHOTO, PINS
from ..views.photo_view import hide_camera
from .expressions import changed_expressions
from .face_operator import FaceOperator
from .photo import chosen_photos
from .polling import poll_made
from .worker_operator import Work, WorkerOperator

if TYPE_CHECKING:
    from ...exchange.result import Reconstruction

NO_SUCH_PHOTO = "{face} has no photo {number}: choose another one."
SHOWN = "{face} is shown in {photo}"
MADE = "{face} is made from {count} photos"

CHANGES = (
    ("SWITCH", "Switch", "Use the photo for the head, or leave it out and keep it"),
    ("REMOVE", "Remove", "Take the photo away"),
    ("ADD", "Add", "Add photos of the same person"),
)


class PIX2VERTEX_OT_choose_view(FaceOperator, bpy.types.Operator):
    """Work with this photo: it is what Show over Photo, the pins, Inspect and Project Photo use"""

    bl_idname = "pix2vertex.choose_view"
    bl_label = "Choose Photo of Face"

    index: bpy.props.IntProperty(name="Photo", description="Which of the face's photos, from 0 on", min=0)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for a face made from photos."""
        return poll_made(cls, context)

    def change(self, face: bpy.types.Object, context: bpy.types.Context) -> str:
        """Put the photo in front of the others; the head stays as it is."""
        record = read_record(face)
        record = record.with_view(pins=current_pins(face, record))
        if not 0 <= self.index < len(record.views):
            raise SceneError(NO_SUCH_PHOTO.format(face=face.name, number=self.index + 1))
        view = record.views[self.index]
        others = tuple(each for index, each in enumerate(record.views) if index != self.index)
        name = Path(view.photo).name
        report = replace(record.report, photo=name, photo_size=view.photo_size)
        record = replace(record, views=(view, *others), report=report)
        _stop_looking(face, context.scene)
        store_origin(face, record, Path(view.photo))
        take_pins_of_record(face)
        return SHOWN.format(face=face.name, photo=name)


class PIX2VERTEX_OT_change_photos(WorkerOperator, bpy.types.Operator):
    """Make the face from other photos of the same person: add some, leave one out, or take one away"""

    bl_idname = "pix2vertex.change_photos"
    bl_label = "Change Photos of Face"
    bl_options = {"UNDO"}

    change: bpy.props.EnumProperty(
        name="Change", description="What happens to the photos", items=CHANGES, options={"SKIP_SAVE"}
    )
    index: bpy.props.IntProperty(
        name="Photo", description="Which of the face's photos, from 0 on", min=0, options={"SKIP_SAVE"}
    )
    files: bpy.props.CollectionProperty(type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE"})
    directory: bpy.props.StringProperty(
        name="Folder", description="Where the photos are", subtype="DIR_PATH", options={"SKIP_SAVE"}
    )
    filter_image: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_glob: bpy.props.StringProperty(default=PHOTO_GLOB, options={"HIDDEN", "SKIP_SAVE"})
    filter_folder: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll_idle(cls, context: bpy.types.Context) -> bool:
        """Only for a face made from photos."""
        return poll_made(cls, context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Let the artist choose the photos to add."""
        if self.change != "ADD" or self.files:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def work(self) -> Work:
        """Have the head made from the photos, and update the face in place."""
        face = polled_face(bpy.context)
        former = FormerFace.of(face)
        use = self._wishes(former.record, face.name)
        source, result, vertices = (self.temporary_file(suffix) for suffix in ("_source.npz", ".npz", ".npy"))
        former.record.save(source)
        yield session.worker().submit(
            "change_photos",
            source=str(source),
            use=use,
            photos=[bpy.path.abspath(photo) for photo in chosen_photos(self)],
            options={"device": bpy.context.scene.pix2vertex.device},
            detail=former.detail,
            result=str(result),
            vertices=str(vertices),
        )
        face, expressions = yield from changed_expressions(self, former, source, result)
        if face is None:
            raise SceneError(DELETED)
        from ...exchange.result import Reconstruction

        changed, previous = Reconstruction.load(result), np.load(vertices)
        _stop_looking(face, bpy.context.scene)
        photo = Path(changed.view.photo)
        update_face_object(face, changed, previous, bpy.context, photo=photo, expressions=expressions)
        for view in changed.report.views:
            if view.sentence:
                self.report({"WARNING"}, f"{view.photo}: {translate(view.sentence)}")
        return MADE.format(face=face.name, count=sum(view.used for view in changed.views))

    def _wishes(self, record: "Reconstruction", name: str) -> list[bool | None]:
        """For each photo whether it shall be used; None takes it away."""
        use: list[bool | None] = [view.used for view in record.views]
        if self.change == "ADD":
            return use
        if self.index >= len(use):
            raise SceneError(NO_SUCH_PHOTO.format(face=name, number=self.index + 1))
        use[self.index] = None if self.change == "REMOVE" else not use[self.index]
        return use


def _stop_looking(face: bpy.types.Object, scene: bpy.types.Scene) -> None:
    """Take away what shows the face in the photo that comes first no longer: its camera and its pins."""
    hide_camera(face, PHOTO, scene)
    if shows_pins(face):
        hide_pins(face, read_record(face))
        hide_camera(face, PINS, scene)


CLASSES = (PIX2VERTEX_OT_choose_view, PIX2VERTEX_OT_change_photos)
