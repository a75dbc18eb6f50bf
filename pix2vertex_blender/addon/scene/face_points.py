"""Pins anywhere on a face: the artist drags a point of the mesh, and the face follows while it is dragged.

They are no objects but numbers in a property of the mesh, which undo, saving and copies take along. What they do is the
shaping key `Pins`, so that the basis stays as it was fitted; Refit makes the head anew with the points where they are
seen, and takes the key back to nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import bpy
import numpy as np
from numpy.typing import NDArray

from ...errors import SceneError
from .axes import from_blender, to_blender
from .face_object import FITTED_PINS, read_provenance
from .mesh_object import mesh_coordinates, set_mesh_coordinates
from .obstacles import level_of, obstacle_to_update
from .shaping_keys import add_shaping_key, bring_eyes_and_mouth_along, offset_of, shaping_keys

if TYPE_CHECKING:
    from ...shaping.points import PinnedPoints, Points

POINTS_KEY = "Pins"

#: The custom properties of a face's mesh with its points, and with the pixels of those that it was fitted to.
POINTS, FITTED_POINTS = "pix2vertex_points", "pix2vertex_fitted_points"

#: The custom property of a face's mesh with the landmarks among its points; where it is missing, those are pinned that
#: the face was fitted to.
LANDMARK_PINS = "pix2vertex_landmark_pins"

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
    landmarks : (k,) int
        Which of the 68 landmarks each is; -1 for a point anywhere else.
    """

    places: "Points"
    offsets: NDArray[np.float64]
    pixels: NDArray[np.float64]
    landmarks: NDArray[np.int64]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.offsets)

    def without(self, indices: NDArray[np.integer]) -> "FacePoints":
        """All but some."""
        return self._chosen(np.delete(np.arange(len(self)), indices))

    def and_(self, others: "FacePoints") -> "FacePoints":
        """These and, behind them, others."""
        places = replace(
            self.places,
            corners=np.concatenate([self.places.corners, others.places.corners]),
            weights=np.concatenate([self.places.weights, others.places.weights]),
        )
        return FacePoints(
            places,
            np.concatenate([self.offsets, others.offsets]),
            np.concatenate([self.pixels, others.pixels]),
            np.concatenate([self.landmarks, others.landmarks]),
        )

    @property
    def anywhere(self) -> "FacePoints":
        """Those that are no landmarks."""
        return self._chosen(np.flatnonzero(self.landmarks < 0))

    def pinned(self) -> "PinnedPoints":
        """Those that are no landmarks, as the worker takes them."""
        from ...shaping.points import PinnedPoints

        return PinnedPoints(self.anywhere.places, self.anywhere.pixels)

    def _chosen(self, keep: NDArray[np.integer]) -> "FacePoints":
        places = replace(self.places, corners=self.places.corners[keep], weights=self.places.weights[keep])
        return FacePoints(places, self.offsets[keep], self.pixels[keep], self.landmarks[keep])


def read_points(face: bpy.types.Object) -> FacePoints:
    """The points of a face, and behind them its pinned landmarks."""
    from ...shaping.points import Points

    rows = np.reshape(np.array(face.data.get(POINTS, ()), dtype=np.float64), (-1, 11))
    places = Points(rows[:, :3].astype(np.int64), rows[:, 3:6])
    anywhere = FacePoints(places, rows[:, 6:9], rows[:, 9:], np.full(len(rows), -1))
    return anywhere.and_(_read_landmarks(face))


def _read_landmarks(face: bpy.types.Object) -> FacePoints:
    """The pinned landmarks of a face."""
    if LANDMARK_PINS in face.data:
        rows = np.reshape(np.array(face.data[LANDMARK_PINS], dtype=np.float64), (-1, 6))
        landmarks = rows[:, 0].astype(np.int64)
        return FacePoints(_places_of(landmarks), rows[:, 1:4], rows[:, 4:], landmarks)
    fitted = np.reshape(np.array(face.data.get(FITTED_PINS, ()), dtype=np.float64), (-1, 2))
    landmarks = np.flatnonzero(np.isfinite(fitted).all(axis=1))
    places = _places_of(landmarks)
    return FacePoints(places, pulled_at(face, places), fitted[landmarks], landmarks)


def _places_of(landmarks: Sequence[int] | NDArray[np.integer]) -> "Points":
    """Landmarks as points of the head."""
    from ...shaping.landmarks import landmark_points

    return landmark_points().chosen(landmarks)


def store_points(face: bpy.types.Object, points: FacePoints) -> None:
    """Keep points with a face."""
    anywhere, landmarks = points.anywhere, points._chosen(np.flatnonzero(points.landmarks >= 0))
    rows = np.column_stack([anywhere.places.corners, anywhere.places.weights, anywhere.offsets, anywhere.pixels])
    if len(rows):
        face.data[POINTS] = rows.ravel().tolist()
    elif POINTS in face.data:
        del face.data[POINTS]
    pinned = np.column_stack([landmarks.landmarks, landmarks.offsets, landmarks.pixels])
    face.data[LANDMARK_PINS] = pinned.ravel().tolist()


def seen_at(
    face: bpy.types.Object, landmarks: Sequence[int] | NDArray[np.integer], pixels: NDArray[np.floating]
) -> FacePoints:
    """Landmarks of a face, moved so that they are seen at pixels (k, 2) of its photo, as far away as they are."""
    provenance, places = read_provenance(face), _places_of(landmarks)
    assert provenance is not None  # every face has one
    frame, shown = provenance.frame, places.of(shown_vertices(face))
    depths = frame.to_camera(shown)[:, 2]
    wanted = frame.to_head(frame.camera.unproject(frame.from_photo(pixels), depths))
    offsets = pulled_at(face, places) + wanted - shown
    return FacePoints(places, offsets, np.array(pixels, dtype=np.float64), np.array(landmarks, dtype=np.int64))


def at_rest(landmarks: Sequence[int] | NDArray[np.integer], pixels: NDArray[np.floating]) -> FacePoints:
    """Landmarks that are seen at pixels (k, 2) of the photo because the face was made so."""
    numbers = np.array(landmarks, dtype=np.int64)
    nothing = np.zeros((len(numbers), 3))
    return FacePoints(_places_of(numbers), nothing, np.array(pixels, dtype=np.float64).reshape(-1, 2), numbers)


def rest_on_landmarks(face: bpy.types.Object) -> None:
    """A face was made with its landmarks at the record's pins: the key `Pins` adds only what other points pull."""
    fitted = np.reshape(np.array(face.data[FITTED_PINS], dtype=np.float64), (-1, 2))
    landmarks = np.flatnonzero(np.isfinite(fitted).all(axis=1))
    points = read_points(face).anywhere.and_(at_rest(landmarks, fitted[landmarks]))
    if POINTS_KEY in shaping_keys(face):
        set_points(face, points)
    else:
        store_points(face, points)


def has_points_to_fit(face: bpy.types.Object) -> bool:
    """Whether a face has other points than it was fitted to."""
    fitted = np.reshape(np.array(face.data.get(FITTED_POINTS, ()), dtype=np.float64), (-1, 2))
    pixels = read_points(face).anywhere.pixels
    return fitted.shape != pixels.shape or not np.allclose(fitted, pixels, atol=_SAME)


def settle_points(face: bpy.types.Object, points: FacePoints) -> None:
    """A face was fitted to these points: they are where the basis has them, and the key adds nothing any more."""
    store_points(face, replace(points, offsets=np.zeros_like(points.offsets)))
    if len(points.anywhere):
        face.data[FITTED_POINTS] = points.anywhere.pixels.ravel().tolist()
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
