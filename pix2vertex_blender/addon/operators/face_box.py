"""Draw Face Box: the photo over the viewport, and a box on it to drag."""

import bpy

from ..process.photo_search import search_of
from ..properties.scene import found_box
from ..translations import translate
from ..views.box_editing import NEW, Frame, dragged, grip_at
from ..views.free_region import free_rectangle, main_region
from ..views.photo_overlay import PhotoOverlay

INSTRUCTIONS = "Drag a box around the face, or the box and its sides   (Enter to take it, Esc to leave it as it was)"
NOT_READY = "The photo is not read yet"
_GRIP_PIXELS = 10.0
_SMALLEST_BOX = 32


class PIX2VERTEX_OT_draw_face_box(bpy.types.Operator):
    """Show the photo over the viewport and drag a box around the face, from the forehead to the chin"""

    bl_idname = "pix2vertex.draw_face_box"
    bl_label = "Draw Face Box"
    bl_options = {"UNDO"}

    box: bpy.props.IntVectorProperty(
        name="Face Box",
        description="Left, top, width and height of the face in pixels of the photo",
        size=4,
        options={"SKIP_SAVE"},
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Only once the photo has been read."""
        search = search_of(context.scene.pix2vertex)
        if search is None or search.size == (0, 0):
            cls.poll_message_set(translate(NOT_READY))
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Show the photo in the viewport to which the sidebar belongs."""
        area = context.area
        if area is None or area.type != "VIEW_3D":
            self.report({"ERROR"}, translate("The box can only be drawn in a 3D viewport."))
            return {"CANCELLED"}
        settings = context.scene.pix2vertex
        search = search_of(settings)
        assert search is not None and search.pixels is not None
        region = main_region(area)
        left, top, width, height = settings.face_box if settings.use_face_box else found_box(settings)
        frame = Frame.fitted(*free_rectangle(area, region), search.size)
        self._area, self._region = area, region
        self._overlay = PhotoOverlay(region, frame, search.pixels, (left, top, width, height))
        self._grip: str | None = None
        context.workspace.status_text_set(translate(INSTRUCTIONS))
        context.window_manager.modal_handler_add(self)
        area.tag_redraw()
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        """Follow the mouse until Enter or Esc."""
        if event.type in {"ESC", "RIGHTMOUSE"} and event.value == "PRESS":
            self._end(context)
            return {"CANCELLED"}
        if event.type in {"RET", "NUMPAD_ENTER"} and event.value == "PRESS":
            self.box = [round(value) for value in self._overlay.box]
            self._end(context)
            return self.execute(context)
        point = self._overlay.frame.to_photo(event.mouse_x - self._region.x, event.mouse_y - self._region.y)
        if event.type == "LEFTMOUSE" and event.value == "PRESS":
            tolerance = _GRIP_PIXELS / self._overlay.frame.scale
            self._grip = grip_at(self._overlay.box, point, tolerance)
            self._start, self._before = point, self._overlay.box
        elif event.type == "LEFTMOUSE" and event.value == "RELEASE":
            self._release()
        elif event.type == "MOUSEMOVE" and self._grip is not None:
            size = self._overlay.frame.photo_size
            self._overlay.box = dragged(self._before, self._grip, self._start, point, size)
        self._area.tag_redraw()
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Make the box the scene's."""
        settings = context.scene.pix2vertex
        if search := search_of(settings):
            search.skip()
        settings.face_box = self.box
        settings.use_face_box = True
        return {"FINISHED"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator."""
        self._end(context)

    def _release(self) -> None:
        """End a drag; a new box that is too small for a face was a slip of the hand."""
        if self._grip == NEW and min(self._overlay.box[2:]) < _SMALLEST_BOX:
            self._overlay.box = self._before
        self._grip = None

    def _end(self, context: bpy.types.Context) -> None:
        self._overlay.remove()
        context.workspace.status_text_set(None)
        self._area.tag_redraw()


CLASSES = (PIX2VERTEX_OT_draw_face_box,)
