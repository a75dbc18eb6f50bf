"""Operators that look at a face in other ways."""

from collections.abc import Generator
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...exchange.arrays import write_arrays
from ..images.images import picture
from ..images.map_pictures import correspondence_picture, depth_picture, mask_picture, normal_picture
from ..process import session
from ..process.job import Job
from ..scene.axes import from_blender
from ..scene.expressions import photo_coordinates
from ..scene.face_object import active_face, polled_face, read_provenance
from ..scene.mesh_object import mesh_coordinates
from ..scene.record import photo_crop, read_record
from ..scene.watched_face import WatchedFace
from ..translations import translate
from ..views import looks
from ..views.arrival import show_in_local_views
from ..views.fit_view import (
    hide_distances,
    hide_target,
    show_distances,
    show_target,
    shown_target,
    shows_distances,
)
from ..views.photo_view import MAP_OPACITY, hide_camera, lay_over_face, show_over_crop, show_over_photo, shows_photo
from .face_operator import FaceOperator
from .polling import poll_face, poll_mode
from .worker_operator import Work, WorkerOperator

TARGET_ADDED = "{target} is in the collection {collection}"
NOTHING_NEAR = "Nothing of the head lies near what was seen"
DISTANCES = "Distance: half of the head within {median} mm, 95 % within {most} mm"

VIEWS = (
    ("PHOTO", "Photo", "The photo as the network saw it"),
    ("MASK", "Outline of the Face", "Where the network sees the face"),
    ("CORRESPONDENCE", "Places on the Head", "Which point of the head each pixel shows, as a colour"),
    ("NORMALS", "Directions", "Which way the seen surface faces, as a colour"),
    ("DEPTH", "Depth", "How near the seen surface is, the nearest point white"),
)
PICTURES = {
    "MASK": mask_picture,
    "CORRESPONDENCE": correspondence_picture,
    "NORMALS": normal_picture,
    "DEPTH": depth_picture,
}


class PIX2VERTEX_OT_show_over_photo(FaceOperator, bpy.types.Operator):
    """Look at the active face through a camera that matches its photo, with the photo behind it"""

    bl_idname = "pix2vertex.show_over_photo"
    bl_label = "Show over Photo"

    def change(self, face: bpy.types.Object, context: bpy.types.Context) -> str:
        """Add the camera and look through it."""
        record = read_record(face)
        provenance = read_provenance(face)
        assert provenance is not None
        crop = photo_crop(face)
        _begin(context)
        show_over_photo(face, record, provenance, crop, context)
        _look_through_camera(context)
        return ""


class PIX2VERTEX_OT_hide_photo(FaceOperator, bpy.types.Operator):
    """Look at the scene as before the photo or a map was shown, with the camera and the render size of then"""

    bl_idname = "pix2vertex.hide_photo"
    bl_label = "Hide Photo"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only while a photo is shown for a face of ours."""
        if not shows_photo(context.scene):
            cls.poll_message_set(translate("No photo is shown"))
            return False
        return super().poll(context)

    def change(self, face: bpy.types.Object, context: bpy.types.Context) -> str:
        """Take the camera away."""
        hide_camera(face, looks.PHOTO, context.scene)
        return ""


class PIX2VERTEX_OT_show_map(FaceOperator, bpy.types.Operator):
    """Show what the network was given or said, in an open Image Editor or else laid over the face"""

    bl_idname = "pix2vertex.show_map"
    bl_label = "Show Map"

    view: bpy.props.EnumProperty(name="Show", description="What to show", items=VIEWS)

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: bpy.types.OperatorProperties) -> str:
        """The tooltip of each view."""
        text = next(text for name, _label, text in VIEWS if name == properties.view)
        return bpy.app.translations.pgettext_tip(text)

    def change(self, face: bpy.types.Object, context: bpy.types.Context) -> str:
        """Make the picture and show it."""
        record = read_record(face)
        image = photo_crop(face) if self.view == "PHOTO" else None
        if image is None:
            label = next(label for name, label, _text in VIEWS if name == self.view)
            image = picture(face, f"pix2vertex_{self.view.lower()}_image", label, PICTURES[self.view](record))
        editor = _image_editor(context)
        if editor is not None:
            editor.image = image
        else:
            _begin(context)
            camera = show_over_crop(face, record, image, tuple(image.size), context)
            lay_over_face(camera, MAP_OPACITY)
            _look_through_camera(context)
        return ""


class _FitOperator(WorkerOperator):
    """Has the target built in the worker."""

    @classmethod
    def poll_idle(cls, context: bpy.types.Context) -> bool:
        """Only for faces made from a photo, in object mode."""
        return poll_face(cls, context) and poll_mode(cls, context)

    def measured_fit(self) -> Generator[Job, Job, tuple[bpy.types.Object, dict[str, NDArray[Any]]]]:
        """Have the target built and measured; returns the face as it is then, and the arrays of the job's result."""
        face = polled_face(bpy.context)
        watched = WatchedFace.of(face)
        source, mesh, result = (self.temporary_file(f"_{name}.npz") for name in ("source", "mesh", "result"))
        read_record(face).save(source)
        keys = face.data.shape_keys
        seen = photo_coordinates(face, keys.reference_key) if keys is not None else mesh_coordinates(face.data.vertices)
        write_arrays(mesh, vertices=from_blender(seen))
        yield session.worker().submit("target", source=str(source), mesh=str(mesh), result=str(result))
        face = watched.find_to_change()
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
        show_in_local_views([target], face)
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
            looks.settle()
            return {"FINISHED"}
        return super().execute(context)

    def work(self) -> Work:
        """Have the distances measured and show them."""
        face, fit = yield from self.measured_fit()
        distance = fit["distance"]
        show_distances(face, distance)
        looks.show_colours(bpy.context)
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


def _begin(context: bpy.types.Context) -> None:
    if context.space_data is not None and context.space_data.type == "VIEW_3D":
        looks.begin_in_view(looks.PHOTO, context.area, context.screen)


CLASSES = (
    PIX2VERTEX_OT_show_over_photo,
    PIX2VERTEX_OT_hide_photo,
    PIX2VERTEX_OT_show_map,
    PIX2VERTEX_OT_show_target,
    PIX2VERTEX_OT_show_distances,
)
