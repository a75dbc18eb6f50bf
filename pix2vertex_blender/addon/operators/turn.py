"""Turn Photo and Shape on Photo: the photo of the active face drawn again, as an image."""

from pathlib import Path
from typing import Any, ClassVar

import bpy
import numpy as np

from ...exchange.arrays import write_arrays
from ...exchange.progress import STAGE_LABELS
from ..images.images import keep_image
from ..process import session
from ..properties.turn import turn_angles
from ..scene.axes import from_blender
from ..scene.face_object import DETAIL_KEY, active_face, polled_face, read_provenance
from ..scene.record import read_record
from ..scene.shape_keys import shown_coordinates
from ..scene.watched_face import WatchedFace
from .polling import poll_face
from .settings import take_settings
from .worker_operator import Work, WorkerOperator

TURNED = "{image} shows the photo from there"
RESHAPED = "{image} shows the photo with the shape of {face}"
OPEN_EDITOR = "{image} is made: open an Image Editor to see it"

#: The artist's words for the stages.
DRAWING_STAGES = {**STAGE_LABELS, "turn": "Turning the photo", "reshape": "Changing the photo"}

#: The custom properties of a face that refer to these images.
TURNED_IMAGE, RESHAPED_IMAGE = "pix2vertex_turned_image", "pix2vertex_reshaped_image"


class PIX2VERTEX_OT_turn_photo(WorkerOperator, bpy.types.Operator):
    """Make an image of the photo seen from another side; what the photo hides is filled with the colours of the skin"""

    bl_idname = "pix2vertex.turn_photo"
    bl_label = "Turn Photo"
    bl_options = {"UNDO"}
    stage_labels: ClassVar = DRAWING_STAGES

    __annotations__ = turn_angles(options={"SKIP_SAVE"})

    @classmethod
    def poll_idle(cls, context: bpy.types.Context) -> bool:
        """Only for faces made from a photo."""
        return poll_face(cls, context)

    def work(self) -> Work:
        """Have the image made and show it."""
        take_settings(self, bpy.context.scene.pix2vertex_turn, "yaw", "pitch")
        request = {"yaw": float(np.degrees(self.yaw)), "pitch": float(np.degrees(self.pitch))}
        _face, image = yield from _drawn(self, "turn", request, TURNED_IMAGE, "Turned")
        return (TURNED if _shown(image) else OPEN_EDITOR).format(image=image.name)


class PIX2VERTEX_OT_shape_on_photo(WorkerOperator, bpy.types.Operator):
    """Make an image of the photo in which the face has the shape that it has now, with its shape keys and sculpting"""

    bl_idname = "pix2vertex.shape_on_photo"
    bl_label = "Shape on Photo"
    bl_options = {"UNDO"}
    stage_labels: ClassVar = DRAWING_STAGES

    @classmethod
    def poll_idle(cls, context: bpy.types.Context) -> bool:
        """Only for faces made from a photo."""
        return poll_face(cls, context)

    def work(self) -> Work:
        """Have the image made and show it."""
        mesh = self.temporary_file(".npz")
        write_arrays(mesh, vertices=from_blender(shown_coordinates(active_face(bpy.context), without=DETAIL_KEY)))
        face, image = yield from _drawn(self, "reshape", {"mesh": str(mesh)}, RESHAPED_IMAGE, "Reshaped")
        return (RESHAPED if _shown(image) else OPEN_EDITOR).format(image=image.name, face=face.name)


def _drawn(operator: WorkerOperator, name: str, request: dict[str, Any], key: str, label: str) -> Any:
    """Have the photo of the active face drawn by a job; returns the face and its image."""
    face = polled_face(bpy.context)
    watched = WatchedFace.of(face)
    source, result = operator.temporary_file(".npz"), operator.temporary_file(".png")
    read_record(face).save(source)
    provenance = read_provenance(face)
    photo = Path(bpy.path.abspath(provenance.photo)) if provenance is not None else Path()
    yield session.worker().submit(name, source=str(source), photo=str(photo), result=str(result), **request)
    face = watched.find()
    return face, keep_image(face, key, label, result, "PACKED", "sRGB")


def _shown(image: bpy.types.Image) -> bool:
    """Show an image in the open Image Editors, if there are any."""
    areas = [area for window in bpy.context.window_manager.windows for area in window.screen.areas]
    editors = [area for area in areas if area.ui_type == "IMAGE_EDITOR"]
    for area in editors:
        area.spaces.active.image = image
    return bool(editors)


CLASSES = (PIX2VERTEX_OT_turn_photo, PIX2VERTEX_OT_shape_on_photo)
