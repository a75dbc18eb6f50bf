"""A new head comes into view: framed from the front, alone where something would hide it, and as textured as it is.

It is seen without perspective: the view's wide lens, from as near as a head that fills it, makes noses large and hides
ears, and shows what is beside its middle from the side. Where Blender has axis views return to perspective, turning the
view brings that back.

Nothing in the scene is moved, hidden or deleted for it. What is changed of the view is remembered with the head, or the
texture, for which it was changed (`changed_views`).
"""

import bpy
import numpy as np
from mathutils import Euler, Quaternion, Vector
from numpy.typing import NDArray

from ..process.preference_values import frames_new_faces
from ..scene.mesh_object import belongs_to_face
from ..scene.reference import Reference
from .changed_views import ChangedView, begin_local_view, look_of, remember
from .free_region import free_rectangle, main_region
from .looks import views_of

#: The share of the free part of the view that the head fills.
_FILLED = 0.9

#: Millimetres of the sensor that Blender's views have, at twice the size of a camera's.
_SENSOR = 72.0

#: Radians by which a head may be turned and still be seen in Blender's own front view.
_UPRIGHT = 1e-4

#: The studio light that Blender's views have from the start, in which skin looks brown, and the one by which it shows
#: textures to painters.
_USUAL_LIGHT, _TEXTURE_LIGHT = "Default", "paint.sl"

_SOLID = {"MESH", "CURVE", "CURVES", "SURFACE", "META", "FONT", "VOLUME", "POINTCLOUD", "GPENCIL", "GREASEPENCIL"}


def arrive(face: bpy.types.Object, context: bpy.types.Context) -> None:
    """Bring a new face into the view where the artist is, unless the preferences or the mode say otherwise."""
    area = _view_of(context)
    if area is None or not frames_new_faces() or context.mode != "OBJECT":
        return
    view = area.spaces.active
    context.view_layer.update()
    if not face.visible_get():
        return
    before, local = look_of(view), False
    if view.local_view is not None:
        for item in (face, *(child for child in face.children if belongs_to_face(child))):
            item.local_view_set(view, True)
    elif _is_hidden(face, _from_the_front(face), view, context):
        local = begin_local_view(face, area, context)  # before the view turns, so that leaving it gives that back
    _frame(face, area)
    remember(ChangedView(Reference.to(face), area.as_pointer(), before, local=local))


def show_alone(
    face: bpy.types.Object, camera: bpy.types.Object, area: bpy.types.Area, shown: str, context: bpy.types.Context
) -> None:
    """Have a view that is to look at a face through a camera show it alone, if something would hide it there.

    Parameters
    ----------
    face, camera : Object
    area : Area
    shown : str
        The custom property of the face that is gone when it is not looked at any more; `leave_views` then ends it.
    context : Context
    """
    view = area.spaces.active
    context.view_layer.update()
    rotation = camera.matrix_world.to_quaternion()
    eye = (rotation.inverted() @ camera.matrix_world.translation).z
    if view.local_view is None and context.mode == "OBJECT" and _is_hidden(face, rotation, view, context, eye):
        local = begin_local_view(face, area, context)
        remember(ChangedView(Reference.to(face), area.as_pointer(), {}, local=local, image=shown))


def show_texture(face: bpy.types.Object, image: str, context: bpy.types.Context) -> None:
    """Have the 3D views in solid shading show images, so that a texture is seen without a click, as bright as it is.

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
        after = {"color_type": "TEXTURE"}
        if shading.light == "STUDIO" and shading.studio_light == _USUAL_LIGHT and _has_light(_TEXTURE_LIGHT):
            after["studio_light"] = _TEXTURE_LIGHT
        before = {name: getattr(shading, name) for name in after}
        for name, value in after.items():
            setattr(shading, name, value)
        remember(ChangedView(Reference.to(face), area.as_pointer(), before, after, image=image))


def _has_light(name: str) -> bool:
    """Whether Blender has a studio light of a name."""
    return any(light.type == "STUDIO" and light.name == name for light in bpy.context.preferences.studio_lights)


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


def _from_the_front(face: bpy.types.Object) -> Quaternion:
    """The rotation of a view that looks at a face."""
    return face.matrix_world.to_quaternion() @ Euler((np.pi / 2, 0.0, 0.0)).to_quaternion()


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
    turned = _from_the_front(face)
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


def _is_hidden(
    face: bpy.types.Object,
    rotation: Quaternion,
    view: bpy.types.SpaceView3D,
    context: bpy.types.Context,
    eye: float = np.inf,
) -> bool:
    """Whether anything encloses the face, cuts it or stands before it.

    `rotation` is that of the view, and `eye` says how far towards it things are seen: without perspective, all are.
    """
    to_view = rotation.inverted()
    low, high = _extent([to_view @ corner for corner in _corners(face)])
    own = {face, *face.children_recursive}
    for item in context.view_layer.objects:
        solid = item.type in _SOLID and item.display_type not in {"WIRE", "BOUNDS"}
        if item in own or not solid or not item.visible_get(viewport=view):
            continue
        other_low, other_high = _extent([to_view @ corner for corner in _corners(item)])
        if (other_low < [*high[:2], eye]).all() and (other_high > low).all():
            return True
    return False


def _corners(item: bpy.types.Object) -> list[Vector]:
    return [item.matrix_world @ Vector(corner) for corner in item.bound_box]


def _extent(points: list[Vector]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    values = np.array(points, dtype=np.float64)
    return values.min(axis=0), values.max(axis=0)
