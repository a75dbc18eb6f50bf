"""A new head comes into view: framed from the front, alone where something would hide it, and as textured as it is.

It is seen without perspective: the view's wide lens, from as near as a head that fills it, makes noses large and hides
ears, and shows what is beside its middle from the side. Where Blender has axis views return to perspective, turning the
view brings that back.

Nothing in the scene is moved, hidden or deleted for it. What is changed of the view is remembered with the head, and
comes back when undo takes the head away again, or the texture for which the view changed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from bpy.app.handlers import persistent
from mathutils import Euler, Vector
from numpy.typing import NDArray

from ..process.preference_values import frames_new_faces
from ..scene.mesh_object import belongs_to_face
from ..scene.reference import Reference
from .free_region import free_rectangle, main_region
from .looks import views_of

#: The share of the free part of the view that the head fills.
_FILLED = 0.9

#: Millimetres of the sensor that Blender's views have, at twice the size of a camera's.
_SENSOR = 72.0

#: Radians by which a head may be turned and still be seen in Blender's own front view.
_UPRIGHT = 1e-4

_SOLID = {"MESH", "CURVE", "CURVES", "SURFACE", "META", "FONT", "VOLUME", "POINTCLOUD", "GPENCIL", "GREASEPENCIL"}


@dataclass
class _Arrival:
    """A head that arrived in a view, and what the view was before.

    Attributes
    ----------
    face : Reference
    area : int
        The address of the view.
    before : dict
        Values by what they are.
    local : bool
        Whether the local view was begun for the head.
    image : str
        The custom property of the head with the image for which the view changed; empty if it was the head itself.
    """

    face: Reference
    area: int
    before: dict[str, Any]
    local: bool = False
    image: str = ""

    @property
    def is_undone(self) -> bool:
        """Whether the head is gone, or its image is."""
        face = self.face.find()
        return face is None or bool(self.image and face.get(self.image) is None)


_arrivals: list[_Arrival] = []
_KEPT = 16


def attach() -> None:
    """Give views back from now on when undo takes their head away."""
    bpy.app.handlers.undo_post.append(_leave_after_undo)


def detach() -> None:
    """Do so no more."""
    _arrivals.clear()
    if _leave_after_undo in bpy.app.handlers.undo_post:
        bpy.app.handlers.undo_post.remove(_leave_after_undo)


def arrive(face: bpy.types.Object, context: bpy.types.Context) -> None:
    """Bring a new face into the view where the artist is, unless the preferences or the mode say otherwise."""
    area = _view_of(context)
    if area is None or not frames_new_faces() or context.mode != "OBJECT":
        return
    view = area.spaces.active
    context.view_layer.update()
    if not face.visible_get():
        return
    arrival = _Arrival(Reference.to(face), area.as_pointer(), _state(view))
    _frame(face, area)
    eyeballs = [child for child in face.children if belongs_to_face(child)]
    if view.local_view is not None:
        for item in (face, *eyeballs):
            item.local_view_set(view, True)
    elif _is_hidden_from_view(face, view, context):
        arrival.local = _begin_local_view([face, *eyeballs], area, context)
    _arrivals.append(arrival)
    del _arrivals[:-_KEPT]


def show_texture(face: bpy.types.Object, image: str, context: bpy.types.Context) -> None:
    """Have the 3D views in solid shading show images, so that a texture is seen without a click.

    Parameters
    ----------
    face : Object
    image : str
        The custom property of the face with the image; undo that takes it away gives the shading back.
    context : Context
    """
    if not frames_new_faces():
        return
    for area in views_of(context.window.screen if context.window is not None else None):
        shading = area.spaces.active.shading
        if shading.type != "SOLID" or shading.color_type in {"TEXTURE", "VERTEX"}:
            continue
        before = {"color_type": shading.color_type}
        _arrivals.append(_Arrival(Reference.to(face), area.as_pointer(), before, image=image))
        shading.color_type = "TEXTURE"
    del _arrivals[:-_KEPT]


def show_in_local_views(items: list[bpy.types.Object], face: bpy.types.Object) -> None:
    """Have objects that belong to a face in every local view that the face is in."""
    for screen in bpy.data.screens:
        for area in views_of(screen):
            view = area.spaces.active
            if view.local_view is not None and face.visible_get(viewport=view):
                for item in items:
                    item.local_view_set(view, True)


def _view_of(context: bpy.types.Context) -> bpy.types.Area | None:
    """The 3D view of the context, or else the largest one of its window."""
    if context.area is not None and context.area.type == "VIEW_3D":
        return context.area
    areas = list(views_of(context.window.screen if context.window is not None else None))
    return max(areas, key=lambda area: area.width * area.height, default=None)


def _state(view: bpy.types.SpaceView3D) -> dict[str, Any]:
    region = view.region_3d
    return {
        "view_perspective": region.view_perspective,
        "view_location": region.view_location.copy(),
        "view_rotation": region.view_rotation.copy(),
        "view_distance": region.view_distance,
        "is_orthographic_side_view": region.is_orthographic_side_view,  # rotates the view, so it comes after that
        "clip_start": view.clip_start,
        "clip_end": view.clip_end,
        "color_type": view.shading.color_type,
    }


def _frame(face: bpy.types.Object, area: bpy.types.Area) -> None:
    """Look at the face from the front, in the middle of what is free of the view."""
    view, region = area.spaces.active, main_region(area)
    _place, rotation, size = face.matrix_world.decompose()
    corners = np.array(face.bound_box)
    width, _depth, height = np.ptp(corners, axis=0) * np.abs(size)
    (left, bottom), (right, top) = free_rectangle(area, region)
    at_unit_distance = _SENSOR / view.lens / max(region.width, region.height)  # a pixel, in the scene's units
    pixel = max(width / (right - left), height / (top - bottom)) / _FILLED
    distance = pixel / at_unit_distance
    turned = rotation @ Euler((np.pi / 2, 0.0, 0.0)).to_quaternion()
    aside = Vector((left + right - region.width, bottom + top - region.height, 0.0)) / 2
    look = view.region_3d
    look.view_perspective = "ORTHO"
    look.is_orthographic_side_view = False
    look.view_rotation = turned
    if abs(rotation.angle) < _UPRIGHT:
        look.is_orthographic_side_view = True
    centre = face.matrix_world @ Vector(corners.mean(axis=0))
    look.view_location = centre - turned @ (aside * distance * at_unit_distance)
    look.view_distance = distance
    view.clip_start = min(view.clip_start, look.view_distance / 100)
    view.clip_end = max(view.clip_end, look.view_distance * 10)


def _is_hidden_from_view(face: bpy.types.Object, view: bpy.types.SpaceView3D, context: bpy.types.Context) -> bool:
    """Whether anything encloses the face, cuts it or stands before it, however far: such a view shows all of that."""
    to_view = view.region_3d.view_rotation.inverted()
    low, high = _extent([to_view @ corner for corner in _corners(face)])
    own = {face, *face.children_recursive}
    for item in context.view_layer.objects:
        solid = item.type in _SOLID and item.display_type not in {"WIRE", "BOUNDS"}
        if item in own or not solid or not item.visible_get(viewport=view):
            continue
        other_low, other_high = _extent([to_view @ corner for corner in _corners(item)])
        if (other_low[:2] < high[:2]).all() and (other_high > low).all():
            return True
    return False


def _corners(item: bpy.types.Object) -> list[Vector]:
    return [item.matrix_world @ Vector(corner) for corner in item.bound_box]


def _extent(points: list[Vector]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    values = np.array(points, dtype=np.float64)
    return values.min(axis=0), values.max(axis=0)


def _begin_local_view(items: list[bpy.types.Object], area: bpy.types.Area, context: bpy.types.Context) -> bool:
    """Have a view show these objects alone; the first one is selected alone afterwards."""
    for item in context.view_layer.objects.selected:
        item.select_set(item in items)
    for item in items:
        item.select_set(True)
    _toggle_local_view(area, context)
    for item in items[1:]:
        item.select_set(False)
    return area.spaces.active.local_view is not None


def _toggle_local_view(area: bpy.types.Area, context: bpy.types.Context) -> None:
    window = context.window or context.window_manager.windows[0]
    with context.temp_override(window=window, area=area, region=main_region(area)):
        bpy.ops.view3d.localview(frame_selected=False)


@persistent
def _leave_after_undo(*_arguments: Any) -> None:
    """Give the views of what undo has taken away back; operators must wait until undo has ended."""
    if any(arrival.is_undone for arrival in _arrivals):
        if bpy.app.background:
            leave_views()
        else:
            bpy.app.timers.register(leave_views, first_interval=0.0)


def leave_views() -> None:
    """Give the views back of heads and textures that do not exist any more."""
    gone = [arrival for arrival in _arrivals if arrival.is_undone]
    for arrival in reversed(gone):
        _arrivals.remove(arrival)
        with _shown_view(arrival.area) as area:
            if area is None:
                continue
            view = area.spaces.active
            if arrival.local and view.local_view is not None:
                _toggle_local_view(area, bpy.context)
            _restore(view, arrival.before)


@contextmanager
def _shown_view(address: int) -> Iterator[bpy.types.Area | None]:
    """The 3D view at an address, in the context of its window; None if it is not shown any more."""
    for window in bpy.context.window_manager.windows:
        for area in views_of(window.screen):
            if area.as_pointer() == address:
                with bpy.context.temp_override(window=window):
                    yield area
                return
    yield None


def _restore(view: bpy.types.SpaceView3D, before: dict[str, Any]) -> None:
    for name, value in before.items():
        if name == "color_type" and view.shading.color_type != "TEXTURE":
            continue  # the artist has chosen another one since
        owner = view if name.startswith("clip_") else view.shading if name == "color_type" else view.region_3d
        setattr(owner, name, value)
