"""Operators that correct where a face's landmarks are."""

from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ...errors import Pix2VertexError, SceneError
from ..process import session
from ..scene.face_object import active_face, is_fitted_to, read_provenance
from ..scene.face_points import has_points_to_fit, read_points, set_points, settle_points
from ..scene.face_update import update_face_object
from ..scene.former_face import FormerFace, pins_by_landmark
from ..scene.landmark_pins import LANDMARK, current_pins, hide_pins, pins_of, reset_pins, show_pins
from ..scene.record import photo_crop, read_record, store_record
from ..translations import translate
from ..views.arrival import show_in_local_views
from ..views.looks import PINS, begin_in_view
from ..views.photo_view import hide_camera, show_over_crop
from .expressions import changed_expressions
from .worker_operator import Work, WorkerOperator

if TYPE_CHECKING:
    from ...exchange.result import Reconstruction

NO_FACE = "Select a face that was reconstructed from a photo"
DELETED = "The face was deleted meanwhile, so there is nothing to fit."
NOTHING_MOVED = "{face} already lies on its pins: move a pin first."
REFITTED = "{face} fitted to {count} pins"

#: The tool that drags pins, and the custom property of a workspace that remembers the tool before.
_SELECTING = "builtin.select"
_TOOL = "pix2vertex_tool"


class _PinsOperator:
    """Mixed into operators about the active face's pins."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for a face made from a photo."""
        if active_face(context) is None:
            cls.poll_message_set(translate(NO_FACE))  # type: ignore[attr-defined]
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Read the face's record and do the work; an error is a sentence."""
        face = active_face(context)
        assert face is not None
        try:
            self.change(face, read_record(face), context)
        except Pix2VertexError as error:
            self.report({"ERROR"}, translate(str(error)))  # type: ignore[attr-defined]
            return {"CANCELLED"}
        return {"FINISHED"}

    @abstractmethod
    def change(self, face: bpy.types.Object, record: "Reconstruction", context: bpy.types.Context) -> None:
        """What the operator does."""


class PIX2VERTEX_OT_show_pins(_PinsOperator, bpy.types.Operator):
    """Show the 68 landmarks over the photo as pins; move those that are wrong and press Refit"""

    bl_idname = "pix2vertex.show_pins"
    bl_label = "Show Pins"
    bl_options = {"REGISTER", "UNDO"}

    def change(self, face: bpy.types.Object, record: "Reconstruction", context: bpy.types.Context) -> None:
        """Add the pins; in a window look at the face in the photo, with a tool that drags."""
        show_in_local_views(show_pins(face, record, context), face)
        from ...exchange.protocol import Preparation

        session.prepare(Preparation.REFIT)
        space = context.space_data
        if space is None or space.type != "VIEW_3D" or context.mode != "OBJECT":
            return
        begin_in_view(PINS, context.area, context.screen)
        crop = photo_crop(face)
        show_over_crop(face, record, crop, tuple(crop.size), context, look=PINS)
        for item in context.selected_objects:
            item.select_set(False)  # its outline would hide the pins
        context.view_layer.objects.active = face
        space.region_3d.view_perspective = "CAMERA"
        bpy.ops.view3d.view_center_camera()
        _take_selecting_tool(context)
        space.shading.show_xray = True
        space.overlay.show_relationship_lines = False  # one from each pin to the head's origin


class PIX2VERTEX_OT_hide_pins(_PinsOperator, bpy.types.Operator):
    """Take the pins away and look at the scene as before; where they were moved to is kept with the face"""

    bl_idname = "pix2vertex.hide_pins"
    bl_label = "Hide Pins"
    bl_options = {"REGISTER", "UNDO"}

    def change(self, face: bpy.types.Object, record: "Reconstruction", context: bpy.types.Context) -> None:
        """Delete the pins; the face is the active object again."""
        if context.active_object in pins_of(face):
            context.view_layer.objects.active = face
        hide_pins(face, record)
        hide_camera(face, PINS, context.scene)
        _give_tool_back(context)


class PIX2VERTEX_OT_reset_pins(_PinsOperator, bpy.types.Operator):
    """Put pins back to where the landmarks were found automatically; Refit then lets the face follow"""

    bl_idname = "pix2vertex.reset_pins"
    bl_label = "Reset Pins"
    bl_options = {"REGISTER", "UNDO"}

    only_selected: bpy.props.BoolProperty(
        name="Only Selected", description="Leave pins that are not selected where they are"
    )

    def change(self, face: bpy.types.Object, record: "Reconstruction", _context: bpy.types.Context) -> None:
        """Reset the selected pins or all."""
        pins = pins_of(face)
        if self.only_selected:
            pins = [pin for pin in pins if pin.select_get()]
            if not pins:
                raise SceneError("Select the pins to reset.")
        elif not pins:
            from ...exchange.view import no_pins

            store_record(face, record.with_view(pins=no_pins()))
        if not self.only_selected and len(points := read_points(face)):
            set_points(face, points.without([*range(len(points))]))
        reset_pins(face, record, [pin[LANDMARK] for pin in pins])


class PIX2VERTEX_OT_refit(WorkerOperator, bpy.types.Operator):
    """Fit the face again so that its landmarks are where their pins are"""

    bl_idname = "pix2vertex.refit"
    bl_label = "Refit"
    bl_options = {"UNDO"}

    @classmethod
    def poll_idle(cls, context: bpy.types.Context) -> bool:
        """Only for a face made from a photo."""
        if active_face(context) is None:
            cls.poll_message_set(translate(NO_FACE))
            return False
        return True

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Say so if there is nothing to do."""
        face = active_face(context)
        assert face is not None
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
        face = active_face(bpy.context)
        assert face is not None
        former = FormerFace.of(face)
        pins, points = pins_by_landmark(former.record.view.pins), read_points(face)
        source, result, vertices = (self.temporary_file(suffix) for suffix in ("_source.npz", ".npz", ".npy"))
        former.record.save(source)
        request = {"source": str(source), "pins": pins, "points": points.pinned().to_lists(), "detail": former.detail}
        yield session.worker().submit("refit", **request, result=str(result), vertices=str(vertices))
        face = former.reference.find()
        expressions = (yield from changed_expressions(self, face, source, result)) if face is not None else None
        face = former.reference.find()
        if face is None:
            raise SceneError(DELETED)
        provenance = read_provenance(face)
        photo = Path(provenance.photo) if provenance is not None else None
        from ...exchange.result import Reconstruction

        refitted, previous = Reconstruction.load(result), np.load(vertices)
        update_face_object(face, refitted, previous, bpy.context, photo=photo, expressions=expressions)
        settle_points(face, points)
        return REFITTED.format(face=face.name, count=len(pins) + len(points))


def _take_selecting_tool(context: bpy.types.Context) -> None:
    """Have a drag move what it begins on, and remember the tool that the artist had."""
    tool = context.workspace.tools.from_space_view3d_mode("OBJECT", create=False)
    if tool is not None and tool.idname != _SELECTING:
        context.workspace[_TOOL] = tool.idname
    bpy.ops.wm.tool_set_by_id(name=_SELECTING)


def _give_tool_back(context: bpy.types.Context) -> None:
    """Take the artist's tool again when the last pins are gone, unless another one was chosen meanwhile."""
    if any(LANDMARK in item for item in context.scene.objects) or _TOOL not in context.workspace:
        return
    former = context.workspace[_TOOL]
    del context.workspace[_TOOL]
    tool = context.workspace.tools.from_space_view3d_mode("OBJECT", create=False)
    in_view = context.area is not None and context.area.type == "VIEW_3D"
    if in_view and context.mode == "OBJECT" and tool is not None and tool.idname == _SELECTING:
        bpy.ops.wm.tool_set_by_id(name=former)


CLASSES = (PIX2VERTEX_OT_show_pins, PIX2VERTEX_OT_hide_pins, PIX2VERTEX_OT_reset_pins, PIX2VERTEX_OT_refit)
