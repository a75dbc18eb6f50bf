"""What the mouse does with a face: press on it, drag, let go."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import bpy
import numpy as np
from numpy.typing import NDArray

from ..scene.face_object import read_provenance
from ..scene.face_points import FacePoints, PointDrag, pulled_at, read_points, set_points, shown_vertices
from ..scene.landmark_pins import shows_pins
from .screen import Pixel, Screen

if TYPE_CHECKING:
    from ...shaping.points import Points

#: Pixels within which a pin is meant, and up to which a press without a motion is a click.
GRIP, CLICK = 10.0, 3.0

#: What a press became, as undo names it; and nothing.
ADDED, MOVED, REMOVED, NOTHING = "Add Pin", "Drag Pin", "Remove Pin", ""


@dataclass
class _Press:
    """A pressed mouse button.

    Attributes
    ----------
    drag : PointDrag
    index, twin : int
        The point under the mouse, and the one on the other side that moves likewise; -1 if none does.
    is_new : bool
        Whether the press has made the point.
    mouse : tuple of float
        Where it began.
    start : (3,)
        Where the point was seen then, in millimetres.
    before : (k, 3)
        The points' offsets then.
    moved : bool
    """

    drag: PointDrag
    index: int
    twin: int
    is_new: bool
    mouse: Pixel
    start: NDArray[np.float64]
    before: NDArray[np.float64]
    moved: bool = False


class FaceDragging:
    """Drags points of a face, and its landmarks where they are shown.

    Parameters
    ----------
    find_face : callable
        The face, which undo may have replaced since; None if it is gone.
    symmetric : callable
        Whether both sides of the face are to move alike.
    """

    def __init__(self, find_face: Callable[[], bpy.types.Object | None], symmetric: Callable[[], bool]) -> None:
        self._find_face, self._symmetric = find_face, symmetric
        self._press: _Press | None = None

    @property
    def face(self) -> bpy.types.Object | None:
        """The face; None if it is gone."""
        return self._find_face()

    def places(self, screen: Screen) -> NDArray[np.float64]:
        """Where the pins are seen (k, 3), as `Screen.project` says."""
        face = self._find_face()
        points = self._points(face)
        if face is None or points is None or not len(points):
            return np.zeros((0, 3))
        return screen.project(points.places.of(shown_vertices(face)))

    def free_places(self, screen: Screen) -> NDArray[np.float64]:
        """Where the landmarks are seen (k, 3) that are not pinned; none if the face's landmarks are not shown."""
        face = self._find_face()
        points = self._points(face)
        if face is None or points is None or not shows_pins(face):
            return np.zeros((0, 3))
        return screen.project(_free_landmarks(points)[1].of(shown_vertices(face)))

    def press(self, screen: Screen, mouse: Pixel, grip: float = GRIP) -> bool:
        """Begin with the pin or the shown landmark under the mouse, or with a new pin where the mesh is.

        Returns False where there is nothing.

        Raises
        ------
        SceneError
            If the face cannot be dragged.
        """
        face = self._find_face()
        if face is None:
            return False
        shown = shown_vertices(face)
        points = read_points(face)
        index = _nearest(screen, points.places, shown, mouse, grip)
        is_new = index < 0
        if is_new:
            place = self._new_place(screen, face, points, shown, mouse, grip)
            if place is None:
                return False
            points, index = _with_point(face, points, *place, shown)
        points, twin = _with_twin(face, points, index, shown) if self._symmetric() else (points, -1)
        start = points.places.of(shown)[index]
        self._press = _Press(PointDrag(face, points), index, twin, is_new, mouse, start, points.offsets)
        return True

    def move(self, screen: Screen, mouse: Pixel) -> bool:
        """Have the pressed point follow the mouse; returns whether anything has moved."""
        press = self._press
        if press is None:
            return False
        shift = mouse[0] - press.mouse[0], mouse[1] - press.mouse[1]
        if not press.moved and np.hypot(*shift) < CLICK:
            return False
        press.moved = True
        step = screen.beside(press.start, shift) - press.start
        if press.twin == press.index:
            step[0] = 0.0
        offsets = press.before.copy()
        offsets[press.index] += step
        if press.twin not in (-1, press.index):
            offsets[press.twin] += step * (-1.0, 1.0, 1.0)
        press.drag.move(offsets)
        return True

    def cancel(self) -> None:
        """End a drag as if it had never begun."""
        press, self._press = self._press, None
        face = self._find_face()
        if press is not None and face is not None:
            set_points(face, read_points(face))

    def release(self) -> str:
        """End: what the press became, ADDED, MOVED, REMOVED or NOTHING. A click on a pin removes it and its twin."""
        press, self._press = self._press, None
        face = self._find_face()
        if press is None or face is None:
            return NOTHING
        if press.moved or press.is_new:
            if not press.moved:
                press.drag.move(press.drag.points.offsets)
            press.drag.end()
            return MOVED if press.moved and not press.is_new else ADDED
        both = sorted({index for index in (press.index, press.twin) if index >= 0})
        set_points(face, press.drag.points.without(np.array(both)))
        return REMOVED

    def _points(self, face: bpy.types.Object | None) -> FacePoints | None:
        """The points as they are now, also during a drag."""
        if self._press is not None:
            return self._press.drag.points
        return read_points(face) if face is not None else None

    @staticmethod
    def _new_place(
        screen: Screen,
        face: bpy.types.Object,
        points: FacePoints,
        shown: NDArray[np.float64],
        mouse: Pixel,
        grip: float,
    ) -> "tuple[Points, int] | None":
        """The landmark under the mouse that is free so far, and its number, or the place of the mesh and -1."""
        from ...geometry.mesh import triangulate
        from ...shaping.points import Points
        from ...template import load_template

        if shows_pins(face):
            numbers, places = _free_landmarks(points)
            if (nearest := _nearest(screen, places, shown, mouse, grip)) >= 0:
                return places.chosen([nearest]), int(numbers[nearest])
        hit = screen.under(shown, triangulate(load_template().faces), mouse)
        return (Points(hit[0][None], hit[1][None]), -1) if hit is not None else None


def _nearest(screen: Screen, places: "Points", shown: NDArray[np.float64], mouse: Pixel, grip: float) -> int:
    """The place under the mouse; -1 if there is none."""
    if not len(places.corners):
        return -1
    seen = screen.project(places.of(shown))
    distance = np.nan_to_num(np.linalg.norm(seen[:, :2] - mouse, axis=1), nan=np.inf)
    return int(distance.argmin()) if distance.min() < grip else -1


def _free_landmarks(points: FacePoints) -> "tuple[NDArray[np.int64], Points]":
    """The landmarks (k,) that are not among some points, and where they are."""
    from ...shaping.landmarks import landmark_points

    numbers = np.setdiff1d(np.arange(68), points.landmarks)
    return numbers, landmark_points().chosen(numbers)


def _with_point(
    face: bpy.types.Object, points: FacePoints, place: "Points", landmark: int, shown: NDArray[np.float64]
) -> tuple[FacePoints, int]:
    """Points and one more, where the face is seen now; also its index."""
    provenance = read_provenance(face)
    assert provenance is not None  # every face has one
    pixel = provenance.frame.to_photo(provenance.frame.to_camera(place.of(shown)))
    added = FacePoints(place, pulled_at(face, place), pixel, np.array([landmark]))
    return points.and_(added), len(points)


def _with_twin(
    face: bpy.types.Object, points: FacePoints, index: int, shown: NDArray[np.float64]
) -> tuple[FacePoints, int]:
    """Points with the mirror image of one among them, and its index, which is the same for a point in the middle."""
    from ...shaping.landmarks import landmark_points, mirrored_landmarks
    from ...shaping.points import Points
    from ...template import load_template

    if (landmark := points.landmarks[index]) >= 0:
        other = int(mirrored_landmarks()[landmark])
        there = np.flatnonzero(points.landmarks == other)
        return (
            (points, int(there[0]))
            if len(there)
            else _with_point(face, points, landmark_points().chosen([other]), other, shown)
        )
    corners = load_template().mirror[points.places.corners[index]]
    weights = points.places.weights[index]
    for other, known in enumerate(points.places.corners):
        if points.landmarks[other] < 0 and set(known.tolist()) == set(corners.tolist()):
            order = [known.tolist().index(corner) for corner in corners.tolist()]
            if np.allclose(points.places.weights[other][order], weights, atol=0.25):
                return points, other
    return _with_point(face, points, Points(corners[None], weights[None]), -1, shown)
