"""Finish: the active face with levels of detail and maps, ready for another program or for sculpting."""

from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import bpy

from ...errors import OutputError
from ..export.finishing import (
    CHARACTER_CREATOR,
    ENGINES,
    SCULPTED_LEVEL,
    SCULPTING,
    maps_of_levels,
    sculpted,
    write_character,
    write_levels,
)
from ..images.images import clean_name
from ..properties.face import SIZES
from ..properties.scene import FINISH_TARGETS
from ..scene.face_object import polled_face
from ..scene.watched_face import WatchedFace
from .maps import BAKE_STAGES
from .polling import poll_detail
from .settings import take_settings
from .worker_operator import Work, WorkerOperator

CHOOSE_FOLDER = "Choose a folder for the files, or save the Blender file first."
WRITTEN = "{count} files written to {folder}"
TO_SCULPT = "{name} has the detail in the levels of its Multires modifier; {face} is hidden"


class PIX2VERTEX_OT_finish(WorkerOperator, bpy.types.Operator):
    """Make the active face ready for another program: files with levels of detail and maps, or an object to sculpt"""

    bl_idname = "pix2vertex.finish"
    bl_label = "Finish Face"
    bl_options = {"UNDO"}
    stage_labels: ClassVar = BAKE_STAGES

    target: bpy.props.EnumProperty(
        name="Finish For", description="What the face is for", items=FINISH_TARGETS, options={"SKIP_SAVE"}
    )
    directory: bpy.props.StringProperty(
        name="Folder",
        description="Folder for the files; one beside the saved Blender file if empty",
        subtype="DIR_PATH",
        options={"SKIP_SAVE"},
    )
    size: bpy.props.EnumProperty(
        name="Maps", description="Size of the normal maps", items=SIZES, default="2048", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll_idle(cls, context: bpy.types.Context) -> bool:
        """Only for faces made from a photo that still have their detail."""
        return poll_detail(cls, context)

    def work(self) -> Work:
        """Have the maps drawn, and write the files or add the object."""
        take_settings(self, bpy.context.scene.pix2vertex.finish, "target", "directory", "size")
        face = polled_face(bpy.context)
        watched = WatchedFace.of(face)
        if self.target == SCULPTING:
            copy = yield from sculpted(self, watched.find_to_change, SCULPTED_LEVEL)
            return _shown(watched.find(), copy)
        folder = finished_folder(face, self.target, self.directory)
        if self.target == CHARACTER_CREATOR:
            return _written(folder, lambda stem: write_character(watched.find(), stem), face)
        baked = yield from maps_of_levels(self, face, self.size)
        face = watched.find_to_change()
        return _written(folder, lambda stem: write_levels(face, baked, ENGINES[self.target], stem), face)


def finished_folder(face: bpy.types.Object, target: str, directory: str) -> Path:
    """Where the files go.

    Raises
    ------
    OutputError
        If that is not known.
    """
    if directory:
        return Path(bpy.path.abspath(directory)).absolute()
    if not bpy.data.filepath:
        raise OutputError(CHOOSE_FOLDER)
    return Path(bpy.data.filepath).parent / f"{clean_name(face.name)}_{target.lower()}"


def _shown(face: bpy.types.Object, copy: bpy.types.Object) -> str:
    """Let the artist see the copy in the place of the face."""
    for item in bpy.context.view_layer.objects.selected:
        item.select_set(False)
    face.hide_set(True)
    if copy.name in bpy.context.view_layer.objects:  # not if its collection is left out there
        copy.select_set(True)
        bpy.context.view_layer.objects.active = copy
    return TO_SCULPT.format(name=copy.name, face=face.name)


def _written(folder: Path, write: Callable[[Path], None], face: bpy.types.Object) -> str:
    from ..batch.output_folder import output_folder

    with output_folder(folder) as partial:
        write(partial / clean_name(face.name))
        count = len(list(partial.iterdir()))
    return WRITTEN.format(count=count, folder=folder)


CLASSES = (PIX2VERTEX_OT_finish,)
