"""The 68 landmarks of a face as pins that the artist moves with Blender's own tools.

A pin is an empty, a child of the face, on the line of sight of its landmark and a little in front of it: whatever moves
objects moves it, and undo, saving and scripts work as for any object. Only where it is seen in the photo counts.
"""

from typing import TYPE_CHECKING

import bpy
import numpy as np
from numpy.typing import NDArray

from .axes import from_blender, to_blender
from .expressions import photo_coordinates
from .mesh_object import mesh_coordinates
from .record import store_record

if TYPE_CHECKING:
    from ...exchange.result import Reconstruction

COLLECTION_NAME = "Landmark Pins"

#: The custom properties of a pin: the number of its landmark, where it was put (metres in the face's space), and
#: whether that is where the artist wants it (1) or where the mesh has it (0).
LANDMARK = "pix2vertex_landmark"
PLACE = "pix2vertex_place"
PINNED = "pix2vertex_pinned"

#: The landmarks in iBUG's order, by the part of the face; right and left are the person's.
_PARTS = (
    ("Jaw", 17),
    ("Right Brow", 5),
    ("Left Brow", 5),
    ("Nose Bridge", 4),
    ("Nostrils", 5),
    ("Right Eye", 6),
    ("Left Eye", 6),
    ("Outer Lips", 12),
    ("Inner Lips", 8),
)
LANDMARK_NAMES = tuple(f"{part} {number}" for part, count in _PARTS for number in range(1, count + 1))

_SIZE = 0.0018
#: Millimetres by which pins stand in front of the skin.
_IN_FRONT = 4.0
#: Pixels of the photo by which a pin counts as moved.
_MOVED = 0.02


def pins_of(face: bpy.types.Object) -> list[bpy.types.Object]:
    """The pins that a face has, in the order of the landmarks."""
    return sorted((child for child in face.children if LANDMARK in child), key=lambda pin: pin[LANDMARK])


def show_pins(face: bpy.types.Object, record: "Reconstruction", context: bpy.types.Context) -> list[bpy.types.Object]:
    """Add the pins that a face lacks and put all in their places; a pin that the artist has moved stays."""
    pins = current_pins(face, record)
    present = {pin[LANDMARK] for pin in pins_of(face)}
    collection = _collection(context.scene)
    for landmark, name in enumerate(LANDMARK_NAMES):
        if landmark not in present:
            collection.objects.link(_new_pin(face, landmark, name))
    place_pins(face, record.with_view(pins=pins))
    return pins_of(face)


def place_pins(face: bpy.types.Object, record: "Reconstruction") -> None:
    """Put the pins of a face where the record has pinned its landmarks, or else where the mesh has them."""
    points = _on_the_mesh(face, record)
    pixels = record.view.frame.to_photo(points)
    for pin in pins_of(face):
        landmark = pin[LANDMARK]
        pinned = bool(np.isfinite(record.view.pins[landmark]).all())
        pixel = record.view.pins[landmark] if pinned else pixels[landmark]
        _put(pin, record, pixel, points[landmark, 2], pinned)


def hide_pins(face: bpy.types.Object, record: "Reconstruction") -> None:
    """Delete the pins of a face; where the artist has put them is kept in the face's record."""
    pins = current_pins(face, record)
    if not np.array_equal(pins, record.view.pins, equal_nan=True):
        store_record(face, record.with_view(pins=pins))
    for pin in pins_of(face):
        bpy.data.objects.remove(pin)
    collection = bpy.data.collections.get(COLLECTION_NAME)
    if collection is not None and not collection.all_objects and collection.library is None:
        bpy.data.collections.remove(collection)


def current_pins(face: bpy.types.Object, record: "Reconstruction") -> NDArray[np.float64]:
    """Where the artist wants landmarks, (68, 2) in photo pixels, NaN for those that follow the mesh.

    Pins count where they are now; where there is none, what the record says.
    """
    pins, frame = record.view.pins.copy(), record.view.frame
    present = pins_of(face)
    if not present:
        return pins
    places = np.array([pin.matrix_parent_inverse @ pin.location for pin in present])
    now = frame.to_photo(frame.to_camera(from_blender(places)))
    before = frame.to_photo(frame.to_camera(from_blender(np.array([pin[PLACE].to_list() for pin in present]))))
    for pin, pixel, former in zip(present, now, before, strict=True):
        if np.linalg.norm(pixel - former) > _MOVED:
            pins[pin[LANDMARK]] = pixel
        elif not pin[PINNED]:
            pins[pin[LANDMARK]] = np.nan
    return pins


def reset_pins(face: bpy.types.Object, record: "Reconstruction", landmarks: list[int]) -> None:
    """Put pins where the landmarks were found automatically; their landmarks follow the mesh again."""
    automatic = np.array(record.report.automatic_landmarks_68)
    depths = _on_the_mesh(face, record)[:, 2]
    for pin in pins_of(face):
        if pin[LANDMARK] in landmarks:
            _put(pin, record, automatic[pin[LANDMARK]], depths[pin[LANDMARK]], pinned=False)


def _new_pin(face: bpy.types.Object, landmark: int, name: str) -> bpy.types.Object:
    pin = bpy.data.objects.new(name, None)
    pin.empty_display_type = "SPHERE"
    pin.empty_display_size = _SIZE
    pin.show_in_front = True
    pin.lock_rotation = pin.lock_scale = (True, True, True)
    pin.parent = face
    pin[LANDMARK], pin[PLACE], pin[PINNED] = landmark, [0.0, 0.0, 0.0], 0
    return pin


def _put(
    pin: bpy.types.Object, record: "Reconstruction", pixel: NDArray[np.floating], depth: float, pinned: bool
) -> None:
    """Put a pin on the line of sight of a photo pixel, in front of a depth in millimetres."""
    frame = record.view.frame
    point = frame.camera.unproject(frame.from_photo(pixel[None]), np.array([depth + _IN_FRONT]))
    [place] = to_blender(frame.to_head(point))
    pin.matrix_parent_inverse.identity()
    pin.location = place
    pin[PLACE], pin[PINNED] = place.tolist(), int(pinned)
    pin.empty_display_type = "CUBE" if pinned else "SPHERE"


def _on_the_mesh(face: bpy.types.Object, record: "Reconstruction") -> NDArray[np.float64]:
    """The landmarks (68, 3) of the face as in the photo, without detail, in millimetres in the camera's axes.

    The vertices of level 0 come first at every level of subdivision.
    """
    from ...template import load_template

    keys = face.data.shape_keys
    seen = photo_coordinates(face, keys.reference_key) if keys is not None else mesh_coordinates(face.data.vertices)
    return record.view.frame.to_camera(load_template().landmark_points(from_blender(seen)))


def _collection(scene: bpy.types.Scene) -> bpy.types.Collection:
    """The pins' collection in a scene."""
    for collection in scene.collection.children_recursive:
        if collection.name.split(".")[0] == COLLECTION_NAME and collection.is_editable:
            return collection
    collection = bpy.data.collections.new(COLLECTION_NAME)
    scene.collection.children.link(collection)
    return collection
