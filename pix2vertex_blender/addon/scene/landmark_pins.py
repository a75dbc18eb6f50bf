"""The 68 landmarks of a face: whether they are shown, and where the artist has pinned them in its photo.

They are pins of the face like those anywhere on it (`face_points`), only that Refit knows them by their number. In
files of earlier versions each pin is an empty, a child of the face; what is done first with the pins makes them ours.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import bpy
import numpy as np
from numpy.typing import NDArray

from ...errors import SceneError
from .axes import from_blender
from .face_points import LANDMARK_PINS, at_rest, read_points, seen_at, set_points, store_points
from .obstacles import LINKED, is_editable, level_of, obstacle_to_update

if TYPE_CHECKING:
    from ...exchange.result import Reconstruction

#: The custom property of a face whose landmarks are shown.
SHOWN = "pix2vertex_pins_shown"

#: The custom properties of a pin of earlier versions: the number of its landmark, where it was put (metres in the
#: face's space), and whether that is where the artist wants it (1) or where the mesh has it (0); and the collection.
LANDMARK = "pix2vertex_landmark"
PLACE = "pix2vertex_place"
PINNED = "pix2vertex_pinned"
COLLECTION_NAME = "Landmark Pins"

#: Pixels of the photo by which an empty counts as moved.
_MOVED = 0.02


def shows_pins(face: bpy.types.Object) -> bool:
    """Whether the landmarks of a face are shown."""
    return SHOWN in face or any(LANDMARK in child for child in face.children)


def show_pins(face: bpy.types.Object, record: "Reconstruction") -> None:
    """Show the landmarks of a face.

    Raises
    ------
    SceneError
        If the face belongs to another file.
    """
    if not is_editable(face):
        raise SceneError(LINKED.format(name=face.name))
    adopt_pins(face, record)
    face[SHOWN] = True


def hide_pins(face: bpy.types.Object, record: "Reconstruction") -> None:
    """Show the landmarks of a face no longer; those that are pinned stay pinned."""
    adopt_pins(face, record)
    if SHOWN in face:
        del face[SHOWN]


def current_pins(face: bpy.types.Object, record: "Reconstruction") -> NDArray[np.float64]:
    """Where the artist wants landmarks, (68, 2) in photo pixels, NaN for those that follow the mesh."""
    if any(LANDMARK in child for child in face.children):
        return _pins_of_empties(face, record)
    if LANDMARK_PINS not in face.data:
        return record.view.pins.copy()
    points, pins = read_points(face), np.full((68, 2), np.nan)
    known = points.landmarks >= 0
    pins[points.landmarks[known]] = points.pixels[known]
    return pins


def adopt_pins(face: bpy.types.Object, record: "Reconstruction") -> None:
    """Have the pins of a face kept as this version keeps them: those of the record, or the empties of an earlier one.

    The face follows empties that were moved since it was fitted.
    """
    empties = [child for child in face.children if LANDMARK in child]
    known = not empties and LANDMARK_PINS in face.data
    if known or not is_editable(face):
        return
    pins, points = current_pins(face, record), read_points(face)
    for pin in empties:
        bpy.data.objects.remove(pin)
        face[SHOWN] = True
    collection = bpy.data.collections.get(COLLECTION_NAME)
    if empties and collection is not None and not collection.all_objects and collection.library is None:
        bpy.data.collections.remove(collection)
    same = np.linalg.norm(pins[points.landmarks] - points.pixels, axis=1) < _MOVED
    kept = points.without(np.flatnonzero((points.landmarks >= 0) & ~same))
    moved = [each for each in np.flatnonzero(np.isfinite(pins).all(axis=1)) if each not in kept.landmarks]
    if not moved:
        store_points(face, kept)
    elif obstacle_to_update(face, level_of(face)):
        store_points(face, kept.and_(at_rest(moved, pins[moved])))
    else:
        set_points(face, kept.and_(seen_at(face, moved, pins[moved])))


def pin_landmark(face: bpy.types.Object, record: "Reconstruction", landmark: int, pixel: NDArray[np.floating]) -> None:
    """Pin a landmark at a pixel (2,) of the photo; the face follows.

    Raises
    ------
    SceneError
        If the face cannot be changed.
    """
    adopt_pins(face, record)
    points = read_points(face)
    others = points.without(np.flatnonzero(points.landmarks == landmark))
    set_points(face, others.and_(seen_at(face, [landmark], np.asarray(pixel)[None])))


def reset_pins(face: bpy.types.Object, record: "Reconstruction", landmarks: Iterable[int]) -> None:
    """Let landmarks follow the mesh again."""
    adopt_pins(face, record)
    points = read_points(face)
    rest = points.without(np.flatnonzero(np.isin(points.landmarks, [*landmarks])))
    if np.any(points.offsets):
        set_points(face, rest)
    else:
        store_points(face, rest)


def take_pins_of_record(face: bpy.types.Object) -> None:
    """Another photo of a face was chosen: those landmarks are pinned that its record says."""
    if LANDMARK_PINS in face.data:
        del face.data[LANDMARK_PINS]


def _pins_of_empties(face: bpy.types.Object, record: "Reconstruction") -> NDArray[np.float64]:
    """What the empties of an earlier version say, (68, 2) in photo pixels; where there is none, the record."""
    pins, frame = record.view.pins.copy(), record.view.frame
    present = [child for child in face.children if LANDMARK in child]
    places = np.array([pin.matrix_parent_inverse @ pin.location for pin in present])
    now = frame.to_photo(frame.to_camera(from_blender(places)))
    before = frame.to_photo(frame.to_camera(from_blender(np.array([pin[PLACE].to_list() for pin in present]))))
    for pin, pixel, former in zip(present, now, before, strict=True):
        if np.linalg.norm(pixel - former) > _MOVED:
            pins[pin[LANDMARK]] = pixel
        elif not pin[PINNED]:
            pins[pin[LANDMARK]] = np.nan
    return pins
