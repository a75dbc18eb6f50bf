"""Operators that correct where a face's landmarks are."""

from pathlib import Path

import bpy
import numpy as np

from ...errors import Pix2VertexError, SceneError
from ..process import session
from ..scene.face_object import active_face, is_fitted_to, polled_face, read_provenance
from ..scene.face_points import has_points_to_fit, read_points, set_points, settle_points
from ..scene.face_update import update_face_object
from ..scene.former_face import FormerFace, pins_by_landmark
from ..scene.landmark_pins import current_pins, hide_pins, pin_landmark, reset_pins, show_pins
from ..scene.record import photo_crop, read_record
from ..scene.watched_face import DELETED
from ..translations import translate
from ..views.looks import PINS, begin_in_view
from ..views.photo_view import DRAGGED_OPACITY, hide_camera, lay_over_face, show_over_crop
from .drag_face import is_dragged, stop_dragging
from .expressions import changed_expressions
from .face_operator import FaceOperator
from .polling import poll_made
from .worker_operator import Work, WorkerOperator

NOTHING_MOVED = "{face} already lies on its pins: move a pin first."
REFITTED = "{face} fitted to {count} pins"


class PIX2VERTEX_OT_show_pins(FaceOperator, bpy.types.Operator):
    """Show the 68 landmarks over the photo as pins; drag those that are wrong and press Refit"""

    bl_idname = "pix2vertex.show_pins"
    bl_label = "Show Pins"

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """In a 3D view the mouse drags them from now on."""
        done = self.execute(context)
        face, space = active_face(context), context.space_data
        in_view = space is not None and space.type == "VIEW_3D" and context.mode == "OBJECT"
        if done == {"FINISHED"} and face is not None and in_view and not is_dragged(face):
            bpy.ops.pix2vertex.drag_face("INVOKE_DEFAULT")
        return done

    def change(self, face: bpy.types.Object, context: bpy.types.Context) -> str:
        """Show the landmarks; in a window look at the face in the photo."""
        record = read_record(face)
        show_pins(face, record)
        from ...exchange.protocol import Preparation

        session.prepare(Preparation.REFIT)
        space = context.space_data
        if space is None or space.type != "VIEW_3D" or context.mode != "OBJECT":
            return ""
        begin_in_view(PINS, context.area, context.screen)
        crop = photo_crop(face)
        camera = show_over_crop(face, record, crop, tuple(crop.size), context, look=PINS)
        lay_over_face(camera, DRAGGED_OPACITY)
        for item in context.selected_objects:
            item.select_set(False)  # its outline would hide the pins
        context.view_layer.objects.active = face
        space.region_3d.view_perspective = "CAMERA"
        bpy.ops.view3d.view_center_camera()
        space.shading.show_xray = False
        return ""


class PIX2VERTEX_OT_hide_pins(FaceOperator, bpy.types.Operator):
    """Take the pins away and look at the scene as before; where they were moved to is kept with the face"""

    bl_idname = "pix2vertex.hide_pins"
    bl_label = "Hide Pins"

    def change(self, face: bpy.types.Object, context: bpy.types.Context) -> str:
        """Show the landmarks no longer, and have the mouse drag nothing."""
        stop_dragging(face, context)
        hide_pins(face, read_record(face))
        hide_camera(face, PINS, context.scene)
        return ""


class PIX2VERTEX_OT_pin_landmark(FaceOperator, bpy.types.Operator):
    """Pin one of the 68 landmarks at a pixel of the photo, as dragging it there does; for scripts"""

    bl_idname = "pix2vertex.pin_landmark"
    bl_label = "Pin Landmark"

    landmark: bpy.props.IntProperty(name="Landmark", description="Its number in iBUG's order, from 0 on", min=0, max=67)
    pixel: bpy.props.FloatVectorProperty(
        name="Pixel", description="Of the upright photo, from its left upper corner", size=2
    )

    def change(self, face: bpy.types.Object, _context: bpy.types.Context) -> str:
        """Pin it; the face follows."""
        pin_landmark(face, read_record(face), self.landmark, np.array(self.pixel))
        return ""


class PIX2VERTEX_OT_reset_pins(FaceOperator, bpy.types.Operator):
    """Put pins back to where the landmarks were found automatically; Refit then lets the face follow"""

    bl_idname = "pix2vertex.reset_pins"
    bl_label = "Reset Pins"

    landmark: bpy.props.IntProperty(
        name="Landmark",
        description="The only one to put back, in iBUG's order from 0 on; -1 for all pins",
        default=-1,
        min=-1,
        max=67,
        options={"SKIP_SAVE"},
    )

    def change(self, face: bpy.types.Object, _context: bpy.types.Context) -> str:
        """Reset a landmark's pin, or all pins."""
        record = read_record(face)
        if self.landmark >= 0:
            reset_pins(face, record, [self.landmark])
            return ""
        reset_pins(face, record, range(68))
        if len(points := read_points(face)):
            set_points(face, points.without(np.arange(len(points))))
        return ""


class PIX2VERTEX_OT_refit(WorkerOperator, bpy.types.Operator):
    """Fit the face again so that its landmarks are where their pins are"""

    bl_idname = "pix2vertex.refit"
    bl_label = "Refit"
    bl_options = {"UNDO"}

    @classmethod
    def poll_idle(cls, context: bpy.types.Context) -> bool:
        """Only for a face made from a photo."""
        return poll_made(cls, context)

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Say so if there is nothing to do."""
        face = polled_face(context)
        try:
            record = read_record(face)
        except Pix2VertexError as error:
            self.report({"ERROR"}, translate(str(error)))
            return {"CANCELLED"}
        if is_fitted_to(face, current_pins(face, record)) and not has_points_to_fit(face):
            self.report({"INFO"}, translate(NOTHING_MOVED.format(face=face.name)))
            return {"CANCELLED"}
        return super().execute(context)

    def work(self) -> Work:
        """Have the template registered to the pins, and update the face in place."""
        face = polled_face(bpy.context)
        former = FormerFace.of(face)
        pins, points = pins_by_landmark(former.record.view.pins), read_points(face)
        source, result, vertices = (self.temporary_file(suffix) for suffix in ("_source.npz", ".npz", ".npy"))
        former.record.save(source)
        request = {"source": str(source), "pins": pins, "points": points.pinned().to_lists(), "detail": former.detail}
        yield session.worker().submit("refit", **request, result=str(result), vertices=str(vertices))
        face, expressions = yield from changed_expressions(self, former, source, result)
        if face is None:
            raise SceneError(DELETED)
        provenance = read_provenance(face)
        photo = Path(provenance.photo) if provenance is not None else None
        from ...exchange.result import Reconstruction

        refitted, previous = Reconstruction.load(result), np.load(vertices)
        update_face_object(face, refitted, previous, bpy.context, photo=photo, expressions=expressions)
        settle_points(face, points)
        return REFITTED.format(face=face.name, count=len(points))


CLASSES = (
    PIX2VERTEX_OT_show_pins,
    PIX2VERTEX_OT_hide_pins,
    PIX2VERTEX_OT_pin_landmark,
    PIX2VERTEX_OT_reset_pins,
    PIX2VERTEX_OT_refit,
)
