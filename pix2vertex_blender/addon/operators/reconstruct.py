"""Reconstruct Face: from the photo to an object."""

from pathlib import Path
from typing import Any

import bpy

from ...errors import PhotoError
from ...reconstruction.result import Reconstruction
from .. import session
from ..properties import DEVICES
from ..scene.face_object import build_face_object
from .worker_operator import Work, WorkerOperator

RECONSTRUCTED = "{face} reconstructed from {photo}"


class PIX2VERTEX_OT_reconstruct(WorkerOperator, bpy.types.Operator):
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

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Take the scene's photo, or let the artist choose one."""
        self._take_scene_settings(context)
        if self.filepath:
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def work(self) -> Work:
        """Have the photo reconstructed and build the object."""
        self._take_scene_settings(bpy.context)
        if not self.filepath:
            raise PhotoError("Choose a photo first.")
        photo, result = Path(bpy.path.abspath(self.filepath)), self.temporary_file(".npz")
        yield session.worker().submit("reconstruct", photo=str(photo), options=self._options(), result=str(result))
        reconstruction = Reconstruction.load(result)
        face = build_face_object(reconstruction, bpy.context, photo=photo, with_eyeballs=self.with_eyeballs)
        return RECONSTRUCTED.format(face=face.name, photo=photo.name)

    def _take_scene_settings(self, context: bpy.types.Context) -> None:
        """Use the scene's settings for what the caller did not set."""
        settings = context.scene.pix2vertex
        values: dict[str, Any] = {
            "filepath": settings.photo,
            "device": settings.device,
            "detail_level": settings.detail_level,
            "with_eyeballs": settings.with_eyeballs,
        }
        if not self.properties.is_property_set("filepath"):  # the chosen face is one of the scene's photo
            values |= {"face": settings.face, "face_box": settings.face_box if settings.use_face_box else (0, 0, 0, 0)}
        for name, value in values.items():
            if not self.properties.is_property_set(name):
                setattr(self, name, value)
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
