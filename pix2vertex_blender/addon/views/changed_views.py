"""What was changed of a 3D view for a head, or for its texture.

Undo that takes the head or the texture away gives the view back, and redo changes it again.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import bpy
from bpy.app.handlers import persistent

from ..scene.mesh_object import belongs_to_face
from ..scene.reference import Reference
from .free_region import main_region
from .looks import views_of

Values = dict[str, Any]

#: Of how a view looks at the scene; the last one rotates the view, so it comes after the rotation.
_LOOK = ("view_perspective", "view_location", "view_rotation", "view_distance", "is_orthographic_side_view")
_CLIPPING = ("clip_start", "clip_end")


@dataclass(frozen=True)
class ChangedView:
    """A view that was changed for a head.

    Attributes
    ----------
    face : Reference
    area : int
        The address of the view.
    before, after : dict
        What the view was and is, by the names of its properties.
    local : bool
        Whether the local view was begun for the head.
    image : str
        The custom property of the head with the image, or the camera, for which the view changed; empty if it was the
        head itself.
    """

    face: Reference
    area: int
    before: Values
    after: Values = field(default_factory=dict)
    local: bool = False
    image: str = ""

    @property
    def is_undone(self) -> bool:
        """Whether the head is gone, or its image is."""
        face = self.face.find()
        return face is None or bool(self.image and face.get(self.image) is None)


_changed: list[ChangedView] = []
_given_back: list[ChangedView] = []
_KEPT = 16


def attach() -> None:
    """Give views back from now on when undo takes their head away, and change them again when redo brings it."""
    bpy.app.handlers.undo_post.append(_after_undo)
    bpy.app.handlers.redo_post.append(_after_redo)


def detach() -> None:
    """Do so no more."""
    _changed.clear()
    _given_back.clear()
    for handlers, own in ((bpy.app.handlers.undo_post, _after_undo), (bpy.app.handlers.redo_post, _after_redo)):
        if own in handlers:
            handlers.remove(own)


def look_of(view: bpy.types.SpaceView3D) -> Values:
    """How a view looks at the scene, to be remembered."""
    return _read(view, (*_LOOK, *_CLIPPING))


def remember(changed: ChangedView) -> None:
    """Keep what was changed until undo."""
    _changed.append(changed)
    del _changed[:-_KEPT]


def begin_local_view(face: bpy.types.Object, area: bpy.types.Area, context: bpy.types.Context) -> bool:
    """Have a view show a face and what belongs to it alone; the face is selected alone afterwards."""
    children = [child for child in face.children if belongs_to_face(child)]
    for item in context.view_layer.objects.selected:
        item.select_set(item == face or item in children)
    for item in (face, *children):
        item.select_set(True)
    _toggle_local_view(area, context)
    for item in children:
        item.select_set(False)
    return area.spaces.active.local_view is not None


def leave_views() -> None:
    """Give the views back of heads and textures that do not exist any more."""
    for changed in reversed([each for each in _changed if each.is_undone]):
        _changed.remove(changed)
        with _shown_view(changed.area) as area:
            if area is not None:
                _given_back.append(_give_back(changed, area))
    del _given_back[:-_KEPT]


def return_to_views() -> None:
    """Change the views again for heads and textures that exist again."""
    for given in reversed([each for each in _given_back if not each.is_undone]):
        _given_back.remove(given)
        with _shown_view(given.area) as area:
            if area is not None:
                remember(_change_again(given, area))


def _give_back(changed: ChangedView, area: bpy.types.Area) -> ChangedView:
    view = area.spaces.active
    now = _read(view, changed.before)
    if changed.local and view.local_view is not None:
        _toggle_local_view(area, bpy.context)
    if not changed.image or now == changed.after:  # otherwise the artist has chosen another shading since
        _write(view, changed.before)
    return replace(changed, after=now)


def _change_again(given: ChangedView, area: bpy.types.Area) -> ChangedView:
    view = area.spaces.active
    now = _read(view, given.before)
    if given.local and view.local_view is None:
        face = given.face.find()
        assert isinstance(face, bpy.types.Object)  # as it is not undone
        begin_local_view(face, area, bpy.context)
    if not given.image or now == given.before:
        _write(view, given.after)
    return replace(given, before=now)


@persistent
def _after_undo(*_arguments: Any) -> None:
    """Give the views of what undo has taken away back."""
    if any(changed.is_undone for changed in _changed):
        _when_done(leave_views)


@persistent
def _after_redo(*_arguments: Any) -> None:
    """Change the views of what redo has brought again."""
    if any(not given.is_undone for given in _given_back):
        _when_done(return_to_views)


def _when_done(action: Callable[[], None]) -> None:
    """Act when undo or redo has ended, for which operators must wait."""
    if bpy.app.background:
        action()
    else:
        bpy.app.timers.register(action, first_interval=0.0)


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


def _toggle_local_view(area: bpy.types.Area, context: bpy.types.Context) -> None:
    window = context.window or context.window_manager.windows[0]
    with context.temp_override(window=window, area=area, region=main_region(area)):
        bpy.ops.view3d.localview(frame_selected=False)


def _owner(view: bpy.types.SpaceView3D, name: str) -> Any:
    """What of a view has a property."""
    if name in _LOOK:
        return view.region_3d
    return view if name in _CLIPPING else view.shading


def _read(view: bpy.types.SpaceView3D, names: Iterable[str]) -> Values:
    """The properties with these names as they are now."""
    values = {name: getattr(_owner(view, name), name) for name in names}
    return {name: value.copy() if hasattr(value, "copy") else value for name, value in values.items()}


def _write(view: bpy.types.SpaceView3D, values: Values) -> None:
    """Set properties, in their order."""
    if "is_orthographic_side_view" in values:
        view.region_3d.is_orthographic_side_view = False  # or the rotation would be snapped to an axis
    for name, value in values.items():
        setattr(_owner(view, name), name, value)
