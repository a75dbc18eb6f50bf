"""Looks: what the add-on does for a while to views and to a scene's camera, and gives back exactly.

What a look changes is remembered as a layer, with the values that were there before: of views in their screen, of the
camera and the size of renders in their scene, so that all of it is saved with the file. When a look ends that began
last, its values come back; when it ends below another one, they become what that one will give back. A look lasts as
long as what it shows: a face's pins, colours, camera. Undoing or deleting those ends it as well as a click does.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ..scene.landmark_pins import shows_pins
from .fit_view import shows_distances

#: The custom property of screens and scenes with their layers, and of cameras with the name of their look.
LAYERS, LOOK = "pix2vertex_looks", "pix2vertex_look"

PHOTO, PINS, DISTANCES = "photo", "pins", "distances"

#: The custom properties of a face that refer to its cameras, by the look that they are for.
CAMERAS = {PHOTO: "pix2vertex_camera", PINS: "pix2vertex_pins_camera"}

_ORDER = "order"


@dataclass(frozen=True)
class Setting:
    """Something that looks change, as values that a Blender file can hold.

    Attributes
    ----------
    read : callable
        The value in a view or a scene; None if there is none.
    write : callable
        Sets it.
    """

    read: Callable[[Any], Any]
    write: Callable[[Any, Any], None]


def _read_point_of_view(view: bpy.types.SpaceView3D) -> list[Any]:
    region = view.region_3d
    places = [*region.view_location, *region.view_rotation, region.view_distance, region.view_camera_zoom]
    numbers = (*places, *region.view_camera_offset, region.is_orthographic_side_view)
    return [region.view_perspective, " ".join(repr(float(value)) for value in numbers)]


def _write_point_of_view(view: bpy.types.SpaceView3D, value: Iterable[Any]) -> None:
    """Only while the view still looks through a camera, and not through one that the artist has chosen instead.

    A camera that was there before and is there again was brought back by undo, which takes the scene's layers away.
    """
    region, scene = view.region_3d, bpy.context.scene
    chosen = scene.camera is not None and LOOK not in scene.camera and LAYERS in scene
    if region.view_perspective != "CAMERA" or chosen:
        return
    perspective, places = value
    numbers = [float(number) for number in places.split()]
    region.view_perspective = perspective
    region.view_location, region.view_rotation = numbers[:3], numbers[3:7]
    region.view_distance, region.view_camera_zoom, region.view_camera_offset = numbers[7], numbers[8], numbers[9:11]
    region.is_orthographic_side_view = numbers[11:] == [1.0]  # files of earlier versions have no such number


def _shows_colours(view: bpy.types.SpaceView3D) -> bool:
    return bool(view.shading.type == "SOLID" and view.shading.color_type == "VERTEX")


def _write_shading(view: bpy.types.SpaceView3D, value: Iterable[str]) -> None:
    """Only while the colours are still shown: an artist who shades the view otherwise has left them."""
    if _shows_colours(view):
        view.shading.type, view.shading.color_type = value


def _write_camera(scene: bpy.types.Scene, camera: bpy.types.Object | None) -> None:
    """Only if the scene has no other camera by now."""
    if scene.camera is None or LOOK in scene.camera:
        scene.camera = camera
        follow_camera(scene)


def _write_size(scene: bpy.types.Scene, value: Iterable[int]) -> None:
    render = scene.render
    render.resolution_x, render.resolution_y, render.resolution_percentage = value


_VIEW_SETTINGS = {
    "point_of_view": Setting(lambda view: "\n".join(_read_point_of_view(view)),
                             lambda view, text: _write_point_of_view(view, text.split("\n"))),
    "shading": Setting(lambda view: f"{view.shading.type} {view.shading.color_type}",
                       lambda view, text: _write_shading(view, text.split())),
    "xray": Setting(lambda view: int(view.shading.show_xray),
                    lambda view, on: setattr(view.shading, "show_xray", bool(on))),
}  # fmt: skip
_SCENE_SETTINGS = {
    "camera": Setting(lambda scene: scene.camera, _write_camera),
    "size": Setting(lambda scene: [scene.render.resolution_x, scene.render.resolution_y,
                                   scene.render.resolution_percentage], _write_size),
}  # fmt: skip

_CHANGES = {
    PHOTO: ("point_of_view", "camera", "size"),
    PINS: ("point_of_view", "xray", "camera", "size"),
    DISTANCES: ("shading",),
}

#: Whether any screen or scene may have layers, so that Blender's updates cost nothing where there are none.
_anything = True


def attach() -> None:
    """Notice from now on when undoing, deleting or loading has ended a look."""
    for handlers in _handlers():
        handlers.append(_settle_after)
    bpy.app.handlers.load_post.append(_settle_after_load)


def detach() -> None:
    """Notice no more."""
    for handlers in _handlers():
        if _settle_after in handlers:
            handlers.remove(_settle_after)
    if _settle_after_load in bpy.app.handlers.load_post:
        bpy.app.handlers.load_post.remove(_settle_after_load)


def begin_in_view(look: str, area: bpy.types.Area, screen: bpy.types.Screen) -> None:
    """Remember what a look is going to change in a 3D view, unless it has begun there already."""
    _remember(screen, _place_of(area, screen), look, area.spaces.active, _VIEW_SETTINGS)


def begin_in_scene(look: str, scene: bpy.types.Scene) -> None:
    """Remember what a look is going to change in a scene, unless it has begun already."""
    _remember(scene, "scene", look, scene, _SCENE_SETTINGS)


def show_colours(context: bpy.types.Context) -> None:
    """Have the screen's 3D views show the colours of meshes."""
    screen = context.window.screen if context.window is not None else None
    for area in views_of(screen):
        begin_in_view(DISTANCES, area, screen)
        shading = area.spaces.active.shading
        shading.type, shading.color_type = "SOLID", "VERTEX"


def follow_camera(scene: bpy.types.Scene) -> None:
    """Have local views of a scene look through its camera, too, and see what it shows: Blender leaves them out."""
    camera = scene.camera
    for screen in bpy.data.screens:
        for area in views_of(screen) if _scene_of(screen) == scene else ():
            view = area.spaces.active
            if view.local_view is None or view.use_local_camera:
                continue
            if camera is not None and LOOK in camera:
                camera.local_view_set(view, True)  # or its picture is not drawn
            if view.camera != camera:
                view.camera = camera


def settle() -> None:
    """Give back what looks have changed that show nothing any more."""
    global _anything
    _anything = False
    for screen in bpy.data.screens:
        if LAYERS in screen:
            on = {look for look in _CHANGES if _is_on(look, _scene_of(screen))}
            _give_back(screen, lambda place, screen=screen: _view_at(place, screen), on, _VIEW_SETTINGS)
    for scene in bpy.data.scenes:
        if LAYERS in scene and scene.is_editable:
            on = {look for look in _CHANGES if _is_on(look, scene)}
            _give_back(scene, lambda _place, scene=scene: scene, on, _SCENE_SETTINGS)


def views_of(screen: bpy.types.Screen | None) -> Iterator[bpy.types.Area]:
    """The 3D views of a screen."""
    yield from (area for area in (screen.areas if screen is not None else ()) if area.type == "VIEW_3D")


def _remember(
    holder: bpy.types.Screen | bpy.types.Scene, place: str, look: str, changed: Any, settings: dict[str, Setting]
) -> None:
    global _anything
    _anything = True
    if LAYERS not in holder:
        holder[LAYERS] = {}
    places = holder[LAYERS]
    if place not in places:
        places[place] = {}
    layers = places[place]
    values = {name: settings[name].read(changed) for name in _CHANGES[look] if name in settings}
    if look in layers:
        former = layers[look].to_dict()
        above = [other for other, layer in layers.items() if layer[_ORDER] > former[_ORDER]]
        if not above and not (look == DISTANCES and not _shows_colours(changed)):
            return
        _end(layers, look, None, settings)  # it begins anew, above the others
        if above:  # what those leave alone is as this look has made it, and not as it was before
            values |= {name: former.get(name) for name in values if not any(name in _CHANGES[each] for each in above)}
    layers[look] = {
        _ORDER: 1 + max((layer[_ORDER] for layer in layers.values()), default=0),
        **{name: value for name, value in values.items() if value is not None},
    }


def _give_back(
    holder: bpy.types.Screen | bpy.types.Scene,
    find: Callable[[str], Any],
    on: set[str],
    settings: dict[str, Setting],
) -> None:
    """End the looks of a holder that are no longer on, the last one first."""
    global _anything
    places = holder[LAYERS]
    for place in list(places.keys()):
        layers = places[place]
        for look in sorted(layers.keys(), key=lambda name, layers=layers: -layers[name][_ORDER]):
            if look not in on:
                _end(layers, look, find(place), settings)
        if not layers:
            del places[place]
    if places:
        _anything = True
    else:
        del holder[LAYERS]


def _end(layers: Any, look: str, changed: Any, settings: dict[str, Setting]) -> None:
    """Take a layer out: a look above it gives back later what this one would give back now."""
    ended = layers[look].to_dict()
    del layers[look]
    for name in (name for name in _CHANGES[look] if name in settings):
        above = [layer for other, layer in layers.items() if layer[_ORDER] > ended[_ORDER] and name in _CHANGES[other]]
        if not above:
            if changed is not None:
                settings[name].write(changed, ended.get(name))
            continue
        next_one = min(above, key=lambda layer: layer[_ORDER])
        if name in ended:
            next_one[name] = ended[name]
        elif name in next_one:
            del next_one[name]


def _is_on(look: str, scene: bpy.types.Scene) -> bool:
    """Whether a scene holds what a look shows; pins and a photo show the face that they belong to."""
    if look == PINS:
        return any(shows_pins(item) for item in scene.objects)
    if look == DISTANCES:
        return any(shows_distances(item) for item in scene.objects)
    cameras = [camera for camera in cameras_in_use(scene) if camera.get(LOOK) == look]
    return bool(cameras) and any(item.get(CAMERAS[look]) in cameras for item in scene.objects)


def cameras_in_use(scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """The scene's camera, and those that looks will give back to it."""
    layers = scene[LAYERS].get("scene", {}) if LAYERS in scene else {}
    cameras = [scene.camera, *(layer.get("camera") for layer in layers.values())]
    return [camera for camera in cameras if camera is not None and camera.users_scene]


def _scene_of(screen: bpy.types.Screen) -> bpy.types.Scene:
    """The scene that a screen shows, or showed when it was last seen."""
    for window in bpy.context.window_manager.windows:
        if screen in (window.screen, *window.workspace.screens):
            return window.scene
    return bpy.context.scene


def _place_of(area: bpy.types.Area, screen: bpy.types.Screen) -> str:
    return str(next(number for number, other in enumerate(screen.areas) if other == area))


def _view_at(place: str, screen: bpy.types.Screen) -> bpy.types.SpaceView3D | None:
    """The 3D view at a place among the screen's areas; None if the artist has put something else there."""
    area = screen.areas[int(place)] if int(place) < len(screen.areas) else None
    return area.spaces.active if area is not None and area.type == "VIEW_3D" else None


@persistent
def _settle_after(*_arguments: Any) -> None:
    if _anything:
        settle()


@persistent
def _settle_after_load(*_arguments: Any) -> None:
    """A file may have been saved with looks."""
    settle()


def _handlers() -> tuple[list[Any], ...]:
    handlers = bpy.app.handlers
    return handlers.undo_post, handlers.redo_post, handlers.depsgraph_update_post
