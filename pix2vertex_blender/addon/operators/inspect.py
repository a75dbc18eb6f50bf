"""Operators that look at a face in other ways."""

from collections.abc import Generator
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...errors import MeshError, Pix2VertexError, RecordError
from ...exchange.arrays import write_arrays
from ..images.images import picture
from ..images.map_pictures import correspondence_picture, depth_picture, mask_picture, normal_picture
from ..process import session
from ..process.worker_client import Job
from ..scene.axes import from_blender
from ..scene.face_object import BASIS_KEY, active_face, read_provenance
from ..scene.mesh_object import mesh_coordinates
from ..scene.record import photo_crop, read_record
from ..scene.reference import Reference
from ..translations import translate
from ..views.fit_view import (
    hide_distances,
    hide_target,
    show_distances,
    show_target,
    shown_target,
    shows_distances,
)
from ..views.photo_view import show_over_crop, show_over_photo
from .texture import DELETED, poll_face
from .worker_operator import Work, WorkerOperator

TARGET_ADDED = "{target} is in the collection {collection}"
NOTHING_NEAR = "Nothing of the head lies near what was seen"
DISTANCES = "Distance: half of the head within {median} mm, 95 % within {most} mm"

VIEWS = (
    ("PHOTO", "Photo", "The photo as the network saw it"),
    ("MASK", "Mask", "Where the network sees the face"),
    ("CORRESPONDENCE", "Correspondence", "Which point of the head each pixel shows, as a colour"),
    ("NORMALS", "Normals", "Which way the seen surface faces, as a colour"),
    ("DEPTH", "Depth", "How near the seen surface is, the nearest point white"),
)
PICTURES = {
    "MASK": mask_picture,
    "CORRESPONDENCE": correspondence_picture,
    "NORMALS": normal_picture,
    "DEPTH": depth_picture,
}


class PIX2VERTEX_OT_show_over_photo(bpy.types.Operator):
    """Look at the active face through a camera that matches its photo, with the photo behind it"""

    bl_idname = "pix2vertex.show_over_photo"
    bl_label = "Show over Photo"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for faces made from a photo."""
        return poll_face(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Add the camera and look through it."""
        face = active_face(context)
        try:
            record = read_record(face)
            provenance = read_provenance(face)
            assert provenance is not None
            show_over_photo(face, record, provenance, photo_crop(face), context)
        except Pix2VertexError as error:
            self.report({"ERROR"}, translate(str(error)))
            return {"CANCELLED"}
        _look_through_camera(context)
        return {"FINISHED"}


class PIX2VERTEX_OT_show_map(bpy.types.Operator):
    """Show what the network was given or said, in an open Image Editor or else laid over the face"""

    bl_idname = "pix2vertex.show_map"
    bl_label = "Show Map"
    bl_options = {"REGISTER", "UNDO"}

    view: bpy.props.EnumProperty(name="Show", description="What to show", items=VIEWS)

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """The tooltip of each view."""
        text = next(text for name, _label, text in VIEWS if name == properties.view)
        return bpy.app.translations.pgettext_tip(text)

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for faces made from a photo."""
        return poll_face(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make the picture and show it."""
        face = active_face(context)
        try:
            record = read_record(face)
            image = photo_crop(face) if self.view == "PHOTO" else None
        except Pix2VertexError as error:
            self.report({"ERROR"}, translate(str(error)))
            return {"CANCELLED"}
        if image is None:
            label = next(label for name, label, _text in VIEWS if name == self.view)
            image = picture(face, f"pix2vertex_{self.view.lower()}_image", label, PICTURES[self.view](record))
        editor = _image_editor(context)
        if editor is not None:
            editor.image = image
        else:
            show_over_crop(face, record, image, tuple(image.size), context, in_front=True)
            _look_through_camera(context)
        return {"FINISHED"}


class _FitOperator(WorkerOperator):
    """Has the target built in the worker."""

    @classmethod
    def poll_idle(cls, context: bpy.types.Context) -> bool:
        """Only for faces made from a photo, in object mode."""
        if not poll_face(cls, context):
            return False
        if context.mode != "OBJECT":
            cls.poll_message_set(translate("Only in Object Mode"))
            return False
        return True

    def measured_fit(self) -> Generator[Job, Job, tuple[bpy.types.Object, dict[str, NDArray[Any]]]]:
        """Have the target built and measured; returns the face as it is then, and the arrays of the job's result."""
        face = active_face(bpy.context)
        assert face is not None  # as `poll_idle` says
        reference = Reference.to(face)
        source, mesh, result = (self.temporary_file(f"_{name}.npz") for name in ("source", "mesh", "result"))
        read_record(face).save(source)
        keys = face.data.shape_keys
        smooth = keys.key_blocks.get(BASIS_KEY) if keys is not None else None
        write_arrays(mesh, vertices=from_blender(mesh_coordinates(smooth.data if smooth else face.data.vertices)))
        yield session.worker().submit("target", source=str(source), mesh=str(mesh), result=str(result))
        face = reference.find()
        if face is None:
            raise RecordError(DELETED)
        with np.load(result) as arrays:
            return face, dict(arrays)


class PIX2VERTEX_OT_show_target(_FitOperator, bpy.types.Operator):
    """Show the surface that the head was fitted to as an object, or delete it again"""

    bl_idname = "pix2vertex.show_target"
    bl_label = "Target Mesh"
    bl_options = {"UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Delete the object if it is there."""
        if shown_target(active_face(context)) is not None:
            hide_target(active_face(context))
            return {"FINISHED"}
        return super().execute(context)

    def work(self) -> Work:
        """Have the target built and add it."""
        face, fit = yield from self.measured_fit()
        target = show_target(face, fit["vertices"], fit["triangles"], bpy.context)
        return TARGET_ADDED.format(target=target.name, collection=target.users_collection[0].name)


class PIX2VERTEX_OT_show_distances(_FitOperator, bpy.types.Operator):
    """Colour the head by its distance from what was seen, or take the colours off again"""

    bl_idname = "pix2vertex.show_distances"
    bl_label = "Distance"
    bl_options = {"UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Take the colours off if they are there."""
        face = active_face(context)
        if shows_distances(face):
            hide_distances(face)
            _shade_views(context, coloured=False)
            return {"FINISHED"}
        return super().execute(context)

    def work(self) -> Work:
        """Have the distances measured and show them."""
        face, fit = yield from self.measured_fit()
        distance = fit["distance"]
        if len(distance) != len(face.data.vertices):
            raise MeshError("The face's mesh has been changed meanwhile.")
        show_distances(face, distance)
        _shade_views(bpy.context, coloured=True)
        known = distance[np.isfinite(distance)]
        if not len(known):
            return NOTHING_NEAR
        median, most = np.quantile(known, [0.5, 0.95])
        return DISTANCES.format(median=f"{median:.2f}", most=f"{most:.2f}")


def _image_editor(context: bpy.types.Context) -> bpy.types.SpaceImageEditor | None:
    """An open Image Editor, that of the context first."""
    windows = context.window_manager.windows
    areas = [area for window in windows for area in window.screen.areas if area.ui_type == "IMAGE_EDITOR"]
    return areas[0].spaces.active if areas else None


def _look_through_camera(context: bpy.types.Context) -> None:
    if context.space_data is not None and context.space_data.type == "VIEW_3D":
        context.space_data.region_3d.view_perspective = "CAMERA"


#: How 3D views were shaded before they showed the colours, by their addresses.
_SHADED_BEFORE: dict[int, tuple[str, str]] = {}


def _shade_views(context: bpy.types.Context, coloured: bool) -> None:
    """Have the screen's 3D views show the colours, or show again what they have shown before."""
    screen = context.window.screen if context.window is not None else None
    for area in screen.areas if screen is not None else ():
        if area.type != "VIEW_3D":
            continue
        shading = area.spaces.active.shading
        if coloured:
            _SHADED_BEFORE[area.as_pointer()] = (shading.type, shading.color_type)
            shading.type, shading.color_type = "SOLID", "VERTEX"
        elif shading.color_type == "VERTEX":
            before = _SHADED_BEFORE.pop(area.as_pointer(), ("SOLID", "MATERIAL"))
            shading.type, shading.color_type = before


CLASSES = (
    PIX2VERTEX_OT_show_over_photo,
    PIX2VERTEX_OT_show_map,
    PIX2VERTEX_OT_show_target,
    PIX2VERTEX_OT_show_distances,
)
