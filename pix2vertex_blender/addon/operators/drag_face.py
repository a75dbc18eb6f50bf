"""Drag Face: pins anywhere on the mesh, which the face follows while they are dragged."""

import bpy

from ...errors import Pix2VertexError
from ..scene.face_object import polled_face
from ..scene.landmark_pins import adopt_pins, shows_pins
from ..scene.obstacles import leave_mode
from ..scene.record import read_record
from ..scene.reference import Reference
from ..translations import translate
from ..views.face_dragging import GRIP, FaceDragging
from ..views.free_region import free_rectangle, main_region
from ..views.photo_view import DRAGGED_OPACITY, lay_over_face, shows_photo
from ..views.points_overlay import show_dragged
from ..views.screen import Pixel, Screen
from .polling import poll_face

INSTRUCTIONS = "Drag the face where it shall be; click on a pin to remove it   (Enter or Esc to end, Ctrl Z to undo)"
ONLY_IN_VIEW = "The face can only be dragged in a 3D viewport."

#: The operator that runs, if one does: a second click on the button ends it.
_running: "list[PIX2VERTEX_OT_drag_face]" = []


def is_dragged(face: bpy.types.Object) -> bool:
    """Whether the mouse drags a face at the moment."""
    return any(operator.reference == Reference.to(face) for operator in _running)


def stop_dragging(face: bpy.types.Object, context: bpy.types.Context) -> None:
    """Have the mouse drag a face no longer, if it does."""
    if is_dragged(face):
        _running[0].end(context)


class PIX2VERTEX_OT_drag_face(bpy.types.Operator):
    """Drag the face anywhere over its photo: it follows at once, and pins keep it there. Refit then fits it exactly"""

    bl_idname = "pix2vertex.drag_face"
    bl_label = "Drag Face"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only for faces that can be changed."""
        return poll_face(cls, context)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Look at the face over its photo, and wait for the mouse; a second click ends it."""
        face, area = polled_face(context), context.area
        if is_dragged(face):
            stop_dragging(face, context)
            return {"FINISHED"}
        if area is None or area.type != "VIEW_3D":
            self.report({"ERROR"}, translate(ONLY_IN_VIEW))
            return {"CANCELLED"}
        try:
            leave_mode(face, context)
            adopt_pins(face, read_record(face))
        except Pix2VertexError as error:
            self.report({"ERROR"}, translate(str(error)))
            return {"CANCELLED"}
        if not shows_photo(context.scene) and not shows_pins(face):
            bpy.ops.pix2vertex.show_over_photo()
            lay_over_face(context.scene.camera, DRAGGED_OPACITY)
        from ...shaping.sheet import load_sheet

        load_sheet()  # which takes a moment, and is at hand from then on
        for other in [*_running]:
            other.end(context)
        self.begin(face, area)
        context.workspace.status_text_set(translate(INSTRUCTIONS))
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        """There is no mouse."""
        self.report({"ERROR"}, translate(ONLY_IN_VIEW))
        return {"CANCELLED"}

    def begin(self, face: bpy.types.Object, area: bpy.types.Area) -> None:
        """Show the pins, and be ready for the mouse."""
        self.reference, self._area, self._region = Reference.to(face), area, main_region(area)
        self.dragging = FaceDragging(self.reference.find, self._symmetric)
        show_dragged(self.dragging)
        self._pressed = False
        _running[:] = [self]
        area.tag_redraw()

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Follow the mouse until Enter or Esc; whatever else is done in the window is not disturbed."""
        if self not in _running or self.reference.find() is None:
            self.end(context)
            return {"FINISHED"}
        mouse = (float(event.mouse_x - self._region.x), float(event.mouse_y - self._region.y))
        try:
            return self._handle(context, event, mouse)
        except Pix2VertexError as error:
            self.report({"ERROR"}, translate(str(error)))
            self.end(context)
            return {"CANCELLED"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator."""
        self.end(context)

    def end(self, context: bpy.types.Context) -> None:
        """Wait for the mouse no longer; the pins stay with the face."""
        if self not in _running:
            return
        _running.clear()
        show_dragged(None)
        context.workspace.status_text_set(None)
        self._area.tag_redraw()

    def _handle(self, context: bpy.types.Context, event: bpy.types.Event, mouse: Pixel) -> set[str]:
        self._area.tag_redraw()
        if event.type == "MOUSEMOVE" and self._pressed:
            self.dragging.move(self._screen(), mouse)
            return {"RUNNING_MODAL"}
        if event.type == "LEFTMOUSE" and event.value == "RELEASE" and self._pressed:
            self._pressed = False
            if done := self.dragging.release():
                bpy.ops.ed.undo_push(message=done)
            return {"RUNNING_MODAL"}
        if event.type in {"ESC", "RIGHTMOUSE"} and event.value == "PRESS" and self._pressed:
            self._pressed = False
            self.dragging.cancel()
            return {"RUNNING_MODAL"}
        if not self._in_view(mouse):
            return {"PASS_THROUGH"}
        if event.type in {"ESC", "RET", "NUMPAD_ENTER"} and event.value == "PRESS":
            self.end(context)
            return {"FINISHED"}
        if event.type == "LEFTMOUSE" and event.value == "PRESS":
            grip = GRIP * context.preferences.system.ui_scale
            self._pressed = self.dragging.press(self._screen(), mouse, grip)
            return {"RUNNING_MODAL"}
        return {"PASS_THROUGH"}

    def _screen(self) -> Screen:
        face = self.reference.find()
        assert isinstance(face, bpy.types.Object)
        return Screen.of(face, self._region, self._area.spaces.active.region_3d)

    def _in_view(self, mouse: Pixel) -> bool:
        (left, bottom), (right, top) = free_rectangle(self._area, self._region)
        return left <= mouse[0] <= right and bottom <= mouse[1] <= top

    def _symmetric(self) -> bool:
        face = self.reference.find()
        return face is not None and bool(face.pix2vertex_shape.symmetric)


CLASSES = (PIX2VERTEX_OT_drag_face,)
