"""Pins anywhere on a face: the artist drags a point of the mesh, and the face follows while it is dragged.

They are no objects but numbers in a property of the mesh, which undo, saving and copies take along. What they do is the
shaping key `Pins`, so that the basis stays as it was fitted; Refit makes the head anew with the points where they are
seen, and takes the key back to nothing.
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import bpy
import numpy as np
from numpy.typing import NDArray

from ...errors import SceneError
from .axes import from_blender, to_blender
from .face_object import read_provenance
from .face_update import level_of, obstacle_to_update
from .mesh_object import mesh_coordinates, set_mesh_coordinates
from .shaping_keys import add_shaping_key, bring_eyes_and_mouth_along, offset_of, shaping_keys

if TYPE_CHECKING:
    from ...shaping.points import PinnedPoints, Points

POINTS_KEY = "Pins"

#: The custom properties of a face's mesh with its points, and with the pixels of those that it was fitted to.
POINTS, FITTED_POINTS = "pix2vertex_points", "pix2vertex_fitted_points"

OWN_KEY = "{name} has a shape key {key} of its own: rename it to drag points of the face."

#: Photo pixels by which a point may be seen beside where the face was fitted to.
_SAME = 0.05


@dataclass(frozen=True)
class FacePoints:
    """The points of a face.

    Attributes
    ----------
    places : Points
    offsets : (k, 3)
        By how much each is moved from where the fitted face has it, in millimetres in the head's frame.
    pixels : (k, 2)
        Where each is seen in the photo.
    """

    places: "Points"
    offsets: NDArray[np.float64]
    pixels: NDArray[np.float64]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.offsets)

    def without(self, indices: list[int]) -> "FacePoints":
        """All but some."""
        keep = np.delete(np.arange(len(self)), indices)
        places = replace(self.places, corners=self.places.corners[keep], weights=self.places.weights[keep])
        return FacePoints(places, self.offsets[keep], self.pixels[keep])

    def pinned(self) -> "PinnedPoints":
        """As the worker takes them."""
        from ...shaping.points import PinnedPoints

        return PinnedPoints(self.places, self.pixels)


def read_points(face: bpy.types.Object) -> FacePoints:
    """The points of a face."""
    from ...shaping.points import Points

    rows = np.reshape(np.array(face.data.get(POINTS, ()), dtype=np.float64), (-1, 11))
    return FacePoints(Points(rows[:, :3].astype(np.int64), rows[:, 3:6]), rows[:, 6:9], rows[:, 9:])


def store_points(face: bpy.types.Object, points: FacePoints) -> None:
    """Keep points with a face."""
    rows = np.column_stack([points.places.corners, points.places.weights, points.offsets, points.pixels])
    if len(rows):
        face.data[POINTS] = rows.ravel().tolist()
    elif POINTS in face.data:
        del face.data[POINTS]


def has_points_to_fit(face: bpy.types.Object) -> bool:
    """Whether a face has other points than it was fitted to."""
    fitted = np.reshape(np.array(face.data.get(FITTED_POINTS, ()), dtype=np.float64), (-1, 2))
    pixels = read_points(face).pixels
    return fitted.shape != pixels.shape or not np.allclose(fitted, pixels, atol=_SAME)


def settle_points(face: bpy.types.Object, points: FacePoints) -> None:
    """A face was fitted to these points: they are where the basis has them, and the key adds nothing any more."""
    store_points(face, replace(points, offsets=np.zeros_like(points.offsets)))
    if len(points):
        face.data[FITTED_POINTS] = points.pixels.ravel().tolist()
    elif FITTED_POINTS in face.data:
        del face.data[FITTED_POINTS]
    if (key := shaping_keys(face).get(POINTS_KEY)) is not None:
        set_mesh_coordinates(key.data, mesh_coordinates(key.relative_key.data))
        face.data.update()
        bring_eyes_and_mouth_along(face)


def shown_vertices(face: bpy.types.Object) -> NDArray[np.float64]:
    """The vertices of level 0 (c, 3) as all shape keys show them, in millimetres in the head's frame."""
    from ...template import load_template

    count, keys = len(load_template().vertices), face.data.shape_keys
    if keys is None:
        return from_blender(mesh_coordinates(face.data.vertices)[:count])
    shown = mesh_coordinates(keys.reference_key.data)[:count]
    for key in keys.key_blocks:
        if key != keys.reference_key and key.value and not key.mute:
            shown = shown + key.value * offset_of(key)[:count]
    return from_blender(shown)


def pulled_at(face: bpy.types.Object, place: "Points") -> NDArray[np.float64]:
    """By how much (k, 3) the pins of a face have moved points of it, in millimetres."""
    key = shaping_keys(face).get(POINTS_KEY)
    return np.zeros((len(place.corners), 3)) if key is None else place.of(from_blender(offset_of(key)))


class PointDrag:
    """Points of a face that move together while the mouse does.

    Everything that takes time is done here once: the response of the whole head to each point, at the face's level.

    Parameters
    ----------
    face : bpy.types.Object
    points : FacePoints
        All points of the face, those that stay too.

    Raises
    ------
    SceneError
        If the face cannot be changed, has other vertices, or a key `Pins` of the artist's.
    """

    def __init__(self, face: bpy.types.Object, points: FacePoints) -> None:
        from ...shaping.sheet import sheet_for
        from ...template import load_template

        if obstacle := obstacle_to_update(face, level := level_of(face)):
            raise SceneError(obstacle)
        assert level is not None  # which is an obstacle
        nothing = np.zeros_like(load_template().vertices)
        key = shaping_keys(face).get(POINTS_KEY) or add_shaping_key(face, POINTS_KEY, nothing, (0.0, 1.0))
        if key is None:
            raise SceneError(OWN_KEY.format(name=face.name, key=POINTS_KEY))
        key.value = 1.0
        self.points = points
        self._face, self._key = face, key
        self._basis = mesh_coordinates(key.relative_key.data)
        self._level, self._sheet = level, sheet_for(points.offsets)
        self._response = self._respond()
        provenance = read_provenance(face)
        assert provenance is not None  # every face has one
        self._frame = provenance.frame
        self._shown = points.places.of(shown_vertices(face)) - points.offsets

    def move(self, offsets: NDArray[np.floating]) -> None:
        """Have the points moved by offsets (k, 3) from where the fitted face has them."""
        from ...shaping.sheet import sheet_for

        if (sheet := sheet_for(offsets)) != self._sheet:
            self._sheet = sheet
            self._response = self._respond()
        pixels = self._frame.to_photo(self._frame.to_camera(self._shown + offsets))
        moved = np.linalg.norm(offsets - self.points.offsets, axis=1) > 0
        pixels = np.where(moved[:, None], pixels, self.points.pixels)
        self.points = replace(self.points, offsets=np.array(offsets), pixels=pixels)
        set_mesh_coordinates(self._key.data, self._basis + to_blender(self._response @ offsets))
        self._face.data.update()

    def _respond(self) -> NDArray[np.float64]:
        """How far (n, k) each vertex of the face goes with each point."""
        from ...shaping.sheet import PulledSheet
        from ...template.template import carry_with_numpy

        return carry_with_numpy(PulledSheet(self.points.places, self._sheet).response, self._level)

    def end(self) -> None:
        """Keep the points with the face, and have eyes and mouth follow."""
        store_points(self._face, self.points)
        bring_eyes_and_mouth_along(self._face)


def set_points(face: bpy.types.Object, points: FacePoints) -> None:
    """Give a face other points; it follows at once.

    Raises
    ------
    SceneError
        As `PointDrag`.
    """
    drag = PointDrag(face, points)
    drag.move(points.offsets)
    drag.end()
